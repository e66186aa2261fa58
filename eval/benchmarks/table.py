"""Answers on a set in figures: what became of the cases, and how long and how plain the answers are.

Withheld is an answerable question that was abstained from, declined an unanswerable one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from assistant.evaluation.gate.statistics import Interval
from assistant.evaluation.report.figures import WORDS, Slice, slices
from assistant.evaluation.report.markdown import table
from assistant.evaluation.run import Graded
from assistant.evaluation.scorers.score import Outcome
from eval.benchmarks.scores import FIRST_SENTENCE, IGNORING_LENGTH, PRECISION

NOTHING = "–"


@dataclass(frozen=True, slots=True)
class Column:
    """A figure of some cases; a dash where it cannot be taken."""

    title: str
    cell: Callable[[Slice], str]


def percent(interval: Interval | None) -> str:
    """`63% (55–70)`, or a dash."""
    return interval.percent if interval else NOTHING


def rate(title: str, kind: Outcome) -> Column:
    """The share of an outcome, with Wilson's interval."""
    return Column(title, lambda some: percent(some.rate(kind)))


def mean(title: str, score: str) -> Column:
    """The mean of a score, with its bootstrapped interval."""
    return Column(title, lambda some: percent(some.mean(score)))


def percentile(title: str, score: str, share: float) -> Column:
    """What so many per cent of a score's values do not pass, of the answers that were given."""

    def cell(some: Slice) -> str:
        given = [one for one in some.graded if one.answer and one.answer.status != "abstained"]
        values = Slice(some.title, given).values(score)
        return f"{np.percentile(values, share):.0f}" if values else NOTHING

    return Column(title, cell)


def seconds(title: str, share: float) -> Column:
    """Seconds within which so many per cent were answered."""

    def cell(some: Slice) -> str:
        found = some.seconds(share)
        return NOTHING if found is None else f"{found:.1f}"

    return Column(title, cell)


COUNT = Column("n", lambda some: str(some.measured))
UNMEASURED = Column("unmeasured", lambda some: str(some.unmeasured))
LENGTH = percentile("words, median", WORDS, 50)
LENGTH_IGNORED = mean(IGNORING_LENGTH, IGNORING_LENGTH)
FIRST = mean("right in its first sentence", FIRST_SENTENCE)

BY_TYPE = (
    COUNT, UNMEASURED, rate("right", "right"), rate("wrong", "wrong"), rate("withheld", "abstained"),
    LENGTH_IGNORED, FIRST, mean(PRECISION, PRECISION), LENGTH, percentile("words, p90", WORDS, 90),
    seconds("s, median", 50), seconds("s, p90", 90),
)  # fmt: skip
"""Columns of a set's own section; right of the unanswerable are those that were declined."""


def answerable(graded: Sequence[Graded]) -> Slice:
    """The cases that the articles answer."""
    return Slice("answerable", [one for one in graded if one.case.answerable], total=True)


def unanswerable(graded: Sequence[Graded]) -> Slice:
    """The cases that the articles do not answer."""
    return Slice("unanswerable", [one for one in graded if not one.case.answerable], total=True)


def half(graded: Sequence[Graded], name: str) -> list[Graded]:
    """The cases of one half, by their ids."""
    return [one for one in graded if one.case.half == name]


def by_type(graded: Sequence[Graded]) -> str:
    """The dev half, the test half and all, each by question type and in total, as Markdown."""
    parts = {"Dev half": half(graded, "dev"), "Test half": half(graded, "test"), "All": list(graded)}
    tables = []
    for title, some in parts.items():
        if not some:
            continue
        *types, everything = slices(some)
        kinds = [one for one in (*types, unanswerable(some), everything) if one.graded]
        tables.append(f"### {title}\n\n{markdown('type', kinds, BY_TYPE)}")
    return "\n\n".join(tables)


def markdown(what: str, some: Sequence[Slice], columns: Sequence[Column]) -> str:
    """A row for each slice, headed by what the slices are."""
    rows = [
        (f"**{one.title}**" if one.total else one.title, *(column.cell(one) for column in columns))
        for one in some
    ]
    return table((what, *(column.title for column in columns)), rows)
