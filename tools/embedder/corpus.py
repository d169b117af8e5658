"""The texts that the table is fitted to: documentation and a dictionary under permissive licences, from Debian packages.

A row is (source, text). A pair is (source, question, passage): a heading and what stands under it, a sentence and the rest
of its passage, the words of a synset and their gloss.
"""
import hashlib
import random
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path

DOCUMENTATION = {
    "python3.11-doc": 0.75,
    "postgresql-doc-15": 0.75,
    "apache2-doc": 0.75,
    "python-django-doc": 0.75,
    "python-pandas-doc": 0.15,
    "nodejs-doc": 0.6,
    "sqlite3-doc": 0.75,
}
"""By package, the share of its passages that is taken: two of them are much alike in themselves."""
DICTIONARY = "wordnet-base"
MOST_PAIRS = {"python-pandas-doc": 4_000}
HEADINGS = ("h1", "h2", "h3", "h4")
BLOCKS = {"p", "li", "dd", "dt", "td", "pre", "div", "section", *HEADINGS}
SENTENCE = re.compile(r"(?<=[.!?:])\s+|\n{2,}")


def unpack(work: Path) -> None:
    for package in [*DOCUMENTATION, DICTIONARY]:
        target = work / "packages" / package
        if target.exists():
            continue
        target.mkdir(parents=True)
        subprocess.run(["apt-get", "download", package], cwd=target, check=True, stdout=subprocess.DEVNULL)
        archive = next(target.glob("*.deb"))
        subprocess.run(["dpkg-deb", "-x", archive, target], check=True)


class Passages(HTMLParser):
    """The text of a page by the headings above it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.trail: dict[str, str] = {}
        self.passages: list[tuple[list[str], str]] = []
        self.text: list[str] = []
        self.heading: str | None = None
        self.skipped = 0

    def handle_starttag(self, tag, attrs):
        if tag in ("script", "style", "nav", "head"):
            self.skipped += 1
        elif tag in HEADINGS:
            self.end_passage()
            self.heading = tag
        elif tag in BLOCKS:
            self.text.append("\n\n")

    def handle_endtag(self, tag):
        if tag in ("script", "style", "nav", "head"):
            self.skipped = max(0, self.skipped - 1)
        elif tag == self.heading:
            name = re.sub(r"^[\d.]+\s+|[¶#]$", "", " ".join("".join(self.text).split())).strip()
            self.trail = {level: text for level, text in self.trail.items() if level < tag} | {tag: name}
            self.text, self.heading = [], None
        elif tag in BLOCKS:
            self.text.append("\n\n")

    def handle_data(self, data):
        if self.skipped == 0:
            self.text.append(data)

    def end_passage(self):
        words = 0
        passage: list[str] = []
        for block in re.split(r"\n{2,}", "".join(self.text)):
            block = " ".join(block.split())
            if block:
                passage.append(block)
                words += len(block.split())
            if words > 150:
                self.take(passage)
                passage, words = [], 0
        self.take(passage)
        self.text = []

    def take(self, passage: list[str]) -> None:
        text = "\n\n".join(passage)
        if len(text.split()) >= 12:
            self.passages.append(([name for name in self.trail.values() if name], text))


def pages(work: Path, package: str):
    for file in sorted((work / "packages" / package).rglob("*.html*")):
        # apache2-doc names its languages in the ending.
        if file.is_file() and not file.is_symlink() and (file.suffix == ".html" or file.suffix == ".en"):
            reader = Passages()
            reader.feed(file.read_text(errors="replace"))
            reader.end_passage()
            yield from reader.passages


def span(text: str, random: random.Random, least=25, most=60) -> str:
    """Some sentences that follow one another, from the beginning or from anywhere."""
    sentences = [one.strip() for one in SENTENCE.split(text) if one.strip()]
    start = 0 if random.random() < 0.4 else random.randrange(len(sentences))
    out: list[str] = []
    for one in sentences[start:]:
        out += one.split()
        if len(out) >= least:
            break
    return " ".join(out[:most])


def synsets(work: Path):
    """Seven of ten, so that the others can be asked about."""
    folder = next((work / "packages" / DICTIONARY).rglob("data.noun")).parent
    for part in ("noun", "verb", "adj", "adv"):
        for line in (folder / f"data.{part}").read_text(encoding="latin1").splitlines():
            if line.startswith("  ") or " | " not in line:
                continue
            fields, gloss = line.split(" | ", 1)
            parts = fields.split()
            held = int(hashlib.md5((part + parts[0]).encode()).hexdigest(), 16) % 10 >= 7
            if not held:
                count = int(parts[3], 16)
                yield [parts[4 + 2 * at].replace("_", " ").split("(")[0] for at in range(count)], gloss.strip()


def rows_and_pairs(work: Path, seed: int):
    rng = random.Random(seed)
    rows: list[tuple[str, str]] = []
    pairs: list[tuple[str, str, str]] = []
    cut = lambda text: " ".join(text.split()[:75])
    for package, share in DOCUMENTATION.items():
        own: list[tuple[str, str, str]] = []
        for trail, text in pages(work, package):
            prose = sum(one.isalpha() or one == " " for one in text) / len(text)
            if rng.random() < share * (1 if prose > 0.8 else 0.35):
                rows.append((package, span(text, rng)))
            if prose <= 0.7:
                continue
            if trail and 4 <= len(trail[-1]) <= 100:
                joined = trail[-1] if len(trail) == 1 or rng.random() < 0.6 else f"{trail[-2]} {trail[-1]}"
                own.append((package, joined, cut(text)))
            sentences = SENTENCE.split(text)
            at = rng.randrange(len(sentences))
            rest = " ".join(sentences[:at] + sentences[at + 1 :])
            if len(sentences) >= 3 and 5 <= len(sentences[at].split()) <= 30 and rng.random() < 0.35:
                own.append((f"sentence of {package}", sentences[at], cut(rest)))
        rng.shuffle(own)
        pairs += own[: MOST_PAIRS.get(package, 14_000)]
    lemmas: set[str] = set()
    for words, gloss in synsets(work):
        plain = gloss.replace('"', "")
        rows.append((DICTIONARY, f"{', '.join(words[:4])}: {gloss}" if rng.random() < 0.6 else plain))
        pairs.append((DICTIONARY, ", ".join(words[:3]), plain))
        lemmas.update(words)
    rows += [("lemma", one) for one in rng.sample(sorted(lemmas), min(60_000, len(lemmas)))]
    rows = [(source, text) for source, text in rows if len(text) > 2]
    rng.shuffle(rows)
    return rows, pairs
