"""A timeline: what the articles say about a topic, in the order in which they were published.

    topic ─► many passages ─► the best sentence of each ─► near copies grouped ─► by date ─► Answer

Every entry is a verbatim sentence under the date of its article; nobody words anything.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from assistant.answer import EXTRACTIVE, MESSAGES
from assistant.chunks import heading
from assistant.citing import answer_passage, cite, hidden_warnings, marked, nearest
from assistant.evidence import Sentence, number_sentences, plain
from assistant.filters import Filters
from assistant.grounding import RESTATED, Grounded
from assistant.interface import Abstention, Answer, AnswerWarning, Claim, Seconds
from assistant.models.reranker import probability
from assistant.retrieval import Passage, Retriever
from assistant.surface import words
from assistant.untrusted import instruction_warnings

POOL = 30
"""Passages looked through."""

RELEVANT = 0.1
"""Score from which a passage is about the topic; set by looking at topics of the built-in corpus."""

ENTRIES = 12
"""A longer timeline is cut to the entries that fit the topic best."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A sentence, then those that say nearly the same, and how well it fits the topic, between 0 and 1."""

    sentences: tuple[Sentence, ...]
    score: float

    @property
    def place(self) -> tuple[dt.date, str, int]:
        """What entries are ordered by; all of them are dated."""
        first = self.sentences[0]
        return first.article.published or dt.date.max, first.article.id, first.start


def timeline(retriever: Retriever, topic: str, filters: Filters = Filters()) -> Answer:
    """Dated claims about a topic, the earliest first, each cited; an abstention where there are none."""
    start = time.perf_counter()
    passages = retriever.retrieve(topic, filters, POOL) if any(map(str.isalnum, topic)) else []
    retrieved = time.perf_counter()
    relevant = [passage for passage in passages if passage.score >= RELEVANT]
    dated = [passage for passage in relevant if passage.article.published is not None]
    entries = _grouped([entry for passage in dated for entry in _entry(retriever, topic, passage)])
    best = sorted(entries, key=lambda entry: -entry.score)[:ENTRIES]
    claims = [_claim(entry) for entry in sorted(best, key=lambda entry: entry.place)]
    citations, numbers = cite(claims)
    shown = [
        Claim(text=claim.text, citations=numbered, support=round(claim.support, 4))
        for claim, numbered in zip(claims, numbers, strict=True)
    ]
    end = time.perf_counter()
    catalogue = retriever.index.catalogue
    nothing = Abstention(reason="nothing-relevant", message=MESSAGES["nothing-relevant"])
    return Answer(
        question=topic,
        as_of=filters.as_of,
        status="answered" if shown else "abstained",
        abstention=None if shown else nothing,
        confidence=round(dated[0].score, 4) if shown else 0.0,
        answer="\n".join(marked(claim) for claim in shown),
        claims=shown,
        citations=citations,
        nearest=[] if shown else nearest(passages),
        passages=[answer_passage(passage) for passage in relevant],
        corpus_ends=catalogue.newest(filters),
        warnings=[
            *instruction_warnings(one.article for claim in claims for one in claim.sentences),
            *_undated_warnings(len(relevant) - len(dated)),
            *hidden_warnings(catalogue.counts()[2], filters),
        ],
        model=EXTRACTIVE,
        seconds=Seconds(
            retrieve=round(retrieved - start, 3),
            ground=round(end - retrieved, 3),
            total=round(end - start, 3),
        ),
    )


def _entry(retriever: Retriever, topic: str, passage: Passage) -> list[_Entry]:
    """The sentence of the passage's best paragraph that fits the topic best, with its copies; or none."""
    sentences = number_sentences(passage.hits[:1])
    if not sentences:
        return []
    scores = _fit(retriever, topic, sentences)
    score, best = max(zip(scores, sentences, strict=True), key=lambda pair: (pair[0], -pair[1].number))
    copies = [other for other in number_sentences(passage.copies) if _same(best, other)]
    return [_Entry((best, *copies), score)]


def _fit(retriever: Retriever, topic: str, sentences: Sequence[Sentence]) -> list[float]:
    """How well each sentence fits the topic, between 0 and 1: the cross-encoder's view, or common words."""
    if retriever.reranker is None:
        return [fuzz.token_set_ratio(topic, one.text) / 100 for one in sentences]
    pairs = [(topic, f"{heading(one.article)}\n{one.text}") for one in sentences]
    return [probability(logit) for logit in retriever.reranker.score(pairs)]


def _grouped(entries: Sequence[_Entry]) -> list[_Entry]:
    """One entry for those that say nearly the same: the earliest, which cites the others too."""
    groups: list[_Entry] = []
    for entry in sorted(entries, key=lambda entry: entry.place):
        for number, group in enumerate(groups):
            if _same(group.sentences[0], entry.sentences[0]):
                groups[number] = _Entry(group.sentences + entry.sentences, max(group.score, entry.score))
                break
        else:
            groups.append(entry)
    return groups


def _same(one: Sentence, other: Sentence) -> bool:
    return fuzz.token_set_ratio(words(one.text), words(other.text)) >= RESTATED


def _claim(entry: _Entry) -> Grounded:
    first = entry.sentences[0]
    day = first.article.published
    date = f"{day.day} {day:%B %Y}: " if day else ""
    return Grounded(date + plain(first.text), entry.sentences, entry.score)


def _undated_warnings(left_out: int) -> list[AnswerWarning]:
    if not left_out:
        return []
    message = f"{left_out} passage{'s' if left_out > 1 else ''} about this left out, without a date"
    return [AnswerWarning(code="undated-left-out", message=message)]
