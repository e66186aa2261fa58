"""The query: a question with its filters, day and history, created once and used by every later stage."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from assistant.answering.evidence import plain
from assistant.index.filters import Filters
from assistant.models.asking import Prompt, StructuredChat
from assistant.models.chat.json_replies import object_of, parse_object
from assistant.schema import Tokens
from assistant.text.dates import day_asked_as_of, in_words
from assistant.text.normalize import without_markers

TURNS = 4
"""Earlier turns used to reword a follow-up."""

SCHEMA = object_of(question={"type": "string"})


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier question, its answer, and the ids of the articles that the answer cites."""

    question: str
    answer: str
    articles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Query:
    """A question with its limits.

    `searches` are the texts to search for; the first is the standalone question if there is one.
    """

    question: str
    standalone: str
    filters: Filters
    today: dt.date | None
    """The as-of day, else the newest article's; None if no article has a date."""
    history: tuple[Turn, ...] = ()

    @property
    def searches(self) -> list[str]:
        """The question; for a follow-up that was not reworded, also the question with the previous one."""
        if not self.history or self.standalone != self.question:
            return [self.standalone]
        return [self.question, f"{self.history[-1].question} {self.question}"]

    @property
    def reworded(self) -> str | None:
        return self.standalone if self.standalone != self.question else None

    @property
    def cited(self) -> tuple[str, ...]:
        """Articles that the previous answer cites."""
        return self.history[-1].articles if self.history else ()

    def as_asked(self) -> str:
        """The question as a model reads it: with the previous turn, unless it was reworded."""
        if not self.history or self.reworded:
            return self.standalone
        turn = self.history[-1]
        return f"{self.question}\n(asked after: {turn.question} {without_markers(turn.answer)[:300]})"

    def asked_on(self) -> str:
        """The line that tells a model the date."""
        day = in_words(self.today) if self.today else "unknown"
        if self.filters.as_of:
            return f"Today is {in_words(self.filters.as_of)}; nothing later is known."
        return f"The newest article is of {day}."


def make_query(question: str, history: Sequence[Turn], filters: Filters, newest: dt.date | None) -> Query:
    """The query for a question; "as of 26 November" in its text sets the day."""
    if filters.as_of is None and newest:
        filters = replace(filters, as_of=day_asked_as_of(question, newest))
    return Query(question, question, filters, filters.as_of or newest, tuple(history))


def reword(chat: StructuredChat, prompt: Prompt, query: Query) -> tuple[Query, Tokens]:
    """A follow-up reworded by a model as a standalone question, from earlier turns. Raises ModelError."""
    conversation = "\n".join(
        f"Question: {plain(turn.question)}\nAnswer: {plain(without_markers(turn.answer))}"
        for turn in query.history[-TURNS:]
    )
    messages = prompt.format_messages(conversation=conversation, question=query.question)
    reply = chat.ask(messages, SCHEMA)
    reworded = parse_object(reply.text).get("question", reply.text)
    text = " ".join(str(reworded or "").split())
    return (replace(query, standalone=text) if text else query), reply.tokens
