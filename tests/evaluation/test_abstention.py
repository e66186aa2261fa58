"""Risk and coverage: the curve at its edges, and its area against the definition."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.evaluation.gate.abstention import Point, area, curve, risk_coverage
from assistant.evaluation.gold.cases import Case, Evidence
from assistant.evaluation.run import Graded
from assistant.schema import Answer


def graded(confidence: float, text: str, *, answerable: bool = True) -> Graded:
    values: dict[str, Any] = {
        "id": "a",
        "question": "Is it?",
        "type": "lookup" if answerable else "unanswerable",
        "as_of": None,
        "history": (),
        "answerable": answerable,
        "expect": (("yes",),) if answerable else (),
        "evidence": (Evidence(article="x", quote="Yes."),) if answerable else (),
    }
    status = "answered" if text else "abstained"
    answer = Answer(question="", status=status, confidence=confidence, answer=text, model="m")
    return Graded(case=Case(**values), answer=answer, scores=(), seconds=1, error=None)


def test_the_curve_falls_from_the_most_confident_down() -> None:
    run = [
        graded(0.5, "No."),
        graded(0.9, "Yes."),
        graded(0.0, ""),
        graded(0.2, "Yes.", answerable=False),
        graded(0.7, "Yes."),
        graded(0, "").model_copy(update={"answer": None}),
    ]
    points = risk_coverage(run)
    assert points == (
        Point(1 / 5, 0, 0.9),
        Point(2 / 5, 0, 0.7),
        Point(3 / 5, 1 / 3, 0.5),
        Point(4 / 5, 1 / 2, 0.2),
    )
    assert area(points) == pytest.approx((0 + 0 + 1 / 3 + 1 / 2) / 4)


def test_equal_confidences_come_together() -> None:
    run = [graded(0.5, "Yes."), graded(0.5, "No.")]
    assert risk_coverage(run) == risk_coverage(run[::-1]) == (Point(1, 1 / 2, 0.5),)


def test_without_an_answer_there_is_no_curve() -> None:
    assert risk_coverage([graded(0, "")]) == ()
    assert area(()) is None


@given(
    st.lists(
        st.tuples(st.floats(0, 1), st.sampled_from([0.0, 0.5, 1.0])), min_size=1, unique_by=lambda x: x[0]
    )
)
def test_the_area_is_the_mean_of_the_risks_at_every_coverage(given: list[tuple[float, float]]) -> None:
    """The AURC of Geifman, Uziel and El-Yaniv (2019), where no two confidences are equal."""
    losses = [loss for _, loss in sorted(given, reverse=True)]
    risks = [sum(losses[:count]) / count for count in range(1, len(losses) + 1)]
    found = area(curve(given, 2 * len(given)))
    assert found == pytest.approx(sum(risks) / len(risks))


def test_right_answers_first_is_best() -> None:
    losses = [0.0, 1.0, 0.0, 1.0]
    areas = [
        area(curve([(confidence, loss) for confidence, loss in zip(ranks, losses, strict=True)], 4))
        for ranks in ((0.9, 0.2, 0.8, 0.1), (0.9, 0.8, 0.7, 0.6), (0.2, 0.9, 0.1, 0.8))
    ]
    assert areas == pytest.approx(
        [(1 / 3 + 1 / 2) / 4, (1 / 2 + 1 / 3 + 1 / 2) / 4, (1 + 1 + 2 / 3 + 1 / 2) / 4]
    )
