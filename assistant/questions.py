"""What a question asks for: the kind of value, and the names, numbers and days that constrain it.

A passage may be about a question and still not answer it. What code can check is whether a value of the kind
that was asked for stands in the evidence, and whether the question's own names, numbers and days stand beside
it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from assistant.details import knows, names, numbers
from assistant.surface import MONTHS, words

Kind = Literal["number", "duration", "day", "person", "place", "quote", "yes-no", "other"]

_SHORT_MONTH = "|".join(month[:3] for month in MONTHS)
_UNIT = r"(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?|decades?)"
_DURATION = re.compile(rf"\b(?:\d[\d.,]*|an?|half an|several|few|couple of)[ -]{_UNIT}\b")
_WEEKDAY = "(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_SEASON = "spring|summer|autumn|winter|christmas|easter|thanksgiving|quarter"
_DAY = re.compile(
    rf"\b(?:\d{{1,2}} (?:{_SHORT_MONTH})|(?:{_SHORT_MONTH})[a-z]* \d|{_WEEKDAY}|20\d\d|{_SEASON})"
)
_AMOUNT = re.compile(r"\d|\b(?:once|twice|none|half|several|dozens?)\b")

_PEOPLE = (
    "minister|official|leader|president|general|senator|congressman|envoy|chancellor|premier|negotiator|diplomat"
    "|lawmaker|spokes\\w+"
)
_PLACES = "city|cities|town|country|countries|capital|place|venue"
_SIZES = "size|number|count|tally|toll|figure|share|percentage|amount|sum|total|price|rate|ceiling"
_ASKS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("quote", re.compile(r"\b(?:(?:exact|precise)(?:ly)?|word for word|verbatim|quot(?:e|ation))\b")),
    ("duration", re.compile(r"\bhow long\b")),
    ("number", re.compile(rf"\bhow (?:man+y|much|often|far|large|big)\b|\b(?:{_SIZES})\b")),
    ("day", re.compile(r"\bwhen\b|\b(?:which|what) (?:\w+ )?(?:day|date|year|month)s?\b")),
    ("person", re.compile(rf"\b(?:who|whom|whose)\b|\b(?:which|what) (?:\w+ ){{0,2}}(?:{_PEOPLE})s?\b")),
    ("place", re.compile(rf"\bwhere\b|\b(?:which|what) (?:\w+ ){{0,2}}(?:{_PLACES})s?\b")),
    ("yes-no", re.compile(r"^(?:is|are|was|were|did|does|do|has|have|had|can|could|will|would|should)\b")),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """`kind` of value; `names` and `numbers` of the question, in plain spelling (see `surface`)."""

    kind: Kind
    names: tuple[str, ...]
    numbers: tuple[str, ...]

    def covered(self, text: str) -> float:
        """Share of the question's names and numbers that stand in `text`, 1 if it has none."""
        wanted = [*self.names, *self.numbers]
        if not wanted:
            return 1.0
        known = frozenset(words(text, dates=True).split()) | frozenset(words(text).split())
        return sum(knows(one, known) for one in wanted) / len(wanted)

    def met(self, value: str) -> bool:
        """Whether `value` could be of the kind asked for; true of kinds that code cannot tell."""
        plain = words(value)
        if self.kind == "number":
            return bool(_AMOUNT.search(plain))
        if self.kind == "duration":
            return bool(_DURATION.search(plain)) or "hour" in plain
        if self.kind == "day":
            return bool(_DAY.search(plain))
        if self.kind in ("person", "place"):
            return bool(names(f"x {value}"))
        if self.kind == "quote":
            return any(mark in value for mark in "\"“”'‘’")
        return True


def asked(question: str) -> Asked:
    """What a question asks for."""
    plain = " ".join(question.lower().split())
    kind: Kind = next((kind for kind, pattern in _ASKS if pattern.search(plain)), "other")
    return Asked(kind, tuple(words(name) for name in names(question)), tuple(numbers(question)))
