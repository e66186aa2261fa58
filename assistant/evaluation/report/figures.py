"""The figures that every report shows: the cases cut into slices, and what each slice comes to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from assistant.corpus.articles import Article
from assistant.evaluation.diagnosis.funnel import found_passages
from assistant.evaluation.gate.comparison import EVERYTHING
from assistant.evaluation.gate.statistics import Interval, mean_interval, wilson_interval
from assistant.evaluation.gold.cases import CASE_TYPES
from assistant.evaluation.run import Graded, Report
from assistant.evaluation.scorers.retrieval import evidence_ranks
from assistant.evaluation.scorers.score import Outcome
from assistant.evaluation.scorers.standard import outcome

WORDS = "words"


@dataclass(frozen=True)
class Slice:
    """Some cases of a run: a question type, or one of the totals."""

    title: str
    graded: Sequence[Graded]
    total: bool = False

    @cached_property
    def outcomes(self) -> Counter[Outcome]:
        """What became of the measured cases."""
        return Counter(outcome(one.case, one.answer) for one in self.graded if one.answer)

    @property
    def measured(self) -> int:
        return self.outcomes.total()

    @property
    def unmeasured(self) -> int:
        return len(self.graded) - self.measured

    @property
    def unmeasured_why(self) -> str:
        """`2 stale, 1 failed`: why cases are unmeasured; empty if none is."""
        counted = Counter(one.status for one in self.graded if one.status != "measured")
        return ", ".join(f"{count} {status}" for status, count in counted.most_common())

    def rate(self, kind: Outcome) -> Interval | None:
        """The share of this outcome in the measured cases, with Wilson's 95% interval."""
        return wilson_interval(self.outcomes[kind], self.measured) if self.measured else None

    def values(self, score: str) -> list[float]:
        """The values of a score over the cases where it could be taken."""
        scores = (one for graded in self.graded for one in graded.scores if one.name == score)
        return [one.value for one in scores if one.value is not None]

    def mean(self, score: str) -> Interval | None:
        """The mean of a score with its bootstrapped 95% interval; None where it could never be taken."""
        values = self.values(score)
        return mean_interval(values, seed=0) if values else None

    def seconds(self, percentile: float) -> float | None:
        """Wall-clock seconds within which this per cent of the measured cases were answered."""
        seconds = [one.seconds for one in self.graded if one.answer]
        return float(np.percentile(seconds, percentile)) if seconds else None

    def words(self, percentile: float) -> float | None:
        """Words within which this per cent of the answers stay."""
        counts = self.values(WORDS)
        return float(np.percentile(counts, percentile)) if counts else None


def slices(graded: Sequence[Graded]) -> list[Slice]:
    """A slice for each question type, with cases or without, then all that are answerable, then all."""
    return [
        *(Slice(kind, [one for one in graded if one.case.type == kind]) for kind in CASE_TYPES),
        Slice("answerable", [one for one in graded if one.case.answerable], total=True),
        Slice(EVERYTHING, graded, total=True),
    ]


def score_names(report: Report) -> tuple[str, ...]:
    """Every score of the run, in the order of the scorers."""
    return tuple(dict.fromkeys(score.name for graded in report.graded for score in graded.scores))


def recall_curve(graded: Sequence[Graded], articles: Mapping[str, Article]) -> list[Interval]:
    """Recall of evidence in the first 1, 2, ... passages, as far as any case has passages.

    The mean over the cases with evidence of the share of it that stands in the first k, with its
    bootstrapped 95% interval.
    """
    searched = [one for one in graded if one.case.evidence and (one.answer or one.passages)]
    ranks = [evidence_ranks(one.case, found_passages(one), articles) for one in searched]
    most = max((len(found_passages(one)) for one in searched), default=0)
    return [
        mean_interval(
            [sum(rank is not None and rank <= k for rank in some) / len(some) for some in ranks], seed=0
        )
        for k in range(1, most + 1)
    ]


def percent(interval: Interval | None) -> str:
    """`63%, 55% to 70%`, or a dash."""
    if interval is None:
        return "-"
    return f"{interval.estimate:.0%}, {interval.low:.0%} to {interval.high:.0%}"
