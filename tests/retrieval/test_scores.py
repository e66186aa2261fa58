"""Scores as they come, and what they come to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.retrieval.scores import LIMIT, Scores, logit, probability, settled

LOGITS = st.floats(-1e6, 1e6)


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        (Scores(), 0.0),
        (Scores(dense=0.7312), 0.7312),
        (Scores(dense=-0.2, lexical=9.0), 0.0),
        (Scores(dense=1.2), 1.0),
        (Scores(dense=0.9, rerank=0.0), 0.5),
        (Scores(rerank=1.0, prior=-1.0), 0.5),
        (Scores(rerank=2.0, prior=1.0, reader=-3.0), 0.5),
        (Scores(dense=0.5, reader=0.0), 0.5),
        (Scores(rerank=100.0, reader=-LIMIT), 0.5),
    ],
)
def test_what_the_stages_come_to(scores: Scores, expected: float) -> None:
    assert scores.probability == pytest.approx(expected, abs=1e-5)


@given(LOGITS, LOGITS, LOGITS)
def test_any_scores_are_a_probability(rerank: float, prior: float, reader: float) -> None:
    assert 0 <= Scores(rerank=rerank, prior=prior, reader=reader).probability <= 1


@given(LOGITS)
def test_a_settled_logit_is_settled(value: float) -> None:
    assert settled(settled(value)) == pytest.approx(settled(value), abs=1e-9)
    assert abs(settled(value)) <= LIMIT


@given(st.floats(0.001, 0.999))
def test_a_probability_and_its_logit(chance: float) -> None:
    assert probability(logit(chance)) == pytest.approx(chance)
