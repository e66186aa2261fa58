"""The reader: does a passage answer a question, and where? Does a quote support a claim?

One small encoder, trained for this project (`eval/training`; its card is
`assistant/data/reader/README.md`) and run without torch. A reranker tells whether a passage is about the
question; the reader was also trained on passages that are about it but do not answer it (SQuAD 2.0:
Rajpurkar, Jia and Liang 2018).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from assistant.errors import SettingsError
from assistant.models import packaged
from assistant.models.encoders.onnx import Floats, OnnxEncoder, cutting

if TYPE_CHECKING:
    from tokenizers import Encoding

NAME = "reader"
MAX_TOKENS = 256
"""Of question and passage together; about 190 English words."""
MAX_QUESTION = 56
MOST_TOKENS = 30
"""Of an answer span."""
UNLIKELY = 0.001
"""Probability below which a token is not kept as the start of the answer."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the reader made of one passage: `passage[start:end]` is the likeliest answer.

    `answers` is its probability that the passage answers the question, `span` the probability of that span
    among all spans of the passage. Both lie between 0 and 1 and are not calibrated. `answers` is None where
    no reader knows the language.
    """

    start: int
    end: int
    answers: float | None
    span: float
    starts: tuple[tuple[int, float], ...] = ()
    """Where each token of the passage starts, and the probability that the answer starts there."""

    def within(self, start: int, end: int) -> float:
        """The probability that the answer, if there is one, starts in `passage[start:end]`."""
        return sum(chance for place, chance in self.starts if start <= place < end)


class Reader:
    """The packaged reader. Deterministic, and safe to share between threads."""

    def __init__(self, folder: Path, *, threads: int | None = None, cache: Path | None = None) -> None:
        """Raises ModelError if `folder` does not hold a reader."""
        self._encoder = OnnxEncoder(
            folder, max_tokens=MAX_TOKENS, truncate="only_second", threads=threads, cache=cache
        )
        self._questions = cutting(self._encoder.tokenizer, MAX_QUESTION)

    def read(
        self, question: str, passages: Sequence[str], headings: Sequence[str] | None = None
    ) -> list[Reading]:
        """One reading a passage, in order. What exceeds `MAX_TOKENS` at a passage's end is not read.

        A heading is read before its passage, and tells who and when; the answer is looked for in the passage.
        """
        question = self._cut(question)
        before = [f"{heading}\n" for heading in headings] if headings else [""] * len(passages)
        rows = [(question, first + passage) for first, passage in zip(before, passages, strict=True)]
        return [
            _reading(encoding, outputs, len(first))
            for first, (encoding, outputs) in zip(before, self._encoder.run_whole(rows), strict=True)
        ]

    def support(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """The probability, for each (claim, quote), that the quote supports the claim."""
        rows = [(self._cut(claim), quote) for claim, quote in pairs]
        return [float(_softmax(outputs[3])[0]) for _, outputs in self._encoder.run_whole(rows)]

    def _cut(self, text: str) -> str:
        encoding = self._questions.encode(text)
        return text[: encoding.offsets[-1][1]] if encoding.overflowing else text


def load_reader(choice: str, cache: Path, *, threads: int | None = None) -> Reader | None:
    """The reader that comes with the program for "packaged", None for "none".

    Raises SettingsError for another choice, WeightsError for damaged files, and ModelError.
    """
    if choice == "none":
        return None
    if choice != "packaged":
        raise SettingsError(f"no reader {choice!r}; set reader to packaged or none")
    return Reader(packaged.folder(NAME, cache), threads=threads, cache=cache)


def reader_id(choice: str) -> str:
    """What figures measured with this reader depend on: its name and checksum."""
    model = packaged.known(NAME)
    return f"{NAME}@{model.sha256[:12]}" if model and choice == "packaged" else choice


def _reading(encoding: Encoding, outputs: list[Floats], shift: int) -> Reading:
    """`shift` is where the passage starts in the text that was read."""
    shown = [place for place, part in enumerate(encoding.sequence_ids) if part == 1]
    inside = [place for place in shown if encoding.offsets[place][0] >= shift]
    # Rounded here and below: a reading is kept and compared, and its last digits are the processor's.
    answers = round(float(1 / (1 + np.exp(-float(outputs[2])))), 6)
    if not inside:
        return Reading(0, 0, answers, 0.0)
    offsets = [(start - shift, end - shift) for start, end in (encoding.offsets[place] for place in inside)]
    low, high, chance = best_span(outputs[0][inside], outputs[1][inside])
    chances = _softmax(outputs[0][shown])[-len(inside) :]
    chances = chances.round(4)
    starts = tuple(
        (place, float(one)) for (place, _), one in zip(offsets, chances, strict=True) if one >= UNLIKELY
    )
    return Reading(offsets[low][0], offsets[high][1], answers, round(chance, 4), starts)


def best_span(start: Floats, end: Floats, most: int = MOST_TOKENS) -> tuple[int, int, float]:
    """The likeliest span of at most `most` tokens, first and last, and its probability among all of these.

    `start` and `end` are logits of shape (tokens,).
    """
    sums = start[:, None] + end[None, :]
    inside = np.triu(np.ones_like(sums, dtype=bool)) & ~np.triu(np.ones_like(sums, dtype=bool), most)
    chances = _softmax(np.where(inside, sums, -np.inf).ravel())
    place = int(chances.argmax())
    low, high = divmod(place, len(start))
    return low, high, float(chances[place])


def _softmax(logits: Floats) -> Floats:
    scaled: Floats = np.exp(logits - logits.max())
    scaled /= scaled.sum()
    return scaled
