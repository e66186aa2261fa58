"""Comparing a run with a baseline, pair by pair: the same cases before and now.

The gate looks at a family of tests: the means of some measures over all cases, and the rate of right answers
within guarded types. All are corrected together (Holm), so that two runs of the same assistant fail at most
as often as `Family.alpha` says. A type in which not even losing every right answer would be significant is
pooled with the others like it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Literal, NamedTuple

from assistant.evaluation.gate.comparison import (
    EVERYTHING,
    FIGURES,
    POOLED,
    RIGHT,
    BaselineCase,
    Changed,
    Comparison,
    Difference,
)
from assistant.evaluation.gate.statistics import detectable_drop, holm, mcnemar, mean_interval, permutation

SEED = 0
RESAMPLES = 1 << 15


class Family(NamedTuple):
    """What the gate looks at."""

    measures: tuple[str, ...]
    """Over all cases."""
    types: tuple[str, ...]
    """Guarded: their right answers are looked at one type at a time, or pooled."""
    alpha: float


@dataclass(frozen=True, slots=True)
class Tested:
    """A measure in a slice, with its pairs of (before, now) and what the test says."""

    measure: str
    slice: str
    pairs: tuple[tuple[float, float], ...]
    p: float
    corrected: float | None = None

    @property
    def test(self) -> Literal["McNemar", "permutation"]:
        return "McNemar" if self.measure == RIGHT else "permutation"

    @property
    def right(self) -> int:
        """Pairs that were right before; for `RIGHT`."""
        return sum(before == 1 for before, _ in self.pairs)

    @property
    def gains(self) -> int:
        return sum(before < now for before, now in self.pairs)


Pairs = Sequence[tuple[BaselineCase, BaselineCase]]


def paired(
    before: Sequence[BaselineCase], now: Sequence[BaselineCase]
) -> tuple[list[tuple[BaselineCase, BaselineCase]], list[str]]:
    """The cases that both have unedited, in the order of `now`; and the ids of all others."""
    old = {kept.id: kept for kept in before}
    pairs = [(old[kept.id], kept) for kept in now if kept.id in old and old[kept.id].digest == kept.digest]
    common = {kept.id for _, kept in pairs}
    ids = dict.fromkeys(kept.id for kept in (*now, *before))
    return pairs, [one for one in ids if one not in common]


def pool(pairs: Pairs, family: Family) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The guarded types that can fail alone, and those that cannot and are pooled.

    A type can fail if losing all its right answers would be significant beside the rest of the family.
    """
    right = {kind: _test(pairs, RIGHT, kind, (kind,)).right for kind in family.types}
    alone = [kind for kind in family.types if any(now.type == kind for _, now in pairs)]
    pooled: list[str] = []
    while alone:
        tests = len(family.measures) + len(alone) + bool(pooled)
        smallest = min(alone, key=lambda kind: right[kind])
        if mcnemar(right[smallest], 0) * tests <= family.alpha:
            break
        alone.remove(smallest)
        pooled.append(smallest)
    return tuple(alone), tuple(kind for kind in family.types if kind in pooled)


def family_tests(pairs: Pairs, family: Family, *, resamples: int = RESAMPLES) -> list[Tested]:
    """Every test that the gate looks at, corrected together."""
    alone, pooled = pool(pairs, family)
    tests = [_test(pairs, measure, EVERYTHING, None, resamples) for measure in family.measures]
    tests += [_test(pairs, RIGHT, kind, (kind,)) for kind in alone]
    if pooled:
        tests.append(_test(pairs, RIGHT, POOLED, pooled))
    tests = [one for one in tests if one.pairs]
    corrected = holm([one.p for one in tests])
    return [replace(one, corrected=value) for one, value in zip(tests, corrected, strict=True)]


def compare(
    before: Sequence[BaselineCase], now: Sequence[BaselineCase], provenance: dict[str, str], family: Family
) -> Comparison:
    """The whole comparison; `provenance` is the baseline's.

    Beside what the gate looks at it has, for information, every other measure over all cases and the right
    answers of every type.
    """
    pairs, unpaired = paired(before, now)
    tests = family_tests(pairs, family)
    seen = {(one.measure, one.slice) for one in tests}
    others = [
        _test(pairs, measure, EVERYTHING, None)
        for measure in dict.fromkeys(name for _, kept in pairs for name in kept.scores)
        if (measure, EVERYTHING) not in seen and measure not in FIGURES
    ]
    others += [
        _test(pairs, RIGHT, kind, (kind,))
        for kind in dict.fromkeys(kept.type for _, kept in pairs)
        if (RIGHT, kind) not in seen
    ]
    everything = [one for one in (*tests, *others) if one.pairs]
    everything.sort(key=lambda one: one.slice != EVERYTHING)
    return Comparison(
        provenance=provenance,
        before=tuple(before),
        differences=tuple(_difference(one, len(tests), family.alpha) for one in everything),
        pooled=pool(pairs, family)[1],
        changed=tuple(
            Changed(id=new.id, type=new.type, before=old.outcome, now=new.outcome)
            for old, new in pairs
            if old.outcome and new.outcome and old.outcome != new.outcome
        ),
        unpaired=tuple(unpaired),
        alpha=family.alpha,
    )


def _test(
    pairs: Pairs, measure: str, name: str, types: tuple[str, ...] | None, resamples: int = RESAMPLES
) -> Tested:
    values = tuple(
        (old_value, new_value)
        for old, new in pairs
        if (types is None or new.type in types)
        and (old_value := old.value(measure)) is not None
        and (new_value := new.value(measure)) is not None
    )
    changes = [now - before for before, now in values]
    if measure == RIGHT:
        p = mcnemar(changes.count(-1), changes.count(1))
    else:
        p = permutation(changes, seed=SEED, resamples=resamples)
    return Tested(measure, name, values, p)


def _difference(tested: Tested, tests: int, alpha: float) -> Difference:
    before, now = zip(*tested.pairs, strict=True)
    interval = mean_interval([new - old for old, new in tested.pairs], seed=SEED)
    failed = interval.high < 0 if tested.corrected is None else tested.corrected <= alpha
    detectable = None
    if tested.measure == RIGHT and tested.corrected is not None:
        detectable = detectable_drop(len(before), tested.right, alpha / tests, gains=tested.gains)
    return Difference(
        measure=tested.measure,
        slice=tested.slice,
        cases=len(before),
        before=fmean(before),
        now=fmean(now),
        low=interval.low,
        high=interval.high,
        test=tested.test,
        p=tested.p,
        corrected=tested.corrected,
        detectable=detectable,
        verdict="worse" if failed else "better" if interval.low > 0 else "same",
    )
