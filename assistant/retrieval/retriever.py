"""Retrieval: the passages that may answer a question, best first.

    question ─┬─► dense   (Chroma)    ─┬─► fused ─► reranked ─► read ─► copies grouped ─► widened ─► passages
              └─► lexical (catalogue) ─┘   (RRF)    (and timed)

Filters (day, section, outlet) apply inside both searches. Paragraphs are searched and ranked; a passage is a
paragraph extended with its neighbours up to a length limit. Every passage carries its rank at each stage, so
that a miss can be explained. `eval/RESULTS.md` shows what each stage contributes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from assistant.corpus.articles import Article
from assistant.corpus.chunking import Chunk, heading
from assistant.errors import ModelError
from assistant.index.filters import Filters
from assistant.injection.scan import blanked, without_instructions
from assistant.retrieval.fusion import ChunkKey, group_copies, reciprocal_rank_fusion
from assistant.retrieval.passages import Hit, Passage, Ranks
from assistant.retrieval.scores import Scores, logit
from assistant.retrieval.similarity import in_place, unreadable, weighed
from assistant.retrieval.time_preference import time_preference
from assistant.text.dates import Times, question_times
from assistant.text.languages import count_words

if TYPE_CHECKING:
    from assistant.index.opened import Index
    from assistant.models.encoders.kinds import Embeddings, Reranker
    from assistant.models.encoders.reader import Reader

POOL = 50
"""Chunks taken from each of the two searches, or more if more passages are asked for."""

PRIOR = 0.5
"""Weight of the fused rank: the reranker's logit is reduced by PRIOR * ln(rank). The two searches act as a
prior to the cross-encoder's likelihood. Chosen on the dev half of gold."""

CITED = 5
"""Chunks from the previous answer's cited articles that are always reranked for a follow-up."""

CANDIDATES, READ = 12, 6
"""Chunks that are reranked, and then read, each of which takes as long. For 157 gold questions these find as
much as 22 and 9: recall@8 .95, MRR .76 for .77."""

FIRST, FIRST_READ = 8, 2
"""Chunks that are reranked, and read, before the others, which are left out where these tell enough."""

ABOUT = 4.0
"""Logit by reranker, fused rank and time from which a chunk is so surely about the question that no further
ones are reranked."""

ANSWERS, BEHIND = 0.0, 5.0
"""The reader's logit from which a chunk answers, so that no further ones are read; and how far behind the
best logit so far one may lie to be read. `eval/RESULTS.md`, Speed, has what all this saves and costs."""

THOROUGH = 22, 9
"""For a capable model, which is given 14 passages, and for an overview of a topic."""


@dataclass(frozen=True, eq=False)
class Retriever:
    """Hybrid retrieval over an index; threads take turns. LangChain's form of it is in `api.runnable`."""

    index: Index
    embeddings: Embeddings
    reranker: Reranker | None = None
    reader: Reader | None = None
    candidates: int = CANDIDATES
    most_read: int = READ
    eager: bool = False
    """Whether ranking stops where the first chunks tell enough, as for a search; an answer wants more."""
    k: int = 8
    most_words: int = 160

    def thorough(self) -> Retriever:
        """The same, with at least as much reranked and read as for a capable model."""
        candidates, most_read = THOROUGH
        return replace(
            self,
            candidates=max(candidates, self.candidates),
            most_read=max(most_read, self.most_read),
        )

    def retrieve(
        self,
        question: str,
        filters: Filters = Filters(),
        k: int | None = None,
        *,
        cited: Sequence[str] = (),
        on_candidates: Callable[[list[Passage]], object] | None = None,
    ) -> list[Passage]:
        """The k best passages for a question, best first; articles `cited` before are candidates.

        `on_candidates` receives the results of the two searches, in fused order, because ranking them takes
        ten times as long as finding them.
        """
        index = self.index
        k = k if k is not None else self.k
        with index.lock:
            pool = max(POOL, 2 * k)
            dense = self.dense(question, pool, filters)
            lexical = index.catalogue.search(question, pool, filters)
            hits = self._fuse(dense, lexical)
            if cited:
                near = self.dense(question, CITED, replace(filters, articles=tuple(cited)))
                hits = self._with_candidates(hits, near)
            if on_candidates is not None:
                on_candidates(self._passages(hits[: self.candidates], k))
            head = hits[: self.candidates]
            foreign = unreadable(question, head)
            ranked = [hit for hit in head if hit.chunk.id not in foreign]
            if self.reranker is not None and ranked:
                today = filters.as_of or index.catalogue.newest(filters)
                times = question_times(question, today) if today else None
                first = FIRST if self.eager and not cited else None
                ranked = rerank(self.reranker, question, ranked, times, first)
            if self.reader is not None and ranked:
                first = FIRST_READ if self.eager else None
                ranked = read(self.reader, question, ranked, self.most_read, first)
            rest = hits[self.candidates :]
            hits = in_place(head, ranked) + (_below(rest, ranked) if self.reranker or self.reader else rest)
            return self._passages(self._weighed(question, hits, foreign), k)

    def _weighed(self, question: str, hits: list[Hit], foreign: frozenset[str]) -> list[Hit]:
        """The hits, with the sentences of those among the first that no reader understands weighed."""
        chosen = [hit for hit in hits[: self.most_read] if hit.chunk.id in foreign]
        if not chosen:
            return hits
        known = {hit.chunk.id: hit for hit in weighed(self.embeddings, question, chosen)}
        return [known.get(hit.chunk.id, hit) for hit in hits]

    def dense(self, question: str, count: int, filters: Filters) -> list[tuple[str, int, float]]:
        """The chunks nearest to the question: (article id, position, cosine similarity), best first.

        Raises ModelError for an embedding that is no direction: everything would be as near to it.
        """
        vector = self.embeddings.embed_query(question)
        if not any(vector) or not all(map(math.isfinite, vector)):
            raise ModelError("the embedder gave a vector that is no direction; choose another --embedder")
        found = self.index.dense(vector, count, filters)
        return [(article, position, round(similarity, 4)) for article, position, similarity in found]

    def _passages(self, hits: Sequence[Hit], k: int) -> list[Passage]:
        """The k best passages from the hits, with the near-duplicates of each."""
        kept, copies = group_copies(hits)
        return [
            replace(
                passage, copies=tuple(copy for hit in passage.hits for copy in copies.get(hit.chunk.id, ()))
            )
            for passage in self._widen(kept, k)
        ]

    def _fuse(self, dense: list[tuple[str, int, float]], lexical: list[tuple[str, int, float]]) -> list[Hit]:
        """Candidates by reciprocal rank fusion; the score is the cosine until a reranker gives a logit."""
        dense_rank = {(article, position): rank for rank, (article, position, _) in enumerate(dense, 1)}
        lexical_rank = {(article, position): rank for rank, (article, position, _) in enumerate(lexical, 1)}
        similarity = {(article, position): score for article, position, score in dense}
        bm25 = {(article, position): score for article, position, score in lexical}
        hits: list[Hit] = []
        articles: dict[str, Article] = {}
        catalogue = self.index.catalogue
        for key in reciprocal_rank_fusion(list(dense_rank), list(lexical_rank)):
            article = articles.get(key[0]) or catalogue.article(key[0])
            chunk = catalogue.chunk(article, key[1]) if article else None
            if article is None or chunk is None:
                continue  # another run has replaced the state that the vectors came from
            articles[key[0]] = article
            ranks = Ranks(dense_rank.get(key), lexical_rank.get(key), len(hits) + 1)
            scores = Scores(similarity.get(key), bm25.get(key))
            hits.append(Hit(chunk, article, scores.probability, ranks, scores))
        return hits

    def _with_candidates(self, hits: list[Hit], near: list[tuple[str, int, float]]) -> list[Hit]:
        """The hits, with these chunks among those that are reranked: behind the others, as far as they are
        not there yet."""
        head = {hit.chunk.id for hit in hits[: self.candidates]}
        ranked = {hit.chunk.id: hit for hit in hits}
        added = [
            ranked.get(hit.chunk.id, replace(hit, ranks=Ranks()))
            for hit in self._fuse(near, [])
            if hit.chunk.id not in head
        ]
        ids = {hit.chunk.id for hit in added}
        others = [hit for hit in hits if hit.chunk.id not in ids]
        place = max(0, self.candidates - len(added))
        return [*others[:place], *added, *others[place:]]

    def _widen(self, hits: Sequence[Hit], k: int) -> list[Passage]:
        """Extends each hit with neighbours up to `most_words`; skips a hit already inside a passage."""
        by_place = {(hit.article.id, hit.chunk.position): hit for hit in hits}
        taken: set[ChunkKey] = set()
        passages: list[Passage] = []
        for hit in hits:
            if len(passages) == k:
                break
            if (hit.article.id, hit.chunk.position) in taken:
                continue
            chunks = self._neighbourhood(hit, taken)
            places = [(hit.article.id, chunk.position) for chunk in chunks]
            inside = [by_place[place] for place in places if place in by_place]
            taken.update(places)
            inside.sort(key=lambda one: (one is not hit, -one.score, one.chunk.position))
            passages.append(Passage(hit.article, chunks[0].start, chunks[-1].end, tuple(inside)))
        return passages

    def _neighbourhood(self, hit: Hit, taken: set[ChunkKey]) -> list[Chunk]:
        """The hit's chunk and those after and before it, in the order of the article."""
        chunks = [hit.chunk]
        words = count_words(hit.chunk.text)
        grew = True
        while grew:
            grew = False
            for position, place in ((chunks[-1].position + 1, len(chunks)), (chunks[0].position - 1, 0)):
                chunk = self.index.catalogue.chunk(hit.article, position)
                if chunk is None or (hit.article.id, position) in taken:
                    continue
                more = count_words(chunk.text)
                if words + more <= self.most_words:
                    chunks.insert(place, chunk)
                    words += more
                    grew = True
        return chunks


def rerank(
    reranker: Reranker, question: str, hits: Sequence[Hit], times: Times | None, first: int | None = None
) -> list[Hit]:
    """Reranks the hits by cross-encoder, fused rank and time; only the `first` where one is surely about the
    question, and the rest follow unchanged."""

    def prior(rank: int, hit: Hit) -> float:
        return (time_preference(times, hit.article.published) if times else 0.0) - PRIOR * math.log(rank)

    def shown(article: Article, chunk: Chunk) -> str:
        # Words to a machine do not help a passage to be found.
        return f"{heading(article)}\n{without_instructions(article.text, chunk.start, chunk.end)}"

    def scored(hits: Sequence[Hit], rank: int) -> list[Hit]:
        logits = reranker.score([(question, shown(hit.article, hit.chunk)) for hit in hits])
        return [
            replace(hit, scores=replace(hit.scores, rerank=value, prior=prior(rank, hit)))
            for rank, (hit, value) in enumerate(zip(hits, logits, strict=True), rank)
        ]

    known = scored(hits[:first], 1)
    if (rest := hits[len(known) :]) and all(hit.scores.ranked < ABOUT for hit in known):
        known, rest = known + scored(rest, len(known) + 1), []
    ranked = _ranked(known)
    return ranked + _below(rest, ranked)


def read(
    reader: Reader, question: str, hits: list[Hit], most: int = READ, first: int | None = None
) -> list[Hit]:
    """Reranks the first `most` hits with the reader's score added, or only the `first` where one answers, and
    otherwise only those near the best; the rest follow unchanged."""

    def scored(hits: list[Hit]) -> list[Hit]:
        texts = [blanked(hit.article.text, hit.chunk.start, hit.chunk.end) for hit in hits]
        readings = reader.read(question, texts, [heading(hit.article) for hit in hits])
        return [
            replace(hit, scores=replace(hit.scores, reader=logit(reading.answers or 0.0)), reading=reading)
            for hit, reading in zip(hits, readings, strict=True)
        ]

    head, rest = hits[:most], hits[most:]
    known, others = scored(head[:first]), head[len(head[:first]) :]
    least = max((hit.scores.ranked for hit in head), default=0.0) - BEHIND
    near = [hit for hit in others if hit.scores.ranked >= least]
    if near and all((hit.scores.reader or 0.0) < ANSWERS for hit in known):
        known += scored(near)
        others = [hit for hit in others if hit not in near]
    ranked = _ranked(known)
    return ranked + _below([*others, *rest], ranked)


def _ranked(scored: Sequence[Hit]) -> list[Hit]:
    """The scored hits, best first, ties by id."""
    valued = [replace(hit, score=hit.scores.probability) for hit in scored]
    ordered = sorted(valued, key=lambda hit: (-hit.score, hit.chunk.article_id, hit.chunk.position))
    return [replace(hit, ranks=replace(hit.ranks, reranked=rank)) for rank, hit in enumerate(ordered, 1)]


def _below(rest: Sequence[Hit], ranked: Sequence[Hit]) -> list[Hit]:
    """The rest, scored no higher than the last that was ranked, and no lower than what follows."""
    most, least = min((hit.score for hit in ranked), default=1.0), 0.0
    fitted = []
    for hit in reversed(rest):
        least = max(least, min(hit.score, most))
        fitted.append(replace(hit, score=least))
    return fitted[::-1]
