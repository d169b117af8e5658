"""The sentence model that the table is fitted to: all-MiniLM-L6-v2 in eight bits, as ONNX."""
import numpy as np
import onnxruntime
from tokenizers import Tokenizer

CLS, SEP = 101, 102
LONGEST = 128
TOKENS_AT_ONCE = 2_048


class Teacher:
    def __init__(self, model: str, tokenizer: Tokenizer):
        options = onnxruntime.SessionOptions()
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.session = onnxruntime.InferenceSession(model, options)
        self.inputs = [one.name for one in self.session.get_inputs()]
        self.tokenizer = tokenizer

    def encode(self, texts: list[str]) -> np.ndarray:
        encoded = self.tokenizer.encode_batch(texts, add_special_tokens=False)
        return self.encode_ids([one.ids for one in encoded])

    def encode_ids(self, texts: list[list[int]]) -> np.ndarray:
        """Unit vectors, the mean over a text's tokens. Texts of about the same length go together."""
        framed = [[CLS, *ids[: LONGEST - 2], SEP] for ids in texts]
        order = sorted(range(len(framed)), key=lambda at: len(framed[at]))
        out = np.zeros((len(framed), 384), np.float32)
        start = 0
        while start < len(order):
            end = start + 1
            while end < len(order) and (end + 1 - start) * len(framed[order[end]]) <= TOKENS_AT_ONCE:
                end += 1
            batch = order[start:end]
            out[batch] = self.run([framed[at] for at in batch])
            start = end
        return out

    def run(self, batch: list[list[int]]) -> np.ndarray:
        ids = np.zeros((len(batch), max(map(len, batch))), np.int64)
        mask = np.zeros_like(ids)
        for at, one in enumerate(batch):
            ids[at, : len(one)], mask[at, : len(one)] = one, 1
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        hidden = self.session.run(None, {name: feed[name] for name in self.inputs})[0]
        if hidden.ndim == 3:
            hidden = (hidden * mask[:, :, None]).sum(1) / mask.sum(1, keepdims=True)
        return hidden / np.linalg.norm(hidden, axis=1, keepdims=True)
