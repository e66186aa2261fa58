"""Queries: what a question is looked up by, as of which day, and how a model rewords a follow-up."""

import datetime as dt
from typing import Any

import pytest
from fakes import QueuedChat
from hypothesis import given
from hypothesis import strategies as st

from assistant.answering.query import TURNS, Turn, make_query, reword
from assistant.index.filters import Filters
from assistant.models.prompts import load_prompt
from assistant.settings import prompts_folder

NEWEST = dt.date(2025, 12, 24)
TURN = Turn("Was the dam approved?", "Yes, by 61 votes [1][2].", ("dam",))
PROMPT = load_prompt(prompts_folder(), "rewrite")


@pytest.mark.parametrize(
    ("question", "given", "as_of"),
    [
        ("Who leads?", None, None),
        ("As of 26 November, who leads?", None, dt.date(2025, 11, 26)),
        ("As of 26 November, who leads?", dt.date(2025, 6, 1), dt.date(2025, 6, 1)),
        ("As of 26 December 2026, who leads?", None, None),
    ],
)
def test_the_day_of_a_question(question: str, given: dt.date | None, as_of: dt.date | None) -> None:
    query = make_query(question, (), Filters(as_of=given), NEWEST)
    assert query.filters.as_of == as_of
    assert query.today == (as_of or NEWEST)
    assert ("nothing later is known" in query.asked_on()) == (as_of is not None)


def test_without_any_dates() -> None:
    query = make_query("As of 26 November 2025, who leads?", (), Filters(), None)
    assert (query.today, query.filters.as_of) == (None, None)
    assert query.asked_on() == "The newest article is of unknown."


def test_a_first_question() -> None:
    query = make_query("Who leads?", (), Filters(), NEWEST)
    assert (query.searches, query.cited, query.reworded) == (["Who leads?"], (), None)
    assert query.as_asked() == "Who leads?"


def test_a_follow_up() -> None:
    query = make_query("Who voted?", [Turn("x", "y"), TURN], Filters(), NEWEST)
    assert query.searches == ["Who voted?", "Was the dam approved? Who voted?"]
    assert query.cited == ("dam",)
    assert query.as_asked() == "Who voted?\n(asked after: Was the dam approved? Yes, by 61 votes.)"


def test_a_follow_up_that_a_model_rewords() -> None:
    history = [Turn(f"Question {number}?", "Yes.") for number in range(TURNS)]
    query = make_query("Who voted?", [*history, TURN], Filters(), NEWEST)
    chat = QueuedChat({"question": "Who voted for\nthe dam? "})
    made, tokens = reword(chat, PROMPT, query)  # type: ignore[arg-type]
    assert (made.standalone, made.reworded) == ("Who voted for the dam?",) * 2
    assert made.searches == ["Who voted for the dam?"]
    assert made.as_asked() == "Who voted for the dam?"
    assert tokens.prompt == 100
    assert "Question 0?" not in chat.prompts[0]
    assert "Answer: Yes, by 61 votes.\n" in chat.prompts[0]


@pytest.mark.parametrize("reply", ["", {"question": ""}, {"question": None}])
def test_a_model_that_says_nothing_changes_nothing(reply: Any) -> None:
    query = make_query("Who voted?", [TURN], Filters(), NEWEST)
    assert reword(QueuedChat(reply), PROMPT, query)[0] == query  # type: ignore[arg-type]


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_question_has_its_searches(question: str, reply: str) -> None:
    query = make_query(question, [TURN], Filters(), NEWEST)
    assert question in query.searches
    made, _ = reword(QueuedChat(reply), PROMPT, query)  # type: ignore[arg-type]
    assert made.searches
