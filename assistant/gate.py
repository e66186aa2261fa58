"""The evidence gate: do these passages answer this question, before any model is asked?

A passage that is about the question may still not answer it. The gate weighs what the reader and the reranker
make of the best passages with what code can check: whether the likeliest answer is of the kind that was asked
for, and whether the question's own names, numbers and days stand beside it. The weights are a logistic
regression, fitted and its threshold chosen by `make calibrate` on the dev half of gold and on public sets
(`eval/RESULTS.md`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from assistant.chunks import heading
from assistant.errors import AssistantError
from assistant.interface import Strict
from assistant.models.reranker import probability
from assistant.questions import Asked
from assistant.retrieval import Hit

READ = 5
"""The best passages by the reranker, whose best reading counts."""

FILE = Path(__file__).parent / "data" / "gate.json"


class Gate(Strict):
    """A logistic regression over signals, and the probability below which an answer is withheld."""

    weights: dict[str, float]
    bias: float
    threshold: float

    def probability(self, signals: Mapping[str, float]) -> float:
        """How likely it is that the passages answer the question, between 0 and 1."""
        return probability(self.bias + sum(weight * signals[name] for name, weight in self.weights.items()))


def load_gate(path: Path = FILE) -> Gate:
    """The calibrated gate. Raises AssistantError if its file is damaged."""
    try:
        return Gate.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValidationError) as error:
        raise AssistantError(f"cannot read {path}: {error}; make it anew with: make calibrate") from error


def signals(asked: Asked, hits: Sequence[Hit]) -> dict[str, float]:
    """What speaks for and against an answer in the best hits; logits are cut off at 8.

    `reader` and `reranker` are the best logits, `span` the probability of the likeliest answer, `kind`
    whether that is of the kind asked for, `covered` the share of the question's names and numbers that stand
    in its paragraph or headline, `agree` whether the reader and the reranker choose the same paragraph.
    """
    read = [hit for hit in hits[:READ] if hit.reading]
    if not read:
        return dict.fromkeys(("reader", "reranker", "span", "kind", "covered", "agree"), 0.0)
    best = max(read, key=lambda hit: hit.reading.answers if hit.reading else 0.0)
    reading = best.reading
    assert reading is not None
    value = best.chunk.text[reading.start : reading.end]
    return {
        "reader": logit(reading.answers),
        "reranker": logit(hits[0].score),
        "span": reading.span,
        "kind": float(asked.met(value)),
        "covered": asked.covered(f"{heading(best.article)} ; {best.chunk.text}"),
        "agree": float(best is hits[0]),
    }


def logit(chance: float) -> float:
    """The logit of a probability, cut off at 8 to either side."""
    return max(-8.0, min(8.0, math.log(max(chance, 1e-9) / max(1 - chance, 1e-9))))


def save_gate(gate: Gate, path: Path = FILE) -> None:
    """Writes a gate where `load_gate` finds it."""
    path.write_text(json.dumps(gate.model_dump(), indent=2) + "\n", encoding="utf-8")
