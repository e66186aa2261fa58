"""Explaining: where one case's evidence was lost, and so whose fault a wrong answer is.

The searches are made again, since an answer does not tell what they passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from rich.console import Console
from rich.text import Text

from assistant.answering.citations import answer_passage
from assistant.answering.pipeline import MORE
from assistant.answering.query import make_query
from assistant.corpus.articles import Article
from assistant.corpus.chunking import Chunk
from assistant.evaluation.diagnosis.funnel import Retrieved, Step, Trace, trace
from assistant.evaluation.run import Graded, Report
from assistant.evaluation.scorers.standard import outcome
from assistant.index.catalogue.lexical import Catalogue
from assistant.index.filters import Filters
from assistant.retrieval.fusion import ChunkKey, fused, reciprocal_rank_fusion
from assistant.retrieval.retriever import POOL, Retriever
from assistant.terminal.render import safe


def explain(
    graded: Graded, articles: Mapping[str, Article], retriever: Retriever, read: int, console: Console
) -> None:
    """Prints a case, its answer and scores, and the funnel of each piece of its evidence.

    `read` is the number of passages that are read.
    """
    for line in _about(graded):
        console.print(Text(safe(line)))
    traces = trace(graded, articles, retrieve(retriever, graded, read)) if graded.case.evidence else ()
    for number, one in enumerate(traces, 1):
        console.print()
        _print_trace(number, one, console)


def _about(graded: Graded) -> Iterator[str]:
    case, answer = graded.case, graded.answer
    as_of = f", as of {case.as_of}" if case.as_of else ""
    yield f"{case.id} ({case.type}, {case.half} half{as_of})"
    for turn in case.history:
        yield f"before:   {turn.question} - {turn.answer}"
    yield f"question: {case.question}"
    yield f"expected: {'; '.join(' | '.join(group) for group in case.expect) or 'an abstention'}"
    if answer is None:
        yield (
            f"unmeasured, {graded.status}: {graded.error}" if graded.error else f"unmeasured, {graded.status}"
        )
        return
    yield f"answer:   {answer.answer or (answer.abstention and answer.abstention.message)}"
    yield f"outcome:  {outcome(case, answer)}, confidence {answer.confidence:.2f}"
    for score in graded.scores:
        value = "-" if score.value is None else f"{score.value:.2f}"
        yield f"  {score.name}: {value}, {score.why}"


def _print_trace(number: int, one: Trace, console: Console) -> None:
    cited = "cited" if one.steps[-1].held else "not lost, as far as is known"
    end = f"lost at {one.lost}" if one.lost else cited
    console.print(Text(safe(f"evidence {number}, {one.evidence.article}: {end}"), style="bold"))
    console.print(Text(safe(f"  “{one.evidence.quote}”")))
    for step in one.steps:
        console.print(Text(safe(f"  {step.stage:12}{_held(step):8}{step.note}".rstrip())))


def _held(step: Step) -> str:
    return "unknown" if step.held is None else "held" if step.held else "not"


def retrieve_lost(
    report: Report, articles: Mapping[str, Article], retriever: Retriever, read: int
) -> dict[str, Retrieved]:
    """Searches again for each case with evidence that its answer does not cite: by the case's id."""
    return {
        graded.case.id: retrieve(retriever, graded, read)
        for graded in report.graded
        if any(one.lost for one in trace(graded, articles))
    }


def retrieve(retriever: Retriever, graded: Graded, read: int) -> Retrieved:
    """Searches again for the case as it was searched for, stage by stage; `read` is the number of passages
    that are read.

    A rank is the best of all searches.
    """
    case, answer = graded.case, graded.answer
    index = retriever.index
    newest = index.catalogue.newest(Filters(as_of=case.as_of))
    query = make_query(case.question, case.turns(), Filters(as_of=case.as_of), newest)
    if answer and answer.rewritten:
        query = replace(query, standalone=answer.rewritten)
    first = len(query.searches)
    further = answer.searches[first:] if answer else []
    searches = [*query.searches, *further]
    pool = max(POOL, 2 * retriever.k)
    dense = [_keys(retriever.dense(search, pool, query.filters)) for search in searches]
    lexical = [_keys(index.catalogue.search(search, pool, query.filters)) for search in searches]
    # As many as leave the pool as it is: a larger one would be another retrieval.
    rankings = [retriever.retrieve(search, query.filters, pool // 2) for search in searches]
    returned = max(retriever.k, read)
    found = fused([], [ranking[:returned] for ranking in rankings[:first]], returned)
    if answer and further:
        found = fused(found, [ranking[:MORE] for ranking in rankings[first:]], MORE * (answer.rounds - 1))
        read = returned = len(found)
    passages = fused(found, rankings, pool // 2)
    articles = {evidence.article for evidence in case.evidence}
    return Retrieved(
        chunks={article: article_chunks(index.catalogue, article) for article in articles},
        dense=_best_ranks(dense),
        lexical=_best_ranks(lexical),
        fused=_best_ranks(reciprocal_rank_fusion(*both) for both in zip(dense, lexical, strict=True)),
        reranked=retriever.candidates if retriever.reranker is not None else 2 * pool,
        passages=[answer_passage(passage) for passage in passages],
        returned=returned,
        read=[hit.chunk for passage in passages[:read] for hit in passage.hits],
    )


def article_chunks(catalogue: Catalogue, article_id: str) -> list[Chunk]:
    """The chunks of a stored article in their order; none for an article that is not stored."""
    article = catalogue.article(article_id)
    chunks: list[Chunk] = []
    if article is not None:
        while chunk := catalogue.chunk(article, len(chunks)):
            chunks.append(chunk)
    return chunks


def _keys(found: Iterable[tuple[str, int, float]]) -> list[ChunkKey]:
    return [(article, position) for article, position, _ in found]


def _best_ranks(rankings: Iterable[Iterable[ChunkKey]]) -> dict[ChunkKey, int]:
    best: dict[ChunkKey, int] = {}
    for ranking in rankings:
        for rank, key in enumerate(ranking, 1):
            best[key] = min(rank, best.get(key, rank))
    return best
