"""Intervals at 95 per cent (unless told otherwise) for what a finite number of cases can tell."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from statistics import NormalDist
from typing import NamedTuple

import numpy as np


class Interval(NamedTuple):
    """An estimate between two bounds."""

    estimate: float
    low: float
    high: float


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
