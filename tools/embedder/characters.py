"""Writes api/adapters/embedders/static-characters.ts: what becomes of each character in BERT's uncased tokenizer.

Asks the original, the Rust library behind the PyPI package `tokenizers`, for each of the 1,112,064 code points, and
then compares what the written table gives with the original's answer once more.

    python tools/embedder/characters.py
"""
from pathlib import Path

import tokenizers
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

OUT = Path(__file__).parents[2] / "api/adapters/embedders/static-characters.ts"
POINTS = [point for point in range(0x110000) if not 0xD800 <= point <= 0xDFFF]
SYLLABLES = range(0xAC00, 0xAC00 + 11_172)
NORMALIZER = BertNormalizer(clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=True)
SPLITTER = BertPreTokenizer()


def original(text: str) -> list[str]:
    return [word for word, _ in SPLITTER.pre_tokenize_str(NORMALIZER.normalize_str(text))]


def ask(point: int) -> tuple[str, str | None]:
    """The kind of a character, and what stands in its place where that is something else."""
    character = chr(point)
    words = original("a" + character + "b")
    if words == ["ab"]:
        return "dropped", None
    if words == ["a", "b"]:
        return "space", None
    inside = "".join(words)[1:-1]
    if inside != character:
        return "replaced", inside
    return ("part", None) if len(words) == 1 else ("alone", None)


def jamo(point: int) -> str:
    index = point - SYLLABLES.start
    letters = [0x1100 + index // 588, 0x1161 + index % 588 // 28]
    return "".join(map(chr, letters + ([0x11A7 + index % 28] if index % 28 else [])))


def base36(number: int) -> str:
    digits = ""
    while True:
        number, rest = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[rest] + digits
        if number == 0:
            return digits


def words_by_table(text: str, kinds: dict[int, tuple[str, str | None]]) -> list[str]:
    """What static-words.ts makes of a text."""
    words = [""]
    for character in text:
        kind, inside = kinds[ord(character)]
        for one in inside if inside is not None else character:
            of_one = kinds[ord(one)][0]
            if of_one == "part":
                words[-1] += one
            elif of_one == "space":
                words.append("")
            elif of_one == "alone":
                words += [one, ""]
    return [word for word in words if word]


def runs(kinds: dict[int, tuple[str, str | None]]) -> str:
    """Neighbours of the same kind in one entry. Half a surrogate pair is dropped, as U+FFFD is, which UTF-8 has for it."""
    entries, end, point = [], 0, 0
    letter = {"space": "s", "alone": "a", "dropped": "d"}
    of = lambda point: kinds[point][0] if point in kinds else "dropped"
    while point < 0x110000:
        kind, start = of(point), point
        while point < 0x110000 and of(point) == kind:
            point += 1
        if kind in letter:
            entries.append(f"{letter[kind]}{base36(start - end)}.{base36(point - start)}")
            end = point
    return " ".join(entries)


def folds(kinds: dict[int, tuple[str, str | None]]) -> str:
    entries, before = [], -1
    for point, (kind, inside) in kinds.items():
        if kind == "replaced" and point not in SYLLABLES:
            entries.append(".".join(base36(number) for number in [point - before - 1, *map(ord, inside)]))
            before = point
    return " ".join(entries)


def main() -> None:
    kinds = {point: ask(point) for point in POINTS}
    for point in SYLLABLES:
        assert kinds[point] == ("replaced", jamo(point)), hex(point)
    for point, (kind, inside) in kinds.items():
        assert inside is None or all(kinds[ord(one)][0] != "replaced" for one in inside), hex(point)
        text = "a" + chr(point) + "b"
        assert words_by_table(text, kinds) == original(text), hex(point)
    OUT.write_text(
        f"""/**
 * What becomes of each character in BERT's uncased tokenizer: written by tools/embedder/characters.py, which asked
 * tokenizers {tokenizers.__version__} for each code point and says how to read it. That library has its marks, punctuation and
 * decompositions from older versions of Unicode than its small letters (see tools/embedder/README.md).
 */

/** Runs in base 36: s a space, a a word of its own, d dropped; how far from the end of the run before; how many. */
export const CHARACTER_KINDS =
	'{runs(kinds)}';

/** In base 36: how far from the code point before; the code points that stand in its place. Without the syllables of Korean. */
export const CHARACTER_FOLDS =
	'{folds(kinds)}';
"""
    )
    counted = {kind: sum(one == kind for one, _ in kinds.values()) for kind in ("part", "space", "alone", "dropped", "replaced")}
    print(counted)


if __name__ == "__main__":
    main()
