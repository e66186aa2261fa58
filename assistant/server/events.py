"""Server-sent events of an answer in progress.

candidates    passages found, not yet reranked
passages      passages to be read
searching     further searches by a capable model
sentence      a sentence that passed its checks, with citations numbered so far
dropped       a sentence that failed its checks
answer        the whole answer, as without streaming, or error; always last, and authoritative
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

from assistant.answering.citations import answer_passage, cite, marked
from assistant.answering.events import (
    CandidatesFound,
    Event,
    PassagesFound,
    Searching,
    SentenceDropped,
    SentenceKept,
)
from assistant.answering.verify import Statement
from assistant.retrieval.passages import Passage
from assistant.schema import Answer
from assistant.server.guard import words_of

PAUSE = 15.0
"""Seconds after which a comment says that the answer is still being worked on."""


class Telling:
    """What is told of an answer in the making, as (name, data); data that is text is JSON already."""

    def __init__(self) -> None:
        self._kept: list[Statement] = []

    def told(self, item: Event | Answer | Exception) -> tuple[str, Any] | None:
        """An event for the client; None for one that it is not told of."""
        told: tuple[str, Any] | None = None  # what a model writes unchecked is shown to nobody
        match item:
            case Answer():
                told = "answer", item.model_dump_json()
            case Exception():
                told = "error", {"error": words_of(item)}
            case PassagesFound():
                told = "passages", _passages(item.passages)
            case CandidatesFound():
                told = "candidates", _passages(item.passages)
            case Searching():
                told = "searching", {"searches": item.searches}
            case SentenceKept():
                told = "sentence", self._sentence(item.statement)
            case SentenceDropped():
                told = "dropped", {"text": item.rejected.text, "reason": item.rejected.reason}
        return told

    def _sentence(self, statement: Statement) -> dict[str, Any]:
        """A sentence that stands, with its markers and what they stand for, numbered in the order so far."""
        self._kept.append(statement)
        claims, citations = cite(self._kept)
        cited = [one.model_dump(mode="json") for one in citations if one.number in claims[-1].citations]
        return {"text": marked(claims[-1]), "citations": cited}


def _passages(passages: Sequence[Passage]) -> dict[str, Any]:
    listed = [{"title": one.article.title, **answer_passage(one).model_dump(mode="json")} for one in passages]
    return {"passages": listed}


def encoded(data: Any, name: str | None = None) -> bytes:
    """One server-sent event; JSON has no line breaks, so its data is one line."""
    head = f"event: {name}\n" if name else ""
    return (
        f"{head}data: {data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)}\n\n".encode()
    )


async def kept_alive(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The parts, and a comment whenever none comes for a while, lest a proxy takes the line for dead."""
    following = asyncio.ensure_future(anext(parts, None))
    try:
        while True:
            done, _ = await asyncio.wait({following}, timeout=PAUSE)
            if not done:
                yield b": still working\n\n"
                continue
            part = following.result()
            if part is None:
                return
            yield part
            following = asyncio.ensure_future(anext(parts, None))
    finally:
        following.cancel()
