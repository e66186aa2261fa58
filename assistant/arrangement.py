"""Arrangement: which claims of an answer come first, and the dates that are put to them.

Claims come in the order of reading. Where accounts differ, all of them come first, and none is preferred;
where something changed, its newest state does; a question about a sequence is answered in order of time.
Relative days are told as dates. All this is done to claims that stand, and their quotes stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from assistant.changes import State, states
from assistant.chronology import asks_for_chronology, chronology, dated
from assistant.conflict import byline, conflict, excerpt
from assistant.evidence import Sentence, plain
from assistant.grounding import Grounded
from assistant.relative_days import meanings, with_days


@dataclass(frozen=True, slots=True)
class Arrangement:
    """What decides the order of an answer's claims; the first that applies."""

    in_time: bool = False
    """The question is about a sequence."""
    accounts: Sequence[Sentence] = ()
    """Sentences that give differing accounts of what is asked."""
    changes: Sequence[State] = ()
    """The states that it had, the oldest first."""


def arrangement(question: str, read: Sequence[Sentence]) -> Arrangement:
    """The arrangement for a question and the sentences that were read for it."""
    if asks_for_chronology(question):
        return Arrangement(in_time=True)
    accounts = conflict(question, read)
    return Arrangement(accounts=accounts, changes=() if accounts else states(question, read))


def arranged(claims: Sequence[Grounded], by: Arrangement, room: int) -> list[Grounded]:
    """The claims in that order, with dates; up to `room` words where sentences are added to them.

    Differing accounts are told even where no claim stands, since then there is no one answer to be sure of.
    """
    if by.in_time:
        claims = chronology(claims)
    elif by.accounts:
        claims = with_accounts(claims, by.accounts, room)
    elif by.changes and any(claim.sentences for claim in claims):
        claims = with_newest_first(claims, by.changes, room)
    return [with_dates(claim) for claim in claims]


def with_accounts(claims: Sequence[Grounded], accounts: Sequence[Sentence], room: int) -> list[Grounded]:
    """The differing accounts before the claims, up to `room` words; two accounts are always given.

    Sentences of an article that follow each other have its date and outlet once.
    """
    first = []
    several = len({one.article.id for one in accounts}) > 1
    for before, sentence in zip([None, *accounts], accounts, strict=False):
        said = excerpt(sentence) if several else plain(sentence.text)
        follows = before is not None and before.article.id == sentence.article.id
        first.append(Grounded(said if follows else f"{byline(sentence)}{said}", (sentence,), 1.0))
    return _in_front(first, claims, room)


def with_newest_first(claims: Sequence[Grounded], states: Sequence[State], room: int) -> list[Grounded]:
    """The newest state and the one before it, each behind its date, before the claims, up to `room` words."""
    newest, before = states[-1].sentence, states[-2].sentence
    first = [dated(Grounded(plain(one.text), (one,), 1.0)) for one in (newest, before)]
    return _in_front(first, claims, room)


def with_dates(claim: Grounded) -> Grounded:
    """The claim with what the relative days of its sentences mean, where that is certain."""
    meant: dict[str, set[str]] = {}
    for one in claim.sentences:
        for phrase, day in meanings(one.text, one.article.published).items():
            meant.setdefault(phrase, set()).add(day)
    clear = {phrase: next(iter(days)) for phrase, days in meant.items() if len(days) == 1}
    return replace(claim, text=with_days(claim.text, clear))


def _in_front(first: Sequence[Grounded], claims: Sequence[Grounded], room: int) -> list[Grounded]:
    """`first`, then the claims that rest on other sentences, up to `room` words in all; dropped ones stay."""
    places = {one.place for claim in first for one in claim.sentences}
    others = [
        claim for claim in claims if claim.sentences and not {one.place for one in claim.sentences} <= places
    ]
    kept: list[Grounded] = []
    for claim in (*first, *sorted(others, key=_unlikely)):
        length = len(claim.text.split())
        if length <= room or len(kept) < min(2, len(first)):
            kept.append(claim)
            room -= length
    dropped = [claim for claim in claims if not claim.sentences]
    return [*(claim for claim in (*first, *others) if claim in kept), *dropped]


def _unlikely(claim: Grounded) -> float:
    return -max(one.chance for one in claim.sentences)
