"""Answerability: how likely the passages answer the question, for models too small to say so themselves.

A passage that is about a question may still not answer it. A capable model decides by itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from assistant.retrieval.passages import Passage

BEST = 3
"""Best passages whose best reading counts: among more of them, more just look like an answer."""

THRESHOLD = 0.30
"""Probability below which no answer is tried; `make calibrate` shows what that costs."""

RELEVANT = 0.01
"""Score of the best passage below which nothing about the question was found."""


def chance(passages: Sequence[Passage]) -> float | None:
    """The reader's probability that one of the best passages answers; None where nothing was read."""
    hits = [hit for passage in passages for hit in passage.hits if hit.reading]
    best = sorted(hits, key=lambda hit: -hit.score)[:BEST]
    return max((hit.reading.answers for hit in best if hit.reading), default=None)
