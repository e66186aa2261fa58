"""Short answers without a capable model: the articles' own sentences, at most two.

The reader ranks the sentences. An embedded model then words an answer from the best of them, and the sentence
nearest to its words comes first. This finds the right one more often than the reader alone. But no check that
runs without a capable model can tell whether the model's own words are true (`make bench-claims`), so they
are never shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from assistant.answering.evidence import Sentence, likeliest, plain
from assistant.answering.query import Query
from assistant.answering.verify import Statement
from assistant.models.asking import Prompt, StructuredChat
from assistant.models.chat.json_replies import object_of, parse_object
from assistant.retrieval.passages import Passage
from assistant.schema import Tokens
from assistant.text.languages import count_words
from assistant.text.normalize import words

MOST_QUOTES = 2

MOST_WORDS = 60
"""Most words in two quotes together. Of 109 answerable questions of the dev halves of gold and Wikinews .60
are right with one quote (22 words, median), .73 with two of at most 50 words (35), .75 of at most 60 (37)."""

SECOND = 0.3
"""A second quote needs at least this share of the likeliest sentence's chance. Of these 109 answers it loses
none; .5 loses one."""

OLD = 0.3
"""Weight of a word repeated from the question, against 1 for a new word."""

LIKELY = 0.2
"""Weight of the reader's chance against nearness."""

SCHEMA = object_of(answer={"type": "string", "minLength": 1, "maxLength": 240})


def numbered(passages: Sequence[Passage], count: int) -> list[Sentence]:
    """The `count` likeliest sentences, ordered by date and position, with ids from 1."""
    ordered = sorted(likeliest(passages, count), key=lambda one: (str(one.article.published), *one.place))
    return [replace(sentence, id=str(number)) for number, sentence in enumerate(ordered, 1)]


def worded(
    chat: StructuredChat,
    prompt: Prompt,
    query: Query,
    evidence: Sequence[Sentence],
) -> tuple[str, Tokens]:
    """An embedded model's answer from a few sentences, in its own words. Raises ModelError."""
    lines = [f"{one.id} ({one.article.published or 'no date'}) {plain(one.text)}" for one in evidence]
    messages = prompt.format_messages(evidence="\n".join(lines), question=query.as_asked())
    reply = chat.ask(messages, SCHEMA)
    return str(parse_object(reply.text).get("answer") or ""), reply.tokens


def quotes(evidence: Sequence[Sentence], question: str, said: str = "") -> list[Statement]:
    """The sentence nearest to what was `said`, else the likeliest; and a second one if it fits."""

    def fit(sentence: Sentence) -> float:
        near = nearness(said, sentence.text, question) if said else 1.0
        return near + (LIKELY if said else 1.0) * sentence.chance

    if not evidence:
        return []
    first = max(evidence, key=fit)
    least = SECOND * max(sentence.chance for sentence in evidence)
    others = [one for one in evidence if one.place != first.place and one.chance >= least]
    chosen = [first, *sorted(others, key=lambda sentence: -sentence.chance)[: MOST_QUOTES - 1]]
    fits = sum(count_words(sentence.text) for sentence in chosen) <= MOST_WORDS
    return [quoted(sentence) for sentence in (chosen if fits else chosen[:1])]


def nearness(said: str, text: str, question: str) -> float:
    """Share of the words of `said` that occur in the text, 0 to 1; words of the question count less."""
    asked = set(words(question).split())
    spoken = [(word, OLD if word in asked else 1.0) for word in words(said).split()]
    known = set(words(text).split())
    total = sum(weight for _, weight in spoken)
    return sum(weight for word, weight in spoken if word in known) / total if total else 0.0


def quoted(sentence: Sentence) -> Statement:
    """An article's sentence as a statement of an answer."""
    return Statement(plain(sentence.text), (sentence,))
