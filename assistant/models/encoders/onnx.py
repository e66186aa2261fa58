"""An ONNX encoder and its tokenizer, run on the CPU without torch.

Rows run separately, several in parallel, and are never padded into batches. Dynamic int8 quantisation takes
its scales from the whole batch, so in a batch a pair's score depends on its neighbours (by up to 0.6 logits
for the packaged reranker, even among rows of equal length). Alone, every row always gives the same numbers,
and no more slowly, because no time goes into padding. Each run uses one thread, because threads that share a
run wait for each other, which halves the speed on a busy machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from assistant.errors import ModelError, mend, reason
from assistant.models.cores import usable_cores
from assistant.models.encoders import optimised

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer

ARITHMETIC = "32 bits"
"""How 8-bit products are added up. Left alone, onnxruntime does so in 16 bits on processors without VNNI
instructions, which overflows: their scores differ by up to 0.6 from those of others. This costs them a fifth
more time, and nobody else."""

REPLACE = "replace that file"

MOST_THREADS = 4
"""Rows run at a time, where there are as many cores."""

Floats = NDArray[np.float32]

Row = str | tuple[str, str]
"""A text, or a pair of texts that are read together."""


def load_tokenizer(path: Path) -> Tokenizer:
    """The tokenizer of a `tokenizer.json`, cleared of the padding and truncation it was saved with.

    Raises ModelError.
    """
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises bare Exception
        raise ModelError(
            f"cannot read the tokenizer {path}: {reason(error)}; {mend(error, REPLACE)}"
        ) from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def cutting(tokenizer: Tokenizer, most: int) -> Tokenizer:
    """One for texts that are cut after `most` tokens; it shares the vocabulary, which is slow to read."""
    from tokenizers import Tokenizer

    short = Tokenizer(tokenizer.model)
    short.normalizer = tokenizer.normalizer
    short.pre_tokenizer = tokenizer.pre_tokenizer
    short.enable_truncation(most)
    return short


class OnnxEncoder:
    """`model.onnx` and `tokenizer.json` of one folder. Deterministic and safe to share between threads."""

    def __init__(
        self,
        folder: Path,
        *,
        max_tokens: int,
        truncate: Literal["longest_first", "only_second"] = "longest_first",
        threads: int | None = None,
        cache: Path | None = None,
    ) -> None:
        """`max_tokens` includes the special ones; longer rows lose their end. The optimised graph is kept in
        `cache`, if given. Raises ModelError."""
        self.tokenizer = load_tokenizer(folder / "tokenizer.json")
        self.tokenizer.enable_truncation(max_tokens, strategy=truncate)
        self._threads = threads or min(MOST_THREADS, usable_cores())
        try:
            self._session = _session(folder / "model.onnx", cache)
        except Exception as error:  # onnxruntime's exceptions have no common base but this
            raise ModelError(
                f"cannot load {folder / 'model.onnx'}: {reason(error)}; {mend(error, REPLACE)}"
            ) from error
        self._inputs = [given.name for given in self._session.get_inputs()]

    def run(self, rows: Sequence[Row]) -> list[Floats]:
        """The model's first output for each row, without the batch axis."""
        return [outputs[0] for _, outputs in self.run_whole(rows)]

    def run_whole(self, rows: Sequence[Row]) -> list[tuple[Encoding, list[Floats]]]:
        """Each row's tokens, and all of the model's outputs for it without the batch axis."""
        if self._threads == 1 or len(rows) < 2:
            return [self._row(row) for row in rows]
        with ThreadPoolExecutor(min(self._threads, len(rows))) as pool:
            return list(pool.map(self._row, rows))

    def _row(self, row: Row) -> tuple[Encoding, list[Floats]]:
        encoding = self.tokenizer.encode(row) if isinstance(row, str) else self.tokenizer.encode(*row)
        feed = _feed(encoding)
        try:
            outputs: Any = self._session.run(None, {name: feed[name] for name in self._inputs})
        except Exception as error:
            raise ModelError(
                f"the ONNX model failed: {reason(error)}; {mend(error, 'run `assistant doctor`')}"
            ) from error
        return encoding, [np.asarray(output[0], dtype=np.float32) for output in outputs]


def _session(model: Path, cache: Path | None) -> Any:
    """An onnxruntime session, of the graph that an earlier one optimised where it is kept."""
    import onnxruntime

    def opened(path: Path, *, optimised_to: Path | None = None, optimise: bool = True) -> Any:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.add_session_config_entry("session.x64quantprecision", "1")  # see ARITHMETIC
        if not optimise:
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        if optimised_to is not None:
            options.optimized_model_filepath = str(optimised_to)
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    if cache is None:
        return opened(model)
    made_with = f"{onnxruntime.__version__} {ARITHMETIC} {optimised.processor()}"
    if (kept := optimised.kept(model, made_with, cache)) is not None:
        return opened(kept, optimise=False)
    with optimised.keeping(model, made_with, cache) as target:
        return opened(model, optimised_to=target)


def _feed(encoding: Encoding) -> dict[str, NDArray[np.int64]]:
    """The inputs a BERT-like model may ask for, each of shape (1, tokens)."""
    return {
        "input_ids": np.array([encoding.ids], dtype=np.int64),
        "attention_mask": np.array([encoding.attention_mask], dtype=np.int64),
        "token_type_ids": np.array([encoding.type_ids], dtype=np.int64),
    }
