"""Differing accounts, without a model: independent articles whose answers are not the same value.

Where the reader is confident of its span in the best passages of two articles by different outlets, and the
spans state amounts in one unit, or days, that differ, both sentences are given and none is preferred.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.answering.evidence import Sentence, sentences_of
from assistant.answering.provenance import origins
from assistant.answering.short import quoted
from assistant.answering.verify import Statement
from assistant.retrieval import Hit, Passage
from assistant.values import Amount, Day, amounts, days

CONFIDENT = 0.5
"""The reader's probability that a passage answers, from which its span counts as an account."""

SURE = 0.3
"""Share of a passage's spans that the likeliest one must have."""

LOOKED_AT = 5
"""Best passages among which accounts are looked for."""

Value = Amount | Day


@dataclass(frozen=True, slots=True)
class Account:
    """A sentence with the value it answers."""

    sentence: Sentence
    value: Value


def differing(passages: Sequence[Passage]) -> list[Statement]:
    """The sentences of accounts that differ, the newest first; empty where they agree or none is sure."""
    accounts = [account for passage in passages[:LOOKED_AT] if (account := _account(passage))]
    chosen: list[Account] = []
    for account in accounts:
        if all(_differs(account, other) for other in chosen):
            chosen.append(account)
    if len(chosen) < 2:
        return []
    ordered = sorted(
        chosen, key=lambda account: account.sentence.article.published or dt.date.min, reverse=True
    )
    return [quoted(account.sentence) for account in ordered]


def _account(passage: Passage) -> Account | None:
    """The one value in the reader's span, if it is confident of it."""
    best = passage.hits[0]
    if not _is_confident(best):
        return None
    for sentence in sentences_of(passage, 1):
        if sentence.span and not sentence.suspect:
            values: list[Value] = [*days(sentence.span), *amounts(sentence.span)]
            return Account(sentence, values[0]) if len(values) == 1 else None
    return None


def _is_confident(hit: Hit) -> bool:
    return hit.reading is not None and hit.reading.answers >= CONFIDENT and hit.reading.span >= SURE


def _differs(one: Account, other: Account) -> bool:
    """Whether two accounts, by different outlets, give values of one kind that do not agree."""
    if one.sentence.article.id == other.sentence.article.id:
        return False
    outlets = [
        origins(source.outlet for source in account.sentence.article.sources) for account in (one, other)
    ]
    if outlets[0] & outlets[1]:
        return False
    if isinstance(one.value, Amount) and isinstance(other.value, Amount):
        return (
            one.value.unit is not None
            and one.value.unit == other.value.unit
            and not one.value.agrees(other.value)
        )
    if isinstance(one.value, Day) and isinstance(other.value, Day):
        return not one.value.agrees(other.value)
    return False
