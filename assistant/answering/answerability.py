"""Answerability: how likely the passages answer the question, for models too small to judge it themselves.

A passage can be about a question without answering it. A capable model decides for itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from assistant.retrieval.passages import Passage

BEST = 3
"""How many top chunks count; with more, one is more likely to look like an answer by chance."""

THRESHOLD = 0.25
"""Probability below which no answer is attempted; `make calibrate` shows what that costs."""

RELEVANT = 0.01
"""If the best passage scores below this, nothing relevant was found."""


def chance(passages: Sequence[Passage]) -> float | None:
    """The reader's probability that one of the best chunks answers; None if one of them was not read."""
    hits = [hit for passage in passages for hit in passage.hits if hit.reading]
    best = sorted(hits, key=lambda hit: -hit.score)[:BEST]
    chances = [hit.reading.answers for hit in best if hit.reading and hit.reading.answers is not None]
    return max(chances) if chances and len(chances) == len(best) else None
