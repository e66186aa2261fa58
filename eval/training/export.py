"""From torch to the files that the program reads: an int8 ONNX model, its tokenizer, and a card.

int8 is onnxruntime's dynamic quantisation, a scale a column (`per_channel`), in 7 bits (`reduce_range`),
since sums of 8 bits overflow on processors without VNNI.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from eval.training.network import Network

NAMES = ("start", "end", "answers", "support")


class _Forward(nn.Module):  # type: ignore[misc]  # torch is not analysed
    def __init__(self, reader: Network) -> None:
        super().__init__()
        self.reader = reader

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor
    ) -> tuple[Tensor, ...]:
        return tuple(self.reader(input_ids, attention_mask, token_type_ids))


def export(reader: Network, tokenizer: Path, folder: Path) -> str:
    """Writes `model.onnx` and `tokenizer.json` into `folder`; returns the model's sha256."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        whole = Path(made) / "float.onnx"
        write_float(reader, whole)
        quantize_dynamic(
            whole, folder / "model.onnx", weight_type=QuantType.QInt8, per_channel=True, reduce_range=True
        )
    shutil.copyfile(tokenizer, folder / "tokenizer.json")
    return hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()


def write_float(reader: Network, path: Path) -> None:
    """The graph at full precision, for any number of rows and tokens."""
    rows, tokens = torch.export.Dim("rows"), torch.export.Dim("tokens")
    # Three tensors of their own: one given twice would be exported as one input.
    example = tuple(torch.full((2, 16), value, dtype=torch.long) for value in (100, 1, 0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _Forward(reader).eval(),
            example,
            path,
            dynamo=True,
            input_names=["input_ids", "attention_mask", "token_type_ids"],
            output_names=list(NAMES),
            dynamic_shapes=({0: rows, 1: tokens},) * 3,
            external_data=False,
            verbose=False,
        )
