"""A comparison as data: a run's differences from a baseline, and the gate's verdict."""

from __future__ import annotations

from typing import Literal

from assistant.evaluation.scorers.score import Outcome
from assistant.schema import Strict

RIGHT = "right"
"""The measure that every case has: 1 if its outcome is right, else 0."""

NOT_WRONG = "not wrong"
"""Another: 0 if its outcome is wrong, else 1. An assistant that withholds an answer is not wrong."""

EVERYTHING = "all"
"""The slice of all cases; the other slices are question types."""

POOLED = "pooled"
"""The slice of the guarded types that are too small to ever fail alone."""

FIGURES = frozenset({"latency", "tokens", "words", "sentences"})
"""Scores that are amounts and no shares, 0 to 1; they are shown, not compared."""


class BaselineCase(Strict):
    """One case as a line of the baseline."""

    id: str
    type: str
    digest: str
    """Of the whole case; an edited case is not compared."""
    outcome: Outcome | None
    """None where there was no answer; retrieval may have scores even so."""
    scores: dict[str, float]
    """By name; scores that could not be taken are left out."""
    answer: str
    """Its text, for people to read; empty for an abstention."""

    def value(self, measure: str) -> float | None:
        """Of `RIGHT`, of `NOT_WRONG`, or of a score."""
        if measure in (RIGHT, NOT_WRONG):
            if self.outcome is None:
                return None
            return float(self.outcome == "right" if measure == RIGHT else self.outcome != "wrong")
        return self.scores.get(measure)


class Difference(Strict):
    """One measure in one slice of the cases, before and now, over the cases that have it both times."""

    measure: str
    """`RIGHT`, or the name of a score."""
    slice: str
    """`EVERYTHING`, a question type, or `POOLED`."""
    cases: int
    """Pairs compared."""
    before: float
    now: float
    """Means over these pairs, 0 to 1."""
    low: float
    high: float
    """The paired bootstrap's 95% interval of `now - before`."""
    test: Literal["McNemar", "permutation"]
    p: float
    """One-sided: how often chance alone would bring such a drop."""
    corrected: float | None
    """`p` corrected for everything the gate looks at (Holm); None where the gate does not look."""
    detectable: float | None
    """The smallest drop that this many cases would have shown 4 times in 5, for `RIGHT`; else None."""
    verdict: Literal["worse", "better", "same"]
    """worse: the gate fails by it or, where it does not look, the interval lies below 0. better: the interval
    lies above 0. same: neither was shown."""

    @property
    def change(self) -> float:
        return self.now - self.before


class Changed(Strict):
    """A case whose outcome changed."""

    id: str
    type: str
    before: Outcome
    now: Outcome


class Comparison(Strict):
    """A run compared with the baseline, case by case."""

    provenance: dict[str, str]
    """What the baseline was made with; compare with the report's own."""
    before: tuple[BaselineCase, ...]
    """The baseline's cases."""
    differences: tuple[Difference, ...]
    """`EVERYTHING` first, then the types, then `POOLED`."""
    pooled: tuple[str, ...]
    """The types in `POOLED`: each has too few cases to ever fail alone."""
    changed: tuple[Changed, ...]
    unpaired: tuple[str, ...]
    """Ids of cases that are new, edited, gone or unmeasured since, and so are not compared."""
    alpha: float
    """The most often that two runs of the same assistant may fail."""


class Floor(Strict):
    """A value below which a measure must not fall, whatever it was before."""

    measure: str
    slice: str
    floor: float
    value: float | None
    """None where no case has it; too many unmeasured cases fail by themselves."""

    @property
    def passed(self) -> bool:
        return self.value is None or self.value >= self.floor


class Gate(Strict):
    """The verdict. `reasons` holds one line per failure; if empty, the gate passed."""

    reasons: tuple[str, ...]
    notes: tuple[str, ...] = ()
    """How much the verdict is worth, in a line each: that there is no baseline, that cases are few."""
    floors: tuple[Floor, ...]
    unmeasured: int
    most_unmeasured: int
    """More unmeasured cases than this, and the run is no evidence."""

    @property
    def passed(self) -> bool:
        return not self.reasons


class Agreement(Strict):
    """How a judge and the deterministic scorer agree on answerable, answered cases."""

    judge: str
    """The model's name."""
    cases: int
    both_right: int
    both_wrong: int
    judge_only: int
    """Right for the judge alone."""
    scorer_only: int
    kappa: float | None
    """Cohen's; None where it is not defined."""
