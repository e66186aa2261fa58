"""Rerankers: cross-encoders that read a question and a passage together (Nogueira and Cho, 2019).

The packaged one is ms-marco-MiniLM-L12-v2 in int8, run without torch. Its score is a logit, not bounded;
`1 / (1 + exp(-score))` is the probability it was trained to give on MS MARCO (not calibrated on news).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from assistant.errors import ModelError
from assistant.extras import require
from assistant.models import packaged
from assistant.models.encoders import hub
from assistant.models.encoders.kinds import Reranker
from assistant.models.encoders.onnx import OnnxEncoder, cutting

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

PACKAGED = "ms-marco-MiniLM-L12-v2"
MAX_TOKENS = 256
"""Of question and passage together; about 190 English words."""


def load_reranker(
    name: str, cache: Path, *, max_tokens: int = MAX_TOKENS, threads: int | None = None
) -> Reranker | None:
    """The reranker of that name, None for "none".

    "ms-marco-MiniLM-L12-v2" is the packaged one. Any other name is a folder or a hub id for the
    `CrossEncoder` of sentence-transformers, which imports torch (about 7 s) and may fetch the model from the
    hub. Raises ModelError, and ExtraMissing where that is not installed.
    """
    if name == "none":
        return None
    if name == PACKAGED:
        return PackagedReranker(
            packaged.folder(name, cache), max_tokens=max_tokens, threads=threads, cache=cache
        )
    return TorchReranker(name, max_tokens=max_tokens)


class PackagedReranker:
    """An ONNX cross-encoder with one logit. A pair's score does not depend on the pairs beside it."""

    def __init__(
        self,
        folder: Path,
        *,
        max_tokens: int = MAX_TOKENS,
        threads: int | None = None,
        cache: Path | None = None,
    ) -> None:
        self._encoder = OnnxEncoder(
            folder, max_tokens=max_tokens, truncate="only_second", threads=threads, cache=cache
        )
        self._questions = cutting(self._encoder.tokenizer, max_tokens // 2)

    def score(self, text_pairs: list[tuple[str, str]]) -> list[float]:
        """One logit a pair of (question, passage), higher is better.

        Too long a pair loses the end of its passage; a question loses only what exceeds half the tokens.
        """
        pairs = [(self._cut(question), passage) for question, passage in text_pairs]
        return [float(logits[0]) for logits in self._encoder.run(pairs)]

    def _cut(self, question: str) -> str:
        encoding = self._questions.encode(question)
        return question[: encoding.offsets[-1][1]] if encoding.overflowing else question


class TorchReranker:
    """Any cross-encoder with one logit that sentence-transformers loads; too long a pair loses its end."""

    def __init__(self, name: str, *, max_tokens: int = MAX_TOKENS) -> None:
        self._model = _cross_encoder(name, max_tokens)
        if self._model.num_labels != 1:
            raise ModelError(
                f"{name} gives {self._model.num_labels} numbers a pair; choose a reranker with one"
            )

    def score(self, text_pairs: list[tuple[str, str]]) -> list[float]:
        """One logit a pair of (question, passage), higher is better."""
        if not text_pairs:
            return []
        from torch.nn import Identity

        scores = self._model.predict(text_pairs, activation_fn=Identity(), show_progress_bar=False)
        return [float(score) for score in scores]


def _cross_encoder(name: str, max_tokens: int) -> CrossEncoder:
    """From this computer if it is there, else from the hub, since the user named it."""
    require("sentence-transformers", name)
    from sentence_transformers import CrossEncoder

    return hub.first_that_loads(
        name, lambda local: CrossEncoder(name, max_length=max_tokens, local_files_only=local)
    )
