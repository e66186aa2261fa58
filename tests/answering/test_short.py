"""Short answers: the likeliest sentences as they stand, and the one that an embedded model means."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from fakes import QueuedChat, passages_of, small
from hypothesis import given
from hypothesis import strategies as st

from assistant.answering import short
from assistant.answering.evidence import Sentence
from assistant.answering.query import Query
from assistant.corpus.articles import Article
from assistant.index.filters import Filters
from assistant.models.encoders.reader import Reading
from assistant.models.prompts import load_prompt
from assistant.retrieval.passages import Passage
from assistant.settings import prompts_folder

LATER = Article("b", "B", "The dam costs 95. It is late.", dt.date(2025, 4, 1))
EARLY = Article("a", "A", "The dam costs 90. It is big.", dt.date(2025, 3, 1))
QUERY = Query("What?", "What?", Filters(), None)


def read(article: Article, answers: float, first: float, second: float) -> Passage:
    """A passage with what the reader makes of its two sentences."""
    (passage,) = passages_of(article)
    end = article.text.index(".") + 2
    reading = Reading(0, 8, answers, first, ((0, first), (end, second)))
    return replace(passage, hits=(replace(passage.hits[0], score=answers, reading=reading),))


def evidence(*passages: Passage) -> list[Sentence]:
    return short.numbered(passages, 4)


BOTH = evidence(read(EARLY, 0.9, 0.9, 0.05), read(LATER, 0.8, 0.9, 0.1))


def test_sentences_stand_in_the_order_of_their_days() -> None:
    numbered = short.numbered(passages_of(LATER, EARLY), 4)
    assert [(one.id, one.article.id) for one in numbered] == [("1", "a"), ("2", "a"), ("3", "b"), ("4", "b")]


@pytest.mark.parametrize(
    ("sentences", "said", "quoted"),
    [
        (evidence(read(EARLY, 0.9, 0.9, 0.01)), "", ["The dam costs 90."]),
        (evidence(read(EARLY, 0.9, 0.5, 0.45)), "", ["The dam costs 90.", "It is big."]),
        (BOTH, "", ["The dam costs 90.", "The dam costs 95."]),
        (BOTH, "The dam is costly, at 95", ["The dam costs 95.", "The dam costs 90."]),
        (BOTH, "It is very late.", ["It is late.", "The dam costs 90."]),
        (BOTH, "It costs 90.", ["The dam costs 90.", "The dam costs 95."]),
        (BOTH, "?!", ["The dam costs 90.", "The dam costs 95."]),
        ([], "", []),
        ([], "The dam", []),
    ],
)
def test_quotes(sentences: list[Sentence], said: str, quoted: list[str]) -> None:
    quotes = short.quotes(sentences, "What?", said)
    assert [one.text for one in quotes] == quoted
    assert all(one.by == "verbatim" and len(one.sentences) == 1 for one in quotes)


def test_a_long_second_quote_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(short, "MOST_WORDS", 6)
    assert len(short.quotes(BOTH, "What?")) == 1


def worded(reply: Any) -> str:
    prompt = load_prompt(prompts_folder(), "answer_small")
    said, _ = short.worded(QueuedChat(reply), prompt, QUERY, BOTH)  # type: ignore[arg-type]
    return said


@pytest.mark.parametrize(
    ("reply", "said"),
    [(small("It costs 90."), "It costs 90."), ({"answer": None}, ""), ({"answer": 90}, "90"), ("{", "")],
)
def test_what_an_embedded_model_says(reply: Any, said: str) -> None:
    assert worded(reply) == said


@given(st.text())
def test_no_reply_raises(text: str) -> None:
    assert 1 <= len(short.quotes(BOTH, "What?", worded(text))) <= short.MOST_QUOTES
    assert 0 <= short.nearness(text, EARLY.text, "Is it?") <= 1
