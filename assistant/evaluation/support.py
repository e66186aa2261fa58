"""Support: does a quote say what a claim says, as far as words can tell?

A check that shares nothing with the grounding that it grades, but for what relative days mean. How well it
agrees with people is measured on WiCE (`make bench-answers SET=wice`) and stands in `eval/RESULTS.md`.
"""

from __future__ import annotations

from collections.abc import Sequence

from assistant.catalogue import STOP_WORDS
from assistant.interface import Citation
from assistant.relative_days import meanings, with_days
from assistant.surface import words

SHARED = 0.5
"""Share of a claim's words that must stand in its quotes."""

PREFIX = 5
"""Letters by which a longer word is compared, so that "Ukraine" and "Ukrainian" are one."""


def supports(claim: str, citations: Sequence[Citation]) -> bool:
    """Whether these quotes together carry the claim.

    Every number of the claim must stand in a quote, or in the headline or date of its article, or be the day
    that a relative one of the quote means; at least half of its other words that are no stop words must stand
    there too.
    """
    quoted = " ; ".join(
        f"{one.title} ; {one.date or ''} ; {with_days(one.quote, meanings(one.quote, one.date))}"
        for one in citations
    )
    return overlap(claim, quoted) >= SHARED


def overlap(claim: str, text: str) -> float:
    """Share of the claim's words that stand in the text, 0 to 1; 0 if the text lacks one of its numbers."""
    claimed = [word for word in words(claim, dates=True).split() if word not in STOP_WORDS]
    known = {_stem(word) for word in words(text, dates=True).split()}
    lacking = [word for word in claimed if _stem(word) not in known]
    if not claimed or any(word[0].isdigit() for word in lacking):
        return 0.0
    return 1 - len(lacking) / len(claimed)


def _stem(word: str) -> str:
    return word if word[0].isdigit() else word[:PREFIX]
