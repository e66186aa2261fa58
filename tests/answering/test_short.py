"""Short answers: quotes of the likeliest sentences, and a small model's sentence over them."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from fakes import QueuedChat, passages_of, small
from hypothesis import given
from hypothesis import strategies as st

from assistant.answering import short
from assistant.answering.query import Query
from assistant.articles import Article
from assistant.filters import Filters
from assistant.interface import Tokens
from assistant.models.reader import Reading
from assistant.models.structured import Reply
from assistant.prompts import load_prompt
from assistant.resources import prompts_folder
from assistant.retrieval import Passage

LATER = Article("b", "B", "The dam costs 95. It is late.", dt.date(2025, 4, 1))
EARLY = Article("a", "A", "The dam costs 90. It is big.", dt.date(2025, 3, 1))
QUERY = Query("What?", "What?", Filters(), None)


def read(article: Article, answers: float, first: float, second: float) -> Passage:
    """A passage with what the reader makes of its two sentences."""
    (passage,) = passages_of(article)
    end = article.text.index(".") + 2
    reading = Reading(0, 8, answers, first, ((0, first), (end, second)))
    return replace(passage, hits=(replace(passage.hits[0], score=answers, reading=reading),))


def test_sentences_stand_in_the_order_of_their_days() -> None:
    numbered = short.numbered(passages_of(LATER, EARLY), 4)
    assert [(one.id, one.article.id) for one in numbered] == [("1", "a"), ("2", "a"), ("3", "b"), ("4", "b")]


@pytest.mark.parametrize(
    ("passages", "said"),
    [
        ([read(EARLY, 0.9, 0.9, 0.05)], ["The dam costs 90."]),
        ([read(EARLY, 0.9, 0.5, 0.45)], ["The dam costs 90.", "It is big."]),
        (
            [read(EARLY, 0.9, 0.9, 0.05), read(LATER, 0.8, 0.9, 0.1)],
            ["The dam costs 90.", "The dam costs 95."],
        ),
        ([], []),
    ],
)
def test_quotes(passages: list[Passage], said: list[str]) -> None:
    quotes = short.quotes(passages)
    assert [one.text for one in quotes] == said
    assert all(one.by == "verbatim" and len(one.sentences) == 1 for one in quotes)


def test_a_long_second_quote_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(short, "MOST_WORDS", 6)
    assert len(short.quotes([read(EARLY, 0.9, 0.5, 0.45)])) == 1


def made(reply: Any) -> list[tuple[str, tuple[str, ...]]]:
    prompt = load_prompt(prompts_folder(), "answer_small").template
    evidence = short.numbered(passages_of(EARLY, LATER), 3)
    drafted, _ = short.draft(QueuedChat(reply), prompt, QUERY, evidence, lambda text: None)  # type: ignore[arg-type]
    return [(one.text, one.cites) for one in drafted]


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (small("It costs 90", 1), [("It costs 90.", ("1",))]),
        (small("It costs 90.", 1, 3), [("It costs 90.", ("1", "3"))]),
        ({"answer": "It costs 90.", "used": "2"}, [("It costs 90.", ("2",))]),
        (small("", 1), []),
        (small("It costs 90."), []),
        ({"answer": None, "used": None}, []),
        (Reply('{"answer": "It costs", "used": [1]}', Tokens(), "length", "json_schema"), []),
    ],
)
def test_a_small_models_sentence(reply: Any, said: Any) -> None:
    assert made(reply) == said


def test_only_numbers_that_there_are() -> None:
    assert short.schema(2)["properties"]["used"]["items"]["enum"] == [1, 2]


@given(st.text())
def test_no_reply_raises(text: str) -> None:
    assert len(made(text)) <= 1
