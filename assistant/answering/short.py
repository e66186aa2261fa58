"""Short answers without a capable model: the reader's likeliest sentences, as they stand or in a small
model's words.

A small model words one sentence over the few that the reader likes best. If that does not hold, the articles'
own sentences answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from langchain_core.prompts import ChatPromptTemplate

from assistant.answering.evidence import Sentence, likeliest, plain
from assistant.answering.generate import clean
from assistant.answering.query import Query
from assistant.answering.verify import Drafted, Statement
from assistant.interface import Tokens
from assistant.models.replies import parse_object, readable, strings
from assistant.models.structured import StructuredChat
from assistant.retrieval import Passage

MOST_WORDS = 60
"""What quotes may say."""

MOST_QUOTES = 2

SECOND = 0.5
"""Share of the likeliest sentence's chance from which a second quote is worth saying."""


def numbered(passages: Sequence[Passage], count: int) -> list[Sentence]:
    """The `count` likeliest sentences in the order of their dates and places, with ids from 1."""
    ordered = sorted(likeliest(passages, count), key=lambda one: (str(one.article.published), *one.place))
    return [replace(sentence, id=str(number)) for number, sentence in enumerate(ordered, 1)]


def schema(sentences: int) -> dict[str, Any]:
    """JSON schema of a small model's reply: a sentence, and the numbers of those it rests on."""
    number = {"type": "integer", "enum": list(range(1, sentences + 1))}
    return {
        "type": "object",
        "properties": {
            "answer": {"type": "string", "minLength": 1, "maxLength": 240},
            "used": {"type": "array", "items": number, "minItems": 1, "maxItems": 2},
        },
        "required": ["answer", "used"],
        "additionalProperties": False,
    }


def draft(
    chat: StructuredChat,
    prompt: ChatPromptTemplate,
    query: Query,
    evidence: Sequence[Sentence],
    on_text: Callable[[str], None],
) -> tuple[list[Drafted], Tokens]:
    """One short sentence of a small model over a few sentences; none if it was cut off. Raises ModelError."""
    lines = [f"{one.id} ({one.article.published or 'no date'}) {plain(one.text)}" for one in evidence]
    messages = prompt.format_messages(evidence="\n".join(lines), question=query.as_asked())
    reply = chat.ask(messages, schema(len(evidence)), on_text=lambda raw: on_text(readable(raw)))
    given = parse_object(reply.text)
    text = clean(str(given.get("answer") or ""))
    used = tuple(strings(given.get("used", [])))
    return [Drafted(text, used)] if text and used and reply.finish != "length" else [], reply.tokens


def quotes(passages: Sequence[Passage]) -> list[Statement]:
    """The likeliest sentence, and a second one if it is nearly as likely, as they stand."""
    chosen: list[Sentence] = []
    words = 0
    for sentence in likeliest(passages, MOST_QUOTES):
        words += len(sentence.text.split())
        if chosen and (words > MOST_WORDS or sentence.chance < SECOND * chosen[0].chance):
            break
        chosen.append(sentence)
    return [quoted(sentence) for sentence in chosen]


def quoted(sentence: Sentence) -> Statement:
    """A sentence of an article as one of an answer."""
    return Statement(plain(sentence.text), (sentence,))
