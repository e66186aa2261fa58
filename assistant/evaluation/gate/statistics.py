"""What a finite number of cases can tell: intervals, at 95 per cent unless told otherwise, and paired tests.

The tests ask, one-sided, whether the assistant got worse: their p-value is how often chance alone would bring
at least such a drop, if before and after were the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from scipy import stats

DETECTED = 0.8
"""How often a drop must be found for it to count as detectable; the usual power of a study."""


class Interval(NamedTuple):
    """An estimate between two bounds."""

    estimate: float
    low: float
    high: float

    @property
    def decimals(self) -> str:
        """0.63 (0.55–0.70)."""
        return f"{self.estimate:.2f} ({self.low:.2f}–{self.high:.2f})"

    @property
    def percent(self) -> str:
        """63% (55–70)."""
        return f"{self.estimate:.0%} ({100 * self.low:.0f}–{100 * self.high:.0f})"


def mean_interval(
    values: Sequence[float], *, seed: int, resamples: int = 2000, confidence: float = 0.95
) -> Interval:
    """The mean, with the percentiles of the means of samples drawn with replacement.

    B. Efron, "Bootstrap Methods: Another Look at the Jackknife", Annals of Statistics 7 (1979). Raises
    ValueError without values.
    """
    if not values:
        raise ValueError("no values to take the mean of")
    sample = np.asarray(values, dtype=float)
    draws = np.random.default_rng(seed).integers(0, sample.size, size=(resamples, sample.size))
    tail = 50 * (1 - confidence)
    low, high = np.percentile(sample[draws].mean(axis=1), [tail, 100 - tail])
    return Interval(float(sample.mean()), float(low), float(high))


def balanced_interval(
    groups: Sequence[Sequence[float]], *, seed: int, resamples: int = 2000, confidence: float = 0.95
) -> Interval:
    """The mean of the groups' means, each group weighing the same; bootstrapped within each of them.

    Of hits on positives and on negatives it is balanced accuracy. Raises ValueError for a group without any.
    """
    means = []
    chance = np.random.default_rng(seed)
    for values in groups:
        if not values:
            raise ValueError("no values to take the mean of")
        sample = np.asarray(values, dtype=float)
        draws = chance.integers(0, sample.size, size=(resamples, sample.size))
        means.append(np.append(sample[draws].mean(axis=1), sample.mean()))
    *drawn, estimate = np.mean(means, axis=0)
    tail = 50 * (1 - confidence)
    low, high = np.percentile(drawn, [tail, 100 - tail])
    return Interval(float(estimate), float(low), float(high))


def wilson_interval(successes: int, trials: int, *, confidence: float = 0.95) -> Interval:
    """The rate `successes / trials` with its score interval, without continuity correction.

    E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", JASA 22 (1927).
    Raises ValueError unless 0 <= successes <= trials and trials > 0.
    """
    if trials <= 0 or not 0 <= successes <= trials:
        raise ValueError(f"{successes} successes of {trials} trials give no rate")
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    rate = successes / trials
    scale = 1 + z * z / trials
    centre = (rate + z * z / (2 * trials)) / scale
    margin = z / scale * sqrt(rate * (1 - rate) / trials + z * z / (4 * trials * trials))
    # At a rate of 0 or 1 a bound equals it, but for rounding.
    return Interval(rate, max(0.0, min(rate, centre - margin)), min(1.0, max(rate, centre + margin)))


def auc(scores: Sequence[float], labels: Sequence[bool]) -> float:
    """Chance that a positive scores above a negative, ties half (Mann and Whitney 1947); nan without both."""
    values, flags = np.asarray(scores, dtype=float), np.asarray(labels, dtype=bool)
    above, below = values[flags], values[~flags]
    if not above.size or not below.size:
        return float("nan")
    wins = (above[:, None] > below).sum() + 0.5 * (above[:, None] == below).sum()
    return float(wins / (above.size * below.size))


def mcnemar(losses: int, gains: int) -> float:
    """The p-value of `losses` cases that were right and are wrong now, beside `gains` the other way round.

    The exact test of Q. McNemar, "Note on the Sampling Error of the Difference between Correlated
    Proportions", Psychometrika 12 (1947): were nothing changed, each such case would be as likely a loss as a
    gain.
    """
    changed = losses + gains
    return float(stats.binomtest(losses, changed, alternative="greater").pvalue) if changed else 1.0


def permutation(differences: Sequence[float], *, seed: int, resamples: int = 1 << 15) -> float:
    """The p-value of the mean of paired differences (now minus before), by flipping their signs.

    R. A. Fisher, "The Design of Experiments" (1935), 21: were nothing changed, before and now could be
    swapped. Exact where all flips are at most `resamples`, else by that many random ones.
    """
    changed = [value for value in differences if value]
    if not changed:
        return 1.0
    if len(changed) == 1:
        changed.append(0.0)  # scipy wants two; a zero has no sign to flip
    found = stats.permutation_test(
        (changed,),
        lambda sample, axis: np.mean(sample, axis=axis),
        permutation_type="samples",
        alternative="less",
        n_resamples=resamples,
        rng=np.random.default_rng(seed),
    )
    return float(found.pvalue)


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values corrected for their number, in their order, each at most 1.

    S. Holm, "A Simple Sequentially Rejective Multiple Test Procedure", Scandinavian Journal of Statistics 6
    (1979): where all that come out at most alpha are believed, anything false is believed with at most that
    probability, however the tests depend on each other.
    """
    corrected = [1.0] * len(p_values)
    largest = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda place: p_values[place])):
        largest = max(largest, min(1.0, p_values[place] * (len(p_values) - rank)))
        corrected[place] = largest
    return corrected


def detectable_drop(
    cases: int, right: int, alpha: float, *, gains: int = 0, seed: int = 0, draws: int = 2000
) -> float | None:
    """The smallest drop of a rate that `mcnemar` finds at level `alpha` in `DETECTED` of simulated runs.

    Args:
        cases: all of them, of which `right` were right before.
        gains: how many turn right meanwhile, which hides losses.

    A share of the cases; None where not even losing all that were right would be found so often.
    """
    chance = np.random.default_rng(seed)
    wrong = cases - right
    gained = chance.binomial(wrong, gains / wrong, draws) if wrong else np.zeros(draws, dtype=int)
    for lost in range(1, right + 1):
        losses = chance.binomial(right, lost / right, draws)
        found = stats.binom.sf(losses - 1, losses + gained, 0.5) <= alpha
        if found.mean() >= DETECTED:
            return (lost - gains) / cases
    return None
