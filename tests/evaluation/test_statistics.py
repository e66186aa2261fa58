"""Intervals and tests, against published figures and scipy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from assistant.evaluation.gate.statistics import (
    balanced_interval,
    detectable_drop,
    holm,
    mcnemar,
    mean_interval,
    permutation,
    wilson_interval,
)


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


def test_groups_weigh_the_same_whatever_their_size() -> None:
    values = np.random.default_rng(7).exponential(size=60).tolist()
    assert balanced_interval([values], seed=3) == pytest.approx(mean_interval(values, seed=3))
    mean, low, high = balanced_interval([[1.0] * 99, [0.0, 1.0, 0.0, 1.0]], seed=0)
    assert mean == 0.75
    assert (low, high) == (0.5, 1.0)
    with pytest.raises(ValueError, match="no values"):
        balanced_interval([[1.0], []], seed=0)


@pytest.mark.parametrize(
    ("losses", "gains", "p"),
    [(0, 0, 1), (0, 5, 1), (5, 0, 1 / 32), (1, 1, 3 / 4), (7, 1, 9 / 256), (150, 86, 1.85e-5)],
)
def test_mcnemar_is_a_sign_test_of_the_cases_that_changed(losses: int, gains: int, p: float) -> None:
    """The last are the ratings of A. Agresti, "Categorical Data Analysis" (2002), table 10.1."""
    assert mcnemar(losses, gains) == pytest.approx(p, rel=1e-2)


DARWIN = (49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48)
"""Crossed less self-fertilised maize, in eighths of an inch; R. A. Fisher (1935), section 21."""


def test_the_permutation_test_gives_the_published_result() -> None:
    worse = [-value for value in DARWIN]
    assert permutation(worse, seed=0) == 863 / (1 << 15)
    assert permutation(worse, seed=0, resamples=9999) == pytest.approx(863 / (1 << 15), abs=5e-3)
    assert permutation(DARWIN, seed=0) > 0.95


def test_what_did_not_change_tells_nothing() -> None:
    assert permutation([0.0] * 50, seed=0) == permutation([], seed=0) == 1
    assert permutation([0.0] * 50 + [-0.5] * 6, seed=0) == 1 / 64


@given(st.lists(st.sampled_from([-1.0, 0.0, 1.0]), max_size=12))
def test_of_rights_and_wrongs_both_tests_agree(differences: list[float]) -> None:
    by_counts = mcnemar(differences.count(-1), differences.count(1))
    assert permutation(differences, seed=0) == pytest.approx(by_counts)


def test_holm_corrects_as_published() -> None:
    """The example of J. P. Shaffer, "Multiple Hypothesis Testing", Annual Review of Psychology 46 (1995)."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.6, 0.7]) == [1, 1, 1]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1))
def test_holm_keeps_the_order_and_lies_between_no_correction_and_bonferroni(values: list[float]) -> None:
    corrected = holm(values)
    assert all(
        value <= better <= min(1, value * len(values))
        for value, better in zip(values, corrected, strict=True)
    )
    ranked = sorted(range(len(values)), key=lambda place: values[place])
    assert [corrected[place] for place in ranked] == sorted(corrected)


def test_the_detectable_drop_is_what_the_test_finds_four_times_in_five() -> None:
    drop = detectable_drop(180, 100, 0.05)
    assert drop is not None
    lost = round(drop * 180)
    found = [
        sum(
            mcnemar(losses, 0) <= 0.05
            for losses in np.random.default_rng(9).binomial(100, share / 100, 400).tolist()
        )
        / 400
        for share in (lost - 2, lost, lost + 2)
    ]
    assert found[0] < 0.8 <= found[2]
    assert found[1] == pytest.approx(0.8, abs=0.1)


def test_a_smaller_level_gains_and_few_cases_hide_drops() -> None:
    plain = detectable_drop(180, 100, 0.05)
    assert plain is not None
    for other in (detectable_drop(180, 100, 0.001), detectable_drop(180, 100, 0.05, gains=8)):
        assert other is not None
        assert other > plain
    assert detectable_drop(4, 4, 0.05) is None
    assert detectable_drop(5, 5, 0.05) == 1
    assert detectable_drop(9, 0, 0.05) is None
