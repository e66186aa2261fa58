"""Intervals, against published figures and scipy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from assistant.evaluation.statistics import mean_interval, wilson_interval


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [  # R. G. Newcombe, Statistics in Medicine 17 (1998), table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_the_published_intervals(successes: int, trials: int, low: float, high: float) -> None:
    assert wilson_interval(successes, trials) == pytest.approx((successes / trials, low, high), abs=5e-5)


@given(st.integers(1, 400).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials))))
def test_wilson_agrees_with_scipy(counts: tuple[int, int]) -> None:
    expected = stats.binomtest(*counts).proportion_ci(0.9, method="wilson")
    rate, low, high = wilson_interval(*counts, confidence=0.9)
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-9)
    assert 0 <= low <= rate <= high <= 1


@pytest.mark.parametrize(("successes", "trials"), [(0, 0), (3, 2), (-1, 2)])
def test_wilson_refuses_what_is_no_rate(successes: int, trials: int) -> None:
    with pytest.raises(ValueError, match="no rate"):
        wilson_interval(successes, trials)


def test_bootstrap_agrees_with_scipy() -> None:
    values = np.random.default_rng(7).exponential(size=80).tolist()
    expected = stats.bootstrap((values,), np.mean, method="percentile", n_resamples=20_000, rng=1)
    mean, low, high = mean_interval(values, seed=2, resamples=20_000)
    assert mean == pytest.approx(np.mean(values))
    assert (low, high) == pytest.approx(expected.confidence_interval, abs=0.02)


def test_bootstrap_is_repeatable_and_ordered() -> None:
    values = [0.0, 1.0, 1.0, 1.0, 0.0, 0.5]
    assert mean_interval(values, seed=3) == mean_interval(values, seed=3)
    mean, low, high = mean_interval(values, seed=3)
    assert min(values) <= low < mean < high <= max(values)
    wide = mean_interval(values, seed=3, confidence=0.99)
    assert wide.low <= low
    assert high <= wide.high


def test_bootstrap_of_equal_values_is_a_point_and_of_none_an_error() -> None:
    assert mean_interval([0.25] * 4, seed=0) == (0.25, 0.25, 0.25)
    with pytest.raises(ValueError, match="no values"):
        mean_interval([], seed=0)
