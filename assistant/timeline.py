"""A timeline: what the articles say about a topic, in the order in which they were published.

    topic ─► many passages ─► the best sentence of each ─► near copies grouped ─► by date ─► Answer

Every entry is a verbatim sentence under the date of its article; nobody words anything.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from rapidfuzz import fuzz

from assistant.answer import EXTRACTIVE, MESSAGES
from assistant.chronology import chronology, merged, same
from assistant.chunks import heading
from assistant.citing import answer_passage, cite, hidden_warnings, marked, nearest
from assistant.evidence import Sentence, number_sentences, plain
from assistant.filters import Filters
from assistant.grounding import Grounded
from assistant.interface import Abstention, Answer, AnswerWarning, Seconds
from assistant.models.reranker import probability
from assistant.retrieval import Passage, Retriever
from assistant.untrusted import instruction_warnings

POOL = 30
"""Passages looked through."""

RELEVANT = 0.1
"""Score from which a passage is about the topic; set by looking at topics of the built-in corpus."""

ENTRIES = 12
"""A longer timeline is cut to the entries that fit the topic best."""


def timeline(retriever: Retriever, topic: str, filters: Filters = Filters()) -> Answer:
    """Dated claims about a topic, the earliest first, each cited; an abstention where there are none."""
    start = time.perf_counter()
    passages = retriever.retrieve(topic, filters, POOL) if any(map(str.isalnum, topic)) else []
    retrieved = time.perf_counter()
    relevant = [passage for passage in passages if passage.score >= RELEVANT]
    dated = [passage for passage in relevant if passage.article.published is not None]
    entries = merged([entry for passage in dated for entry in _entry(retriever, topic, passage)])
    claims = chronology(sorted(entries, key=lambda entry: -entry.support)[:ENTRIES])
    shown, citations = cite(claims)
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


def _entry(retriever: Retriever, topic: str, passage: Passage) -> list[Grounded]:
    """The sentence of the passage's best paragraph that fits the topic best, with its copies; or none."""
    sentences = number_sentences(passage.hits[:1])
    if not sentences:
        return []
    scores = _fit(retriever, topic, sentences)
    score, best = max(zip(scores, sentences, strict=True), key=lambda pair: (pair[0], -pair[1].number))
    copies = [other for other in number_sentences(passage.copies) if same(best.text, other.text)]
    return [Grounded(plain(best.text), (best, *copies), score)]


def _fit(retriever: Retriever, topic: str, sentences: Sequence[Sentence]) -> list[float]:
    """How well each sentence fits the topic, between 0 and 1: the cross-encoder's view, or common words."""
    if retriever.reranker is None:
        return [fuzz.token_set_ratio(topic, one.text) / 100 for one in sentences]
    pairs = [(topic, f"{heading(one.article)}\n{one.text}") for one in sentences]
    return [probability(logit) for logit in retriever.reranker.score(pairs)]


def _undated_warnings(left_out: int) -> list[AnswerWarning]:
    if not left_out:
        return []
    message = f"{left_out} passage{'s' if left_out > 1 else ''} about this left out, without a date"
    return [AnswerWarning(code="undated-left-out", message=message)]
