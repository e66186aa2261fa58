"""The funnel: how far each piece of evidence came on its way to an answer, and where it was lost.

    corpus ─► index ─► candidates ─► rerank ─► prompt ─► claims

A stage without the evidence need not be the end: a quote that chunking cut in two can still stand whole in a
passage. Evidence is therefore lost at the stage after the last that held it. A right answer can rest on other
sentences than those of the gold, so lost evidence is an explanation, not a fault.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from assistant.corpus.articles import Article
from assistant.corpus.chunking import Chunk
from assistant.evaluation.gold.cases import Case, Evidence, quote_spans
from assistant.evaluation.run import Graded
from assistant.retrieval.fusion import ChunkKey
from assistant.schema import Answer, AnswerPassage

Stage = Literal["corpus", "index", "candidates", "rerank", "prompt", "claims"]
STAGES: tuple[Stage, ...] = get_args(Stage)

MEANING: dict[Stage, str] = {
    "corpus": "the quote stands in a stored article that the question may see",
    "index": "one paragraph of the index holds the whole quote",
    "candidates": "the searches found such a paragraph early enough for the reranker to read it",
    "rerank": "it stands in one of the passages that retrieval returned",
    "prompt": "it stands in the paragraphs that the model read",
    "claims": "the answer cites it",
}


@dataclass(frozen=True, slots=True)
class Step:
    """Whether a stage held the evidence (None if unknown); `note` says where, or why not."""

    stage: Stage
    held: bool | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Trace:
    """One piece of evidence with a step for each stage, in the order of `STAGES`."""

    evidence: Evidence
    steps: tuple[Step, ...]

    @property
    def lost(self) -> Stage | None:
        """The first stage without it after the last with it; None if the answer cites it, or if unknown."""
        lost: Stage | None = None
        for step in reversed(self.steps):
            if step.held:
                break
            if step.held is False:
                lost = step.stage
        return lost


@dataclass(frozen=True, slots=True)
class Retrieved:
    """What the stages of retrieval held for one question."""

    chunks: Mapping[str, Sequence[Chunk]]
    """The chunks of an article by its id, at least for articles of evidence."""
    dense: Mapping[ChunkKey, int]
    """1-based ranks in the search by embeddings, as in the next two."""
    lexical: Mapping[ChunkKey, int]
    fused: Mapping[ChunkKey, int]
    reranked: int
    """How many of the fused candidates the reranker reads."""
    passages: Sequence[AnswerPassage]
    """More than were returned, so that one that came a little late is seen."""
    returned: int
    read: Sequence[Chunk]
    """What a model is shown, unless the passages are too poor for one to be asked."""


def trace(
    graded: Graded, articles: Mapping[str, Article], retrieved: Retrieved | None = None
) -> tuple[Trace, ...]:
    """A trace of each piece of the case's evidence.

    Without `retrieved`, only the stages visible in an answer are known: corpus, rerank, claims.
    """
    return tuple(_trace(graded, evidence, articles, retrieved) for evidence in graded.case.evidence)


def lost_counts(traces: Iterable[Trace]) -> dict[Stage | None, int]:
    """How many pieces of evidence were lost at each stage, every stage named; None counts the cited ones."""
    counted = Counter(trace.lost for trace in traces)
    return {stage: counted[stage] for stage in (*STAGES, None)}


@dataclass(frozen=True, slots=True)
class _Place:
    """Characters of an article: where the evidence stands, or a near copy of it."""

    article: str
    start: int
    end: int

    def touches(self, article: str, start: int, end: int) -> bool:
        return article == self.article and start < self.end and self.start < end

    def within(self, article: str, start: int, end: int) -> bool:
        return article == self.article and start <= self.start and self.end <= end


def _trace(
    graded: Graded, evidence: Evidence, articles: Mapping[str, Article], retrieved: Retrieved | None
) -> Trace:
    answer = graded.answer
    article = articles.get(evidence.article)
    spans = quote_spans(article.text, evidence.quote) if article else []
    places = [_Place(evidence.article, start, end) for start, end in spans]
    found = retrieved.passages if retrieved else found_passages(graded)
    copies = [
        _Place(passage.article, passage.start, passage.end)
        for passage in found
        if evidence.article in passage.also_in
    ]
    return Trace(
        evidence,
        (
            _in_corpus(graded.case, article, stands=bool(places)),
            _in_index(places, retrieved),
            _among_candidates(places, retrieved),
            _in_passages(places, copies, found, retrieved.returned if retrieved else len(found)),
            _in_prompt([*places, *copies], retrieved, answer),
            _in_claims([*places, *copies], answer),
        ),
    )


def found_passages(graded: Graded) -> Sequence[AnswerPassage]:
    """What retrieval returned, whether or not there is an answer."""
    return graded.answer.passages if graded.answer else graded.passages


def _in_corpus(case: Case, article: Article | None, *, stands: bool) -> Step:
    if article is None:
        return Step("corpus", False, "no such article")
    if not stands:
        return Step("corpus", False, "the article does not hold the quote")
    if case.as_of and (article.published is None or article.published > case.as_of):
        return Step("corpus", False, f"the article is hidden as of {case.as_of}")
    return Step("corpus", True)


def _in_index(places: Sequence[_Place], retrieved: Retrieved | None) -> Step:
    if retrieved is None:
        return Step("index", None)
    chunks = [chunk for place in places for chunk in retrieved.chunks.get(place.article, ())]
    for chunk in chunks:
        if any(place.within(*_extent(chunk)) for place in places):
            return Step("index", True, f"paragraph {chunk.position + 1}")
    parts = sorted({chunk.position + 1 for chunk in _touched(places, retrieved)})
    note = f"cut between paragraphs {', '.join(map(str, parts))}" if parts else "in no paragraph"
    return Step("index", False, note)


def _among_candidates(places: Sequence[_Place], retrieved: Retrieved | None) -> Step:
    if retrieved is None:
        return Step("candidates", None)
    keys = [(chunk.article_id, chunk.position) for chunk in _touched(places, retrieved)]
    best = {
        name: min((ranks[key] for key in keys if key in ranks), default=None)
        for name, ranks in (
            ("dense", retrieved.dense),
            ("lexical", retrieved.lexical),
            ("fused", retrieved.fused),
        )
    }
    note = ", ".join(f"{name} {rank or '-'}" for name, rank in best.items())
    fused = best["fused"]
    if fused is not None and fused > retrieved.reranked:
        return Step("candidates", False, f"{note}; {retrieved.reranked} are reranked")
    return Step("candidates", fused is not None, note if fused else "neither search found it")


def _in_passages(
    places: Sequence[_Place], copies: Sequence[_Place], passages: Sequence[AnswerPassage], returned: int
) -> Step:
    for rank, passage in enumerate(passages, 1):
        extent = (passage.article, passage.start, passage.end)
        whole = any(place.within(*extent) for place in places)
        if whole or any(copy.within(*extent) for copy in copies):
            note = f"passage {rank}, score {passage.score:.2f}" + ("" if whole else ", a near copy")
            late = "" if rank <= returned else f"; {returned} are returned"
            return Step("rerank", rank <= returned, note + late)
    return Step("rerank", False, f"not in {len(passages)} passages" if passages else "no passages")


def _in_prompt(places: Sequence[_Place], retrieved: Retrieved | None, answer: Answer | None) -> Step:
    if answer and answer.abstention and not answer.seconds.generate:
        return Step("prompt", False, "no model was asked")
    if retrieved is None:
        return Step("prompt", None)
    for number, chunk in enumerate(retrieved.read, 1):
        if any(place.touches(*_extent(chunk)) for place in places):
            return Step("prompt", True, f"paragraph {number} of {len(retrieved.read)}")
    return Step("prompt", False, f"not in the {len(retrieved.read)} paragraphs read")


def _in_claims(places: Sequence[_Place], answer: Answer | None) -> Step:
    if answer is None:
        return Step("claims", None)
    numbers = [
        one.number
        for one in answer.citations
        if any(place.touches(one.article, one.start, one.end) for place in places)
    ]
    if numbers:
        return Step("claims", True, "cited as " + "".join(f"[{number}]" for number in numbers))
    return Step("claims", False, "not cited" if answer.citations else "no citations")


def _touched(places: Sequence[_Place], retrieved: Retrieved) -> list[Chunk]:
    return [
        chunk
        for article in dict.fromkeys(place.article for place in places)
        for chunk in retrieved.chunks.get(article, ())
        if any(place.touches(*_extent(chunk)) for place in places)
    ]


def _extent(chunk: Chunk) -> tuple[str, int, int]:
    return chunk.article_id, chunk.start, chunk.end
