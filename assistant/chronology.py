"""Chronology: claims in the order of their articles' dates, each behind its date.

For questions about how something came about or changed ("How did ... evolve?", "Key dates of ..."), and for
the chat's timelines.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import replace

from rapidfuzz import fuzz

from assistant.details import amounts
from assistant.grounding import RESTATED, Grounded
from assistant.surface import in_words, words

_ASKED = re.compile(
    r"(?:^|please )trace\b"
    r"|\b(?:chronolog\w*|time ?line|key dates|sequence of|(?<!has a )(?<!have a )history of|milestones"
    r"|step by step|over time|in (?:what|which) order)\b"
    r"|\bhow (?:did|has|have|had)\b"
    r".*\b(?:(?:chang|evolv|shift|develop|progress|unfold|slip)\w*|gr[eo]w\w*|mov(?:e|ed)|var(?:y|ied))\b"
    r"|\bwhen (?:did|was|were|had)\b.*(?<!the )\bfirst\b"
    r"|^(?!how many\b|who\b).*\bfrom\b.*\b(?:through to|up to|until|through)\b",
    re.IGNORECASE,
)


def asks_for_chronology(question: str) -> bool:
    """Whether a question is about a sequence of events or states."""
    return bool(_ASKED.search(question))


def chronology(claims: Sequence[Grounded]) -> list[Grounded]:
    """The claims that stand, merged and dated, the earliest first; then those that do not, as they are."""
    standing = merged([claim for claim in claims if claim.sentences])
    return [*map(dated, standing), *(claim for claim in claims if not claim.sentences)]


def merged(claims: Sequence[Grounded]) -> list[Grounded]:
    """The earliest first; of those that say nearly the same the earliest, which cites the others too."""
    kept: list[Grounded] = []
    for claim in sorted(claims, key=_order):
        for number, earlier in enumerate(kept):
            if same(earlier.text, claim.text):
                cited = {one.place: one for one in earlier.sentences + claim.sentences}
                support = max(earlier.support, claim.support)
                kept[number] = replace(earlier, sentences=tuple(cited.values()), support=support)
                break
        else:
            kept.append(claim)
    return kept


def same(one: str, other: str) -> bool:
    """Whether two texts say nearly the same, with the same numbers."""
    return (
        set(amounts(one)) == set(amounts(other))
        and fuzz.token_set_ratio(words(one), words(other)) >= RESTATED
    )


def dated(claim: Grounded) -> Grounded:
    """The claim behind the date of its first article: "18 November 2025: ..."."""
    day = claim.sentences[0].article.published
    return replace(claim, text=f"{in_words(day)}: {claim.text}") if day else claim


def _order(claim: Grounded) -> tuple[dt.date, tuple[str, int]]:
    """What claims are ordered by; those without a date come last."""
    first = claim.sentences[0]
    return first.article.published or dt.date.max, first.place
