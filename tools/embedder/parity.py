"""What the TypeScript must give: token ids and vectors of texts, by the original (PyPI `tokenizers`) and the table.

    python tools/embedder/parity.py                    writes test/adapters/embedders/static-parity.json
    python tools/embedder/parity.py LINES OUT          token ids of each line of a file, a line each
"""
import base64
import json
import struct
import sys
from array import array
from pathlib import Path

from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "api/adapters/embedders/static-en-256-q4.bin"
TEXTS = ROOT / "tools/embedder/parity-texts.json"
OUT = ROOT / "test/adapters/embedders/static-parity.json"


def read_table() -> tuple[list[str], array, bytes, int]:
    data = TABLE.read_bytes()
    count, dimensions, vocabulary = struct.unpack_from("<III", data, 4)
    scales = array("f", data[16 : 16 + 4 * count])
    rows = data[16 + 4 * count : len(data) - vocabulary]
    return data[-vocabulary:].decode().split("\n"), scales, rows, dimensions


VOCABULARY, SCALES, ROWS, DIMENSIONS = read_table()


def original() -> Tokenizer:
    """Without special tokens: a text that says [MASK] means the word."""
    vocabulary = {token: at for at, token in enumerate(VOCABULARY)}
    tokenizer = Tokenizer(WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = BertNormalizer(clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=True)
    tokenizer.pre_tokenizer = BertPreTokenizer()
    return tokenizer


def row(token: int) -> list[float]:
    packed = ROWS[token * DIMENSIONS // 2 : (token + 1) * DIMENSIONS // 2]
    return [SCALES[token] * (half - 8) for both in packed for half in (both & 15, both >> 4)]


def vector(ids: list[int]) -> array:
    total = [0.0] * DIMENSIONS
    for token in ids:
        if VOCABULARY[token] != "[UNK]":
            total = [a + b for a, b in zip(total, row(token))]
    length = sum(number * number for number in total) ** 0.5 or 1.0
    return array("f", [number / length for number in total])


def main() -> None:
    tokenizer = original()
    if len(sys.argv) == 3:
        lines = Path(sys.argv[1]).read_text().split("\n")
        encoded = tokenizer.encode_batch(lines, add_special_tokens=False)
        Path(sys.argv[2]).write_text("\n".join(" ".join(map(str, one.ids)) for one in encoded))
        return
    rows = []
    for text in json.loads(TEXTS.read_text()):
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        rows.append(
            {
                "text": text,
                "ids": " ".join(map(str, ids)),
                "vector": base64.b64encode(vector(ids).tobytes()).decode(),
            }
        )
    OUT.write_text(json.dumps(rows, indent="\t", ensure_ascii=False) + "\n")
    print(len(rows), "texts", OUT.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
