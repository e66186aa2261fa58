"""Changes: one thing that has had several values, each in its time.

A plan of 28 points became one of 19, then of 20. Of such a thing the newest state comes first, each state
behind the date of the article that gives it. Days and durations are left out: what happened on a day, and
how long it took, does not change any more.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.evidence import Sentence
from assistant.quantities import Value, asked_quantity, quantities
from assistant.surface import MONTHS, in_words

LIKELY = 0.2
"""Chance from which a sentence tells a state of what is asked; chosen on the dev half of gold."""

NEARLY = 0.4
"""Share of the likeliest one's chance from which it does; chosen likewise."""

_PRESENT = re.compile(r"\b(?:is|are|does|do|has|have|stands?)\b", re.IGNORECASE)
_PAST = re.compile(rf"\b(?:did|was|were|had|{'|'.join(MONTHS)}|20\d\d)\b", re.IGNORECASE)

CHANGING = frozenset({"count", "money", "share"})


@dataclass(frozen=True, slots=True)
class State:
    """A value, and the sentence of the first dated article that gives it."""

    value: Value
    sentence: Sentence


def states(question: str, sentences: Sequence[Sentence]) -> list[State]:
    """The different values of what is asked, the oldest first; empty where nothing changed.

    Only a question about the present is about a state: how many were killed, or came in March, is about an
    event, and other numbers are of other events.
    """
    asked = asked_quantity(question)
    present = _PRESENT.search(question) and not _PAST.search(question)
    if not present or asked is None or asked.kind not in CHANGING:
        return []
    told = [(day, one) for one in sentences if (day := one.article.published) and quantities(one.text, asked)]
    least = max([LIKELY, *(NEARLY * one.chance for _, one in told)])
    found: list[State] = []
    for _, one in sorted(told, key=lambda pair: (pair[0], -pair[1].chance)):
        for value in quantities(one.text, asked) if one.chance >= least else ():
            if all(value.differs(state.value) for state in found):
                found.append(State(value, one))
    return found if len({state.sentence.article.published for state in found}) > 1 else []


def in_turn(found: Sequence[State]) -> str:
    """What there is to say of a change: "28 (22 November 2025), then 19 (25 November 2025)"."""
    days = [state.sentence.article.published for state in found]
    return ", then ".join(
        f"{state.value.text} ({in_words(day)})" for state, day in zip(found, days, strict=True) if day
    )
