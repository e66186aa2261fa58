"""Answers in the format of OpenAI's chat completions, for existing OpenAI clients.

The last message is the question; earlier ones are the history. `content` is the answer with its markers and,
below it, a plain list of sources; `citations` and `status`, beside `choices`, are those of `Answer`.
Sampling parameters and tools are ignored.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from assistant.answering.query import Turn
from assistant.api.asked import HistoryTurn, turns_of
from assistant.schema import Answer, Citation
from assistant.server.guard import Refused
from assistant.server.requests import LONGEST, TURNS, Limited
from assistant.terminal.render import DIFFER, abstained, day, not_stated, said_verbatim

MODEL = "news-assistant"
SOURCES = "\n\nSources:\n"
NEAREST = "\n\nNearest:\n"


class Part(BaseModel):
    """A part of a message; only text can be read."""

    model_config = ConfigDict(extra="ignore")

    type: str
    text: str = ""


class Message(BaseModel):
    """One message of the conversation."""

    model_config = ConfigDict(extra="ignore")

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = None

    def words(self) -> str:
        """Its text, without the sources that an earlier answer listed."""
        if isinstance(self.content, list):
            text = "\n".join(part.text for part in self.content if part.type == "text")
        else:
            text = self.content or ""
        return text.partition(SOURCES)[0].partition(NEAREST)[0].strip()


class StreamOptions(BaseModel):
    """What a stream has besides."""

    model_config = ConfigDict(extra="ignore")

    include_usage: bool = False


class ChatRequest(Limited):
    """POST /v1/chat/completions; beside OpenAI's fields, the limits of /ask."""

    model_config = ConfigDict(extra="ignore")

    messages: list[Message] = Field(min_length=1, max_length=2 * TURNS)
    stream: bool = False
    stream_options: StreamOptions | None = None

    def question(self) -> str:
        """The last message. Raises Refused where it asks nothing."""
        last = self.messages[-1]
        text = last.words()
        if last.role != "user" or not text:
            raise Refused(400, "messages: the last one asks nothing; end with one of the user, with text")
        if len(text) > LONGEST:
            raise Refused(400, f"messages: the last one has more than {LONGEST} characters; shorten it")
        return text

    def history(self) -> list[Turn]:
        """The messages before it, of user and assistant alone."""
        turns = [
            HistoryTurn(role=one.role, text=one.words())
            for one in self.messages[:-1]
            if one.role in ("user", "assistant") and one.words()
        ]
        return turns_of(turns)


def content(answer: Answer) -> str:
    """An answer as plain text: its sentences with their markers, and below them the sources."""
    if not answer.answer:
        return abstained(answer) + _listed(NEAREST, answer.nearest, frozenset())
    differs = answer.status == "conflicting" and not answer.answer.startswith(DIFFER.rstrip(":"))
    text = f"{DIFFER} {answer.answer}" if differs else answer.answer
    if answer.premise:
        text += f"\n\nNot as the question has it: {answer.premise}"
    if answer.missing:
        text += f"\n\n{not_stated(answer.missing)}"
    return text + _listed(SOURCES, answer.citations, said_verbatim(answer))


def _listed(heading: str, citations: list[Citation], said: frozenset[int]) -> str:
    """A line for each citation; a quote that the answer consists of is not repeated."""
    lines = []
    for one in citations:
        source = f"[{one.number}] {day(one.date)}, {one.title} ({', '.join(one.outlets) or one.article})"
        quote = "" if one.number in said else f": “{' '.join(one.quote.split())}”"
        lines.append(f"{source}{quote}{f' {one.url}' if one.url else ''}")
    return heading + "\n".join(lines) if lines else ""


def completion(answer: Answer) -> dict[str, Any]:
    """The whole answer at once."""
    message = {"role": "assistant", "content": content(answer), "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    return _head("chat.completion") | {"choices": [choice], "usage": _usage(answer)} | _extra(answer)


def chunks(answer: Answer, options: StreamOptions | None) -> Iterator[dict[str, Any]]:
    """The same in pieces, a line each; all of it has been checked by then, for no piece can be taken back."""
    head = _head("chat.completion.chunk")

    def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        return head | {"choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]}

    yield chunk({"role": "assistant", "content": ""})
    for line in content(answer).splitlines(keepends=True):
        yield chunk({"content": line})
    yield chunk({}, "stop") | _extra(answer)
    if options is not None and options.include_usage:
        yield head | {"choices": [], "usage": _usage(answer)}


def models() -> dict[str, Any]:
    """GET /v1/models."""
    return {"object": "list", "data": [{"id": MODEL, "object": "model", "created": 0, "owned_by": MODEL}]}


def _head(kind: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{secrets.token_hex(12)}",
        "object": kind,
        "created": int(time.time()),
        "model": MODEL,
    }


def _usage(answer: Answer) -> dict[str, int]:
    prompt, written = answer.tokens.prompt, answer.tokens.completion
    return {"prompt_tokens": prompt, "completion_tokens": written, "total_tokens": prompt + written}


def _extra(answer: Answer) -> dict[str, Any]:
    citations = answer.citations or answer.nearest
    return {"status": answer.status, "citations": [one.model_dump(mode="json") for one in citations]}
