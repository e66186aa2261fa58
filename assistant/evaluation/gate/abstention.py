"""Selective answering: the risk if only answers above a confidence threshold were given.

R. El-Yaniv and Y. Wiener, "On the Foundations of Noise-free Selective Classification", JMLR 11 (2010);
Y. Geifman and R. El-Yaniv, "Selective Classification for Deep Neural Networks", NeurIPS 2017.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from assistant.evaluation.run import Graded
from assistant.evaluation.scorers.standard import outcome


class Point(NamedTuple):
    """The result of giving only answers with at least this confidence."""

    coverage: float
    """Share of all measured cases that are answered then."""
    risk: float
    """Share of these answers that are wrong, or their mean loss."""
    threshold: float
    """The confidence."""


def risk_coverage(graded: Sequence[Graded]) -> tuple[Point, ...]:
    """The curve of a run, over all confidences from the highest down; none without an answer.

    An answer to an unanswerable question is wrong. Abstentions are never covered, so the curve ends at the
    share that the assistant does answer.
    """
    answers = [(one.case, one.answer) for one in graded if one.answer]
    given = [
        (answer.confidence, float(outcome(case, answer) == "wrong"))
        for case, answer in answers
        if answer.status != "abstained"
    ]
    return curve(given, len(answers))


def curve(given: Sequence[tuple[float, float]], cases: int) -> tuple[Point, ...]:
    """The curve of answers with (confidence, loss), of so many cases; equal confidences come together."""
    points: list[Point] = []
    covered, lost = 0, 0.0
    ranked = sorted(given, reverse=True)
    for confidence, group in groupby(ranked, key=lambda one: one[0]):
        losses = [loss for _, loss in group]
        covered += len(losses)
        lost += sum(losses)
        points.append(Point(covered / cases, lost / covered, confidence))
    return tuple(points)


def area(points: Sequence[Point]) -> float | None:
    """The area under the curve (AURC) as a mean risk over the coverages reached: 0 to 1, lower is better.

    A measure of how well confidence ranks answers: right ones first is best. None without a point.
    """
    if not points:
        return None
    steps = zip((0.0, *(point.coverage for point in points)), points, strict=False)
    return sum(point.risk * (point.coverage - before) for before, point in steps) / points[-1].coverage
