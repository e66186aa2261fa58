"""A question as it is asked: made once, and what everything after it goes by."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from langchain_core.prompts import ChatPromptTemplate

from assistant.answering.evidence import plain
from assistant.index.filters import Filters
from assistant.models.chat.json_replies import parse_object
from assistant.models.chat.structured_output import StructuredChat
from assistant.schema import Tokens
from assistant.text.dates import day_asked_as_of, in_words
from assistant.text.normalize import without_markers

TURNS = 4
"""Earlier turns that a follow-up is reworded from."""

SCHEMA = {
    "type": "object",
    "properties": {"question": {"type": "string"}},
    "required": ["question"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier question, its answer, and the ids of the articles that it cites."""

    question: str
    answer: str
    articles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Query:
    """A question with what limits it.

    `searches` are what is looked up, the first of them the standalone question where there is one.
    """

    question: str
    standalone: str
    filters: Filters
    today: dt.date | None
    """The day it is asked as of, else that of the newest article; None where no article has a date."""
    history: tuple[Turn, ...] = ()

    @property
    def searches(self) -> list[str]:
        """The question; and, of a follow-up that nobody reworded, the question with the turn before it."""
        if not self.history or self.standalone != self.question:
            return [self.standalone]
        return [self.question, f"{self.history[-1].question} {self.question}"]

    @property
    def reworded(self) -> str | None:
        return self.standalone if self.standalone != self.question else None

    @property
    def cited(self) -> tuple[str, ...]:
        """Articles that the answer before cites."""
        return self.history[-1].articles if self.history else ()

    def as_asked(self) -> str:
        """The question as a model reads it: behind the turn before it, unless it was reworded."""
        if not self.history or self.reworded:
            return self.standalone
        turn = self.history[-1]
        return f"{self.question}\n(asked after: {turn.question} {without_markers(turn.answer)[:300]})"

    def asked_on(self) -> str:
        """The line that tells a model about the day."""
        day = in_words(self.today) if self.today else "unknown"
        if self.filters.as_of:
            return f"Today is {in_words(self.filters.as_of)}; nothing later is known."
        return f"The newest article is of {day}."


def make_query(question: str, history: Sequence[Turn], filters: Filters, newest: dt.date | None) -> Query:
    """The query of a question; one that says "as of 26 November" is asked as of that day."""
    if filters.as_of is None and newest:
        filters = replace(filters, as_of=day_asked_as_of(question, newest))
    return Query(question, question, filters, filters.as_of or newest, tuple(history))


def reword(chat: StructuredChat, prompt: ChatPromptTemplate, query: Query) -> tuple[Query, Tokens]:
    """A follow-up as a standalone question, worded by a model from the turns before it. Raises ModelError."""
    conversation = "\n".join(
        f"Question: {plain(turn.question)}\nAnswer: {plain(without_markers(turn.answer))}"
        for turn in query.history[-TURNS:]
    )
    messages = prompt.format_messages(conversation=conversation, question=query.question)
    reply = chat.ask(messages, SCHEMA)
    reworded = parse_object(reply.text).get("question", reply.text)
    text = " ".join(str(reworded or "").split())
    return (replace(query, standalone=text) if text else query), reply.tokens
