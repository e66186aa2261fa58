"""Scores: each retrieval stage's raw score for a chunk, and the probability computed from them."""

from __future__ import annotations

import math
from dataclasses import dataclass

LIMIT = 8.0
"""Logits are clipped to this distance from 0."""


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of one chunk for one question; None if the stage did not score it."""

    dense: float | None = None
    """Cosine similarity."""
    lexical: float | None = None
    """BM25."""
    rerank: float | None = None
    """The cross-encoder's logit."""
    prior: float = 0.0
    """The adjustment from the fused rank and the article's day."""
    reader: float | None = None
    """The reader's logit that the chunk answers."""

    @property
    def ranked(self) -> float:
        """The logit by cross-encoder, fused rank and time; where no cross-encoder read it, the cosine's."""
        return logit(self.dense or 0.0) if self.rerank is None else self.rerank + self.prior

    @property
    def logit(self) -> float:
        """What all stages come to: the reranker says whether a chunk is about the question, the reader
        whether it answers it, and their logits count alike."""
        return self.ranked if self.reader is None else (settled(self.ranked) + settled(self.reader)) / 2

    @property
    def probability(self) -> float:
        """Between 0 and 1, higher is better; the cosine where neither reranker nor reader saw the chunk.

        Rounded, so that the last digits of another processor do not decide an order.
        """
        if self.rerank is None and self.reader is None:
            return min(1.0, max(0.0, self.dense or 0.0))
        return round(probability(self.logit), 6)


def probability(logit: float) -> float:
    """The probability that a logit stands for, between 0 and 1; kept from overflowing at either end."""
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))


def logit(chance: float) -> float:
    """The logit of a probability, at most `LIMIT` to either side."""
    return max(-LIMIT, min(LIMIT, math.log(max(chance, 1e-9) / max(1 - chance, 1e-9))))


def settled(value: float) -> float:
    """A logit within the limit, as its probability has it in six digits: whatever the processor, the same."""
    return logit(round(probability(value), 6))
