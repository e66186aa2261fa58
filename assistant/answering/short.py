"""Short answers without a capable model: the articles' own sentences, at most two.

The reader ranks the sentences. An embedded model then words an answer over the best of them, and the sentence
that is nearest to its words comes first: it finds the right one more often than the reader alone, but no
check that runs without a capable model tells whether what it says itself is true (`make bench-claims`), so
nobody sees its words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from langchain_core.prompts import ChatPromptTemplate

from assistant.answering.evidence import Sentence, likeliest, plain
from assistant.answering.query import Query
from assistant.answering.verify import Statement
from assistant.interface import Tokens
from assistant.models.replies import parse_object, readable
from assistant.models.structured import StructuredChat
from assistant.passages import Passage
from assistant.surface import words

MOST_WORDS = 60
"""What quotes may say."""

MOST_QUOTES = 2

SECOND = 0.2
"""Share of the likeliest sentence's chance from which a second quote is worth saying."""

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"answer": {"type": "string", "minLength": 1, "maxLength": 240}},
    "required": ["answer"],
    "additionalProperties": False,
}


def numbered(passages: Sequence[Passage], count: int) -> list[Sentence]:
    """The `count` likeliest sentences in the order of their dates and places, with ids from 1."""
    ordered = sorted(likeliest(passages, count), key=lambda one: (str(one.article.published), *one.place))
    return [replace(sentence, id=str(number)) for number, sentence in enumerate(ordered, 1)]


def worded(
    chat: StructuredChat,
    prompt: ChatPromptTemplate,
    query: Query,
    evidence: Sequence[Sentence],
    on_text: Callable[[str], None],
) -> tuple[str, Tokens]:
    """An embedded model's answer in its own words over a few sentences. Raises ModelError."""
    lines = [f"{one.id} ({one.article.published or 'no date'}) {plain(one.text)}" for one in evidence]
    messages = prompt.format_messages(evidence="\n".join(lines), question=query.as_asked())
    reply = chat.ask(messages, SCHEMA, on_text=lambda raw: on_text(readable(raw)))
    return str(parse_object(reply.text).get("answer") or ""), reply.tokens


def quotes(evidence: Sequence[Sentence], said: str = "") -> list[Statement]:
    """The sentence nearest to what was `said`, and the likeliest one if that is another and there is room.

    Where nothing was said, the likeliest, and a second one if it is nearly as likely.
    """
    ranked = sorted(evidence, key=lambda sentence: -sentence.chance)[:MOST_QUOTES]
    if ranked and said:
        chosen = max(evidence, key=lambda sentence: (nearness(said, sentence.text), sentence.chance))
        ranked = [chosen, *ranked[:1]]
    elif len(ranked) > 1 and ranked[1].chance < SECOND * ranked[0].chance:
        ranked = ranked[:1]
    distinct = list(dict.fromkeys(ranked))
    room = MOST_WORDS - sum(len(sentence.text.split()) for sentence in distinct)
    return [quoted(sentence) for sentence in (distinct if room >= 0 else distinct[:1])]


def nearness(said: str, text: str) -> float:
    """Share of the words of what was said that stand in the text, 0 to 1."""
    spoken = words(said).split()
    known = set(words(text).split())
    return sum(word in known for word in spoken) / len(spoken) if spoken else 0.0


def quoted(sentence: Sentence) -> Statement:
    """A sentence of an article as one of an answer."""
    return Statement(plain(sentence.text), (sentence,))
