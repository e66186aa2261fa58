"""Citations: quotes are verbatim, numbered once, and marked where print would mark them."""

import datetime as dt

import pytest
from fakes import passages_of, sentences_of
from hypothesis import given
from hypothesis import strategies as st

from assistant.answering.citations import (
    answer_passage,
    answer_warnings,
    cite,
    dropped,
    hidden_warnings,
    marked,
    nearest,
)
from assistant.answering.query import make_query
from assistant.answering.verify import Rejected, Statement
from assistant.corpus.articles import Article, Source
from assistant.index.filters import Filters, Hidden
from assistant.schema import Claim

DAM = Article(
    "dam",
    "Dam",
    "It was approved. It costs 90.",
    dt.date(2025, 3, 4),
    "",
    (Source("Post"),),
    "https://x.example",
)
FIRST, SECOND = sentences_of(DAM)


def test_quotes_are_numbered_as_they_are_first_used() -> None:
    claims, citations = cite(
        [Statement("Both.", (SECOND, FIRST), 0.87654321, "model"), Statement("One.", (FIRST,), 0.5, "exact")]
    )
    assert [claim.citations for claim in claims] == [[1, 2], [2]]
    assert [one.quote for one in citations] == ["It costs 90.", "It was approved."]
    assert (claims[0].support, claims[0].checks.by) == (0.8765, "model")
    assert (citations[0].outlets, citations[0].url, citations[0].date) == (
        ["Post"],
        "https://x.example",
        DAM.published,
    )
    assert cite([]) == ([], [])


def test_what_was_dropped_says_why() -> None:
    (claim,) = dropped([Rejected("It costs 95.", "the quote says 90")])
    assert (claim.text, claim.reason, claim.citations, claim.checks.exact) == (
        "It costs 95.",
        "the quote says 90",
        [],
        False,
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("They met.", "They met [1]."),
        ("They met?", "They met [1]?"),
        ("They met", "They met [1]."),
        ('She said "go."', 'She said "go." [1]'),
        ("Sie sagte: „Geh.“", "Sie sagte: „Geh.“ [1]"),
        ('She said "go"', 'She said "go" [1].'),
        ("", " [1]."),
    ],
)
def test_marks(text: str, shown: str) -> None:
    assert marked(Claim(text=text, citations=[1], support=1)) == shown


@given(st.text(max_size=300), st.lists(st.integers(0, 20), max_size=6))
def test_every_quote_is_where_it_says(text: str, chosen: list[int]) -> None:
    article = Article("a", "T", text)
    sentences = sentences_of(article)
    picked = tuple(sentences[place % len(sentences)] for place in chosen if sentences)
    claims, citations = cite([Statement("S.", picked), Statement("S.", picked[:1])])
    shown = [*citations, *nearest(passages_of(article))]
    assert all(text[one.start : one.end] == one.quote for one in shown)
    assert [one.number for one in citations] == list(range(1, len(citations) + 1))
    assert {number for claim in claims for number in claim.citations} == {one.number for one in citations}


def test_the_nearest_passages() -> None:
    articles = [Article(f"a{number}", "T", "Text here.") for number in range(5)]
    assert [one.article for one in nearest(passages_of(*articles))] == ["a0", "a1", "a2"]


def test_a_passage() -> None:
    (passage,) = passages_of(DAM)
    shown = answer_passage(passage)
    assert (shown.article, shown.date, shown.start, shown.end, shown.score) == (
        "dam",
        DAM.published,
        0,
        len(DAM.text),
        0.9,
    )


def test_what_a_reader_should_know() -> None:
    query = make_query("What is planned now?", (), Filters(), dt.date(2025, 3, 4))
    statement = Statement("It costs 90.", (SECOND,))
    _, citations = cite([statement])
    (told,) = answer_warnings(query, citations, [statement], passages_of(DAM), dt.date(2025, 3, 4))
    assert (told.code, told.message) == ("corpus-ends", "The corpus reaches until 4 March 2025.")
    then = make_query("What was decided in March 2024?", (), Filters(), dt.date(2025, 3, 4))
    assert answer_warnings(then, citations, [statement], [], dt.date(2025, 3, 4)) == []


@pytest.mark.parametrize(
    ("hidden", "told"),
    [
        (Hidden(), []),
        (Hidden(undated=1), ["1 article has no date"]),
        (Hidden(undated=2), ["2 articles have no date"]),
        (
            Hidden(changed=1),
            ["1 article was changed after that day, and stayed hidden"],
        ),
        (
            Hidden(1, 2),
            ["1 article has no date", "2 articles were changed after that day, and stayed hidden"],
        ),
    ],
)
def test_what_stayed_hidden(hidden: Hidden, told: list[str]) -> None:
    messages = [one.message for one in hidden_warnings(hidden)]
    assert [message.startswith(start) for message, start in zip(messages, told, strict=True)] == [True] * len(
        told
    )
