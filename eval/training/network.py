"""The reader in torch: a BERT encoder with heads for the answer's start and end, for whether the passage
answers the question, and for whether it supports a claim.

It starts from the packaged cross-encoder, ms-marco-MiniLM-L12-v2, whose int8 weights are read back as floats,
or from the packaged all-MiniLM-L6-v2.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from transformers import BertConfig, BertModel

NO_DROPOUT = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
"""Inside the encoder: drawing the random numbers takes a quarter of a step, and few examples are seen
twice."""


class Output(NamedTuple):
    """Logits; `start` and `end` of shape (batch, tokens), `answers` (batch,), `support` (batch, labels)."""

    start: Tensor
    end: Tensor
    answers: Tensor
    support: Tensor


class Network(nn.Module):  # type: ignore[misc]  # torch is not analysed
    """BERT with four heads."""

    def __init__(self, encoder: BertModel, labels: int, dropout: float = 0.1) -> None:
        super().__init__()
        width = encoder.config.hidden_size
        self.encoder = encoder
        self.dropout = nn.Dropout(dropout)
        self.span = nn.Linear(width, 2)
        self.answers = nn.Sequential(
            nn.Linear(width, width), nn.Tanh(), nn.Dropout(dropout), nn.Linear(width, 1)
        )
        self.support = nn.Sequential(
            nn.Linear(width, width), nn.Tanh(), nn.Dropout(dropout), nn.Linear(width, labels)
        )

    def forward(self, ids: Tensor, mask: Tensor, types: Tensor) -> Output:
        hidden = self.encoder(input_ids=ids, attention_mask=mask, token_type_ids=types).last_hidden_state
        hidden = self.dropout(hidden)
        start, end = self.span(hidden).unbind(-1)
        first = hidden[:, 0]
        return Output(start, end, self.answers(first).squeeze(-1), self.support(first))


def from_cross_encoder(folder: Path, labels: int) -> Network:
    """A reader whose encoder is the packaged int8 cross-encoder's, read back as floats."""
    config = BertConfig(
        vocab_size=30522,
        hidden_size=384,
        num_hidden_layers=12,
        num_attention_heads=12,
        intermediate_size=1536,
        **NO_DROPOUT,
    )
    encoder = BertModel(config, add_pooling_layer=False)
    weights = _dequantised(folder / "model.onnx")
    own = {name.removeprefix("bert."): torch.from_numpy(value.copy()) for name, value in weights.items()}
    missing, _ = encoder.load_state_dict(
        {k: v for k, v in own.items() if k in encoder.state_dict()}, strict=False
    )
    if missing:
        raise ValueError(f"{folder} lacks {', '.join(missing)}")
    return Network(encoder, labels)


def from_sentence_encoder(folder: Path, labels: int) -> Network:
    """A reader whose encoder is a sentence-transformers model's."""
    return Network(BertModel.from_pretrained(folder, add_pooling_layer=False, **NO_DROPOUT), labels)


def _dequantised(path: Path) -> dict[str, np.ndarray[Any, np.dtype[np.float32]]]:
    """The floats that an int8 ONNX model stands for, by the names that torch gives them."""
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(path).graph
    stored = {one.name: numpy_helper.to_array(one) for one in graph.initializer}

    def floats(name: str) -> np.ndarray[Any, np.dtype[np.float32]]:
        scale, zero = stored[f"{name}_scale"], stored[f"{name}_zero_point"]
        values = (stored[f"{name}_quantized"].astype(np.float32) - zero.astype(np.float32)) * scale
        return np.ascontiguousarray(values, dtype=np.float32)

    found = {name: value for name, value in stored.items() if value.dtype == np.float32 and value.ndim}
    for name in stored:
        if name.startswith("bert.embeddings.") and name.endswith("_quantized"):
            found[name.removesuffix("_quantized")] = floats(name.removesuffix("_quantized"))
    for node in graph.node:
        if node.op_type == "MatMulInteger" and node.name.startswith("/bert/"):
            module = node.name.removeprefix("/").rsplit("/", 1)[0].replace("/", ".")
            # torch keeps a linear layer's weight as (out, in), ONNX as (in, out).
            found[f"{module}.weight"] = np.ascontiguousarray(
                floats(node.input[1].removesuffix("_quantized")).T
            )
    return found
