"""Near-duplicates: texts that nearly contain each other, by shared word trigrams.

A. Broder, "On the Resemblance and Containment of Documents" (1997).
"""

from __future__ import annotations

import re

OVERLAP = 0.6
"""Containment from which texts are near copies."""

Trigrams = frozenset[tuple[str, str, str]]


def trigrams(text: str) -> Trigrams:
    """Each three words of a text that follow one another."""
    words = re.findall(r"\w+", text.lower())
    return frozenset(zip(words, words[1:], words[2:], strict=False))


def containment(one: Trigrams, other: Trigrams) -> float:
    """The share of the smaller set that is in the larger, from 0 to 1."""
    smaller = min(len(one), len(other))
    return len(one & other) / smaller if smaller else 0.0
