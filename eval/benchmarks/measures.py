"""Measures of retrieval: from the passages found for a question to a table of means with their intervals.

RR and nDCG come from ir-measures (MacAvaney, Macdonald and Ounis 2022), which the extra `bench` installs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import ir_measures
from ir_measures import RR, Qrel, ScoredDoc, nDCG

from assistant.evaluation.gate.statistics import mean_interval
from assistant.evaluation.report import table
from assistant.retrieval.passages import Passage
from eval.benchmarks.data import SEVERAL, SINGLE, Need, PublicQuestion

DEPTH = 10
"""Passages taken for a question."""

EvidenceRanks = tuple[int | None, ...]
"""For each need, the 1-based rank of the first passage that holds it."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a configuration brought for one question."""

    question: PublicQuestion
    ranks: EvidenceRanks
    reciprocal: float
    ndcg: float

    def share(self, k: int) -> float:
        """Of the needs that stand in the first k passages."""
        return sum(self._within(k)) / len(self.ranks)

    def any(self, k: int) -> float:
        return float(any(self._within(k)))

    def all(self, k: int) -> float:
        return float(all(self._within(k)))

    def _within(self, k: int) -> list[bool]:
        return [rank is not None and rank <= k for rank in self.ranks]


Measure = Callable[[Found], float | None]
"""None where the measure does not apply to the question."""

GOLD_MEASURES: dict[str, Measure] = {
    "recall@1": lambda found: found.share(1),
    "recall@3": lambda found: found.share(3),
    "recall@5": lambda found: found.share(5),
    "recall@8": lambda found: found.share(8),
    "all evidence@8, of several": lambda found: found.all(8) if found.question.type in SEVERAL else None,
    "recall@5, of one": lambda found: found.share(5) if found.question.type in SINGLE else None,
    f"MRR@{DEPTH}": lambda found: found.reciprocal,
    f"nDCG@{DEPTH}": lambda found: found.ndcg,
}
PUBLIC_MEASURES: dict[str, Measure] = {
    "hit@1": lambda found: found.any(1),
    "hit@5": lambda found: found.any(5),
    f"MRR@{DEPTH}": lambda found: found.reciprocal,
}


def grade(questions: Sequence[PublicQuestion], passages: Iterable[list[Passage]]) -> list[Found]:
    """What was found for each question.

    For ir-measures each need is a relevant document at the place of the first passage that holds it, and a
    passage without a new need an irrelevant one; the ideal is then the same for every configuration.
    """
    ranked = [(question, _ranks(question, some)) for question, some in zip(questions, passages, strict=True)]
    qrels = [Qrel(one.id, f"need {number}", 1) for one in questions for number in range(len(one.needs))]
    run = [document for question, ranks in ranked for document in _as_run(question.id, ranks)]
    values: dict[str, dict[str, float]] = {question.id: {} for question in questions}
    for metric in ir_measures.iter_calc([RR @ DEPTH, nDCG @ DEPTH], qrels, run):
        values[metric.query_id][str(metric.measure)] = metric.value
    return [
        Found(question, ranks, values[question.id][f"RR@{DEPTH}"], values[question.id][f"nDCG@{DEPTH}"])
        for question, ranks in ranked
    ]


def _ranks(question: PublicQuestion, passages: list[Passage]) -> EvidenceRanks:
    return tuple(
        next((rank for rank, passage in enumerate(passages, 1) if need.held_by(passage)), None)
        for need in question.needs
    )


def _as_run(query: str, ranks: EvidenceRanks) -> list[ScoredDoc]:
    documents: list[str] = []
    for rank in range(1, DEPTH + 1):
        new = [f"need {number}" for number, its_rank in enumerate(ranks) if its_rank == rank]
        documents += new or [f"passage {rank}"]
    return [ScoredDoc(query, document, -place) for place, document in enumerate(documents)]


def measures_table(
    measures: dict[str, Measure], rows: dict[str, list[Found]], times: dict[str, float]
) -> str:
    """Markdown; each cell a mean with its bootstrapped 95% interval. `times` are milliseconds."""
    head = ["", *measures, *(["ms"] if times else [])]
    lines = []
    for name, found in rows.items():
        cells = [
            _cell([value for one in found if (value := measure(one)) is not None])
            for measure in measures.values()
        ]
        lines.append([name, *cells, *([f"{times[name]:.0f}"] if times else [])])
    return table(head, lines)


def _cell(values: list[float]) -> str:
    if not values:
        return "-"
    return mean_interval(values, seed=0).decimals


def losses(found: Found, everything: Sequence[Passage]) -> str:
    """A line for each need that is not in the first 5 passages, with its rank at each stage.

    `everything` are all the passages that the same retriever can give for the question.
    """
    lines = [f"{found.question.id} ({found.question.type}) {found.question.text}"]
    for need, rank in zip(found.question.needs, found.ranks, strict=True):
        if rank is None or rank > 5:
            lines.append(f"  {need.article} {need.spans}: {_stages(need, everything)}")
    return "\n".join(lines)


def _stages(need: Need, passages: Sequence[Passage]) -> str:
    for number, passage in enumerate(passages, 1):
        if need.held_by(passage):
            own = [hit for hit in (*passage.hits, *passage.copies) if need.touches(hit.chunk)]
            # A quote may stand in a neighbour that neither search found.
            ranks = own[0].ranks if own else "found by its neighbour alone"
            return f"passage {number}, {ranks}"
    return "in no passage"
