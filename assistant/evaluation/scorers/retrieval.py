"""Scorers of retrieval: pure functions of a case and the passages found for it, best first.

A case needs its evidence quotes. One is found by the first passage that holds it whole, or that has a near
copy in the evidence article (`also_in`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import log2

from assistant.evaluation.gold.cases import Case, Evidence, quote_spans
from assistant.evaluation.scorers.score import Articles, Score, share
from assistant.schema import AnswerPassage

Passages = Sequence[AnswerPassage]


RetrievalScorer = Callable[[Case, Passages], Score]


def retrieval_scorers(articles: Articles, *, k: int = 8) -> tuple[RetrievalScorer, ...]:
    """All scorers of this module, over these articles and the first `k` passages."""
    return tuple(partial(scorer, articles=articles, k=k) for scorer in (evidence_recall, mrr, ndcg))


def evidence_recall(case: Case, passages: Passages, *, articles: Articles, k: int) -> Score:
    """Share of the evidence quotes that stand whole in one of the first `k` passages.

    Recall@k (Manning, Raghavan, Schütze, "Introduction to Information Retrieval", 2008, 8.4). None without
    evidence.
    """
    name = f"evidence recall@{k}"
    if not case.evidence:
        return Score(name, None, "no evidence")
    ranks = evidence_ranks(case, passages[:k], articles)
    lacking = [one.article for one, rank in zip(case.evidence, ranks, strict=True) if rank is None]
    return share(name, len(case.evidence), lacking, "not found")


def mrr(case: Case, passages: Passages, *, articles: Articles, k: int) -> Score:
    """One over the rank of the first passage with any evidence, 0 beyond `k`; None without evidence.

    Its mean is the mean reciprocal rank (Voorhees, "The TREC-8 Question Answering Track Report", 1999).
    """
    name = f"MRR@{k}"
    if not case.evidence:
        return Score(name, None, "no evidence")
    found = [rank for rank in evidence_ranks(case, passages[:k], articles) if rank is not None]
    return Score(name, 1 / min(found), f"rank {min(found)}") if found else Score(name, 0.0, "not found")


def ndcg(case: Case, passages: Passages, *, articles: Articles, k: int) -> Score:
    """Discounted gain of the evidence quotes over that of the best order, 0 to 1; None without evidence.

    nDCG@k (Järvelin and Kekäläinen, "Cumulated Gain-Based Evaluation of IR Techniques", 2002) of a ranking in
    which each quote stands at the place of the first passage that holds it, and a passage without a new quote
    is irrelevant. So a passage that holds two is worth both.
    """
    name = f"nDCG@{k}"
    if not case.evidence:
        return Score(name, None, "no evidence")
    ranks = evidence_ranks(case, passages[:k], articles)
    gains: list[int] = []
    for rank in range(1, len(passages[:k]) + 1):
        gains += [1] * ranks.count(rank) or [0]
    ideal = [1] * len(case.evidence)
    value = _discounted(gains[:k]) / _discounted(ideal[:k])
    return Score(name, value, f"ranks {', '.join(str(rank or '-') for rank in ranks)}")


def evidence_ranks(case: Case, passages: Passages, articles: Articles) -> tuple[int | None, ...]:
    """For each piece of evidence, the 1-based rank of the first passage that holds it."""
    return tuple(
        next((rank for rank, one in enumerate(passages, 1) if _shows(one, evidence, articles)), None)
        for evidence in case.evidence
    )


def _shows(passage: AnswerPassage, evidence: Evidence, articles: Articles) -> bool:
    if evidence.article in passage.also_in:
        return True
    if passage.article != evidence.article or passage.article not in articles:
        return False
    spans = quote_spans(articles[passage.article].text, evidence.quote)
    return any(passage.start <= start and end <= passage.end for start, end in spans)


def _discounted(gains: Sequence[int]) -> float:
    return sum(gain / log2(place + 1) for place, gain in enumerate(gains, 1))
