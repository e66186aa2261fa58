"""What stands in for the English encoders where a question or an article is in another language.

Reranker and reader would judge text they cannot read. So such hits keep the place that the two searches gave
them, and their sentences are weighed by how near the embedder finds them to the question. Nothing is said of
whether they answer it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from assistant.corpus.articles import Article
from assistant.corpus.chunking import sentence_spans
from assistant.models.encoders.kinds import Embeddings
from assistant.models.encoders.reader import Reading
from assistant.retrieval.passages import Hit, Passage
from assistant.schema import AnswerWarning
from assistant.text.languages import ENGLISH, base, is_english, is_foreign

LATER = 0.05
"""What a sentence loses in similarity for each passage before its own. Of 62 questions in six languages, the
answer is among the six best sentences in .77 with it, in .69 without."""

UNREAD = (
    "no model here reads the language of the question or of these articles: the sentences nearest to the"
    " question are quoted, and nothing has judged whether they answer it"
)


def unreadable(question: str, hits: Sequence[Hit]) -> frozenset[str]:
    """Ids of the chunks that are not in English; of all, if the question is not."""
    if is_foreign(question):
        return frozenset(hit.chunk.id for hit in hits)
    articles = {hit.article.id: hit.article for hit in hits}
    foreign = {name for name, article in articles.items() if not _in_english(article)}
    return frozenset(hit.chunk.id for hit in hits if hit.article.id in foreign)


def _in_english(article: Article) -> bool:
    return base(article.language) == ENGLISH or (not article.language and is_english(article.opening))


def unread(passages: Sequence[Passage]) -> list[AnswerWarning]:
    """A warning, if one of the passages was found in a language that no reader knows."""
    readings = [hit.reading for passage in passages for hit in passage.hits if hit.reading]
    if all(reading.answers is not None for reading in readings):
        return []
    return [AnswerWarning(code="language-unread", message=UNREAD)]


def in_place(hits: Sequence[Hit], ranked: Sequence[Hit]) -> list[Hit]:
    """The hits in order, those that were ranked in the order of their ranking; the scores of the others are
    fitted between theirs."""
    ids = {hit.chunk.id for hit in ranked}
    left = iter(ranked)
    most, least = 1.0, 0.0
    placed = []
    for hit in hits:
        own = next(left) if hit.chunk.id in ids else replace(hit, score=min(hit.score, most))
        most = own.score if hit.chunk.id in ids else most
        placed.append(own)
    for place, hit in reversed(list(enumerate(placed))):
        least = max(hit.score, least)
        placed[place] = replace(hit, score=least)
    return placed


def weighed(embeddings: Embeddings, question: str, hits: Sequence[Hit]) -> list[Hit]:
    """The hits, best first, with a reading made of the cosine similarity of question and sentence."""
    spans = [sentence_spans(hit.chunk.text, hit.article.language) for hit in hits]
    texts = [hit.chunk.text[start:end] for hit, own in zip(hits, spans, strict=True) for start, end in own]
    if not texts:
        return list(hits)
    similar = iter(
        np.asarray(embeddings.embed_documents(texts)) @ np.asarray(embeddings.embed_query(question))
    )
    read = []
    for place, (hit, own) in enumerate(zip(hits, spans, strict=True)):
        weights = tuple((start, max(0.0, float(next(similar)) - LATER * place)) for start, _ in own)
        read.append(replace(hit, reading=Reading(0, 0, None, 0.0, weights)))
    return read
