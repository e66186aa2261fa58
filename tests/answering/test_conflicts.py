"""Differing accounts: values in one unit, or days, in articles of different outlets."""

import datetime as dt
from dataclasses import replace

import pytest
from fakes import passages_of

from assistant.answering.conflicts import LOOKED_AT, differing
from assistant.articles import Article, Source
from assistant.models.reader import Reading
from assistant.retrieval import Passage


def account(
    span: str, outlet: str = "", *, day: int = 1, answers: float = 0.9, sure: float = 0.9, text: str = ""
) -> Passage:
    """A passage whose answer, by the reader, is the span."""
    text = text or f"The ferry carried {span} when it sank."
    outlet = outlet or f"Outlet {day}"
    article = Article(f"a{day}", "Ferry", text, dt.date(2025, 11, day), "", (Source(outlet),))
    (passage,) = passages_of(article)
    start = text.index(span)
    reading = Reading(start, start + len(span), answers, sure, ((start, sure),))
    return replace(passage, hits=(replace(passage.hits[0], reading=reading),))


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [
        (account("212 tonnes"), account("200 tonnes", day=2), True),
        (account("212 tonnes"), account("212 tonnes", day=2), False),
        (account("212 tonnes"), account("212 km", day=2), False),
        (account("212 people"), account("200 people", day=2), False),
        (account("212 tonnes"), account("200 tonnes", "Outlet 1", day=2), False),
        (account("212 tonnes"), account("200 tonnes", day=2, answers=0.4), False),
        (account("212 tonnes"), account("200 tonnes", day=2, sure=0.2), False),
        (account("4 March"), account("5 March", day=2), True),
        (account("4 March 2025"), account("4 March", day=2), False),
        (account("212 tonnes"), account("4 March", day=2), False),
        (account("212 tonnes"), account("from 200 to 220 tonnes", day=2), False),
        (account("212 tonnes"), account("nobody", day=2), False),
    ],
)
def test_accounts(one: Passage, other: Passage, differ: bool) -> None:
    assert bool(differing([one, other])) == differ
    assert bool(differing([other, one])) == differ


def test_both_accounts_are_quoted_the_newest_first() -> None:
    early, late = account("212 tonnes", day=1), account("200 tonnes", day=9)
    statements = differing([early, late, account("200 tonnes", day=5)])
    assert [one.text for one in statements] == [
        "The ferry carried 200 tonnes when it sank.",
        "The ferry carried 212 tonnes when it sank.",
    ]
    assert all(one.by == "verbatim" for one in statements)


def test_only_the_best_passages_are_looked_at() -> None:
    same = [account("212 tonnes", day=day) for day in range(1, LOOKED_AT + 1)]
    assert differing([*same, account("200 tonnes", day=28)]) == []
    assert differing([]) == []
    assert differing(passages_of(Article("a", "A", "It carried 3 tonnes."))) == []
