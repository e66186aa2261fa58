"""The gate: a run against its baseline and against floors, and whether it passes.

It fails on a significant drop over all cases or within a guarded type, on a value below its floor, and on too
many unmeasured cases, each with its reason. The rules are in `floors.toml` beside the gold. Without floors
or a baseline, `FIRST_FLOORS` apply.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from pydantic import Field, ValidationError, field_validator

from assistant.errors import GoldError
from assistant.evaluation.gate.baseline import Baseline, baseline_of
from assistant.evaluation.gate.comparison import (
    EVERYTHING,
    NOT_WRONG,
    POOLED,
    RIGHT,
    BaselineCase,
    Comparison,
    Difference,
    Floor,
    Gate,
)
from assistant.evaluation.gate.paired import Family, compare
from assistant.evaluation.gate.statistics import wilson_interval
from assistant.evaluation.gold.cases import CASE_TYPES
from assistant.evaluation.run import Report
from assistant.schema import Strict

VERBATIM = {"quotes verbatim": 1.0}
"""Only a bug can break these, so they hold everywhere."""
FIRST_FLOORS = {EVERYTHING: VERBATIM | {RIGHT: 0.5, NOT_WRONG: 0.8}}
"""For a run without floors or baseline: half of the answers right, at most a fifth wrong."""
FEW = 30
"""With fewer measured cases, the verdict says that they prove little."""


class Rules(Strict):
    """The gate's requirements; the defaults are for gold without a `floors.toml` beside it."""

    alpha: float = Field(default=0.05, gt=0, lt=1)
    """The most often that two runs of the same assistant may fail."""
    most_unmeasured: int = Field(default=0, ge=0)
    """Unmeasured cases that are passed over, such as recordings that another processor makes stale."""
    measures: tuple[str, ...] = (
        RIGHT,
        "no false sentence",
        "precision of sentences",
        "not degenerate",
        "citation precision",
        "evidence recall@8",
        "nDCG@8",
    )
    """Their means over all cases must not drop."""
    guarded: tuple[str, ...] = CASE_TYPES
    """Question types within which right answers must not drop."""
    floors: dict[str, dict[str, float]] | None = None
    """By slice and measure; None where nobody named any."""

    @field_validator("guarded", "floors")
    @classmethod
    def _known(cls, names: object) -> object:
        unknown = sorted(set(names or ()) - {*CASE_TYPES, EVERYTHING})  # type: ignore[call-overload]
        if unknown:
            raise ValueError(f"no question type {', '.join(unknown)}")
        return names

    @property
    def family(self) -> Family:
        return Family(self.measures, self.guarded, self.alpha)


def read_rules(path: Path) -> Rules:
    """The rules in a TOML file, or the defaults if there is none. Raises GoldError."""
    try:
        return Rules.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Rules()
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise GoldError(f"{path}: {place}: {first['msg']}; correct it") from error
    except (OSError, ValueError) as error:
        raise GoldError(f"{path}: cannot be read ({error}); correct it") from error


def held_against(report: Report, baseline: Baseline | None, rules: Rules, *, agreed: bool = False) -> Report:
    """The report with its comparison, if there is a baseline, and the verdict.

    `agreed`: this run becomes the baseline, so it is accepted as it is.
    """
    now = baseline_of(report).cases
    comparison = (
        compare(baseline.cases, now, baseline.provenance, rules.family) if baseline is not None else None
    )
    floors = tuple(
        Floor(measure=measure, slice=name, floor=floor, value=_mean(now, measure, name))
        for name, measures in _floors(rules, known=agreed or baseline is not None).items()
        for measure, floor in measures.items()
    )
    reasons = [*_drops(comparison), *(_below(floor) for floor in floors if not floor.passed)]
    unmeasured = sum(graded.answer is None for graded in report.graded)
    if unmeasured > rules.most_unmeasured:
        reasons.append(_too_many(report, rules.most_unmeasured))
    gate = Gate(
        reasons=tuple(reasons),
        notes=tuple(_notes(now, known=agreed or baseline is not None)),
        floors=floors,
        unmeasured=unmeasured,
        most_unmeasured=rules.most_unmeasured,
    )
    return report.model_copy(update={"comparison": comparison, "gate": gate})


def exit_status(report: Report) -> int:
    """0 the gate passed (or only a part of the gold was asked), 1 it failed, 2 it cannot tell.

    It cannot tell if nothing is wrong but that too many answers are not recorded.
    """
    gate = report.gate
    if gate is None or gate.passed:
        return 0
    unrecorded = any(graded.recording for graded in report.graded)
    too_many = gate.unmeasured > gate.most_unmeasured
    return 2 if unrecorded and too_many and len(gate.reasons) == 1 else 1


def _floors(rules: Rules, *, known: bool) -> dict[str, dict[str, float]]:
    if rules.floors is not None:
        return rules.floors
    return {EVERYTHING: VERBATIM} if known else FIRST_FLOORS


def _notes(cases: Sequence[BaselineCase], *, known: bool) -> list[str]:
    """`known`: whether there is a baseline, or will be one of this run."""
    notes = []
    if not known:
        notes.append("no baseline: compared with floors only; agree to this run with --update-baseline")
    outcomes = [case.outcome for case in cases if case.outcome is not None]
    if 0 < len(outcomes) < FEW:
        right = wilson_interval(outcomes.count("right"), len(outcomes))
        plural = "s are" if len(outcomes) > 1 else " is"
        notes.append(
            f"{len(outcomes)} case{plural} few: {right.estimate:.0%} right may be anything from "
            f"{right.low:.0%} to {right.high:.0%}, and one case counts {100 / len(outcomes):.0f} points; "
            f"with {FEW} and more, the verdict means more"
        )
    return notes


def _mean(cases: Sequence[BaselineCase], measure: str, name: str) -> float | None:
    values = [
        value
        for case in cases
        if name in (EVERYTHING, case.type) and (value := case.value(measure)) is not None
    ]
    return fmean(values) if values else None


def _drops(comparison: Comparison | None) -> list[str]:
    differences = comparison.differences if comparison else ()
    return [_drop(one) for one in differences if one.corrected is not None and one.verdict == "worse"]


def _drop(difference: Difference) -> str:
    where = {EVERYTHING: "over all", POOLED: "within the small types together,"}
    return (
        f"{difference.measure} fell from {difference.before:.1%} to {difference.now:.1%} "
        f"{where.get(difference.slice, f'within {difference.slice},')} {difference.cases} cases "
        f"({100 * difference.change:+.1f} points, 95% interval {100 * difference.low:+.1f} to "
        f"{100 * difference.high:+.1f}; {difference.test} p = {difference.corrected:.2g}, corrected)"
    )


def _below(floor: Floor) -> str:
    where = "" if floor.slice == EVERYTHING else f" within {floor.slice}"
    return f"{floor.measure}{where} is {floor.value:.1%}, below its floor of {floor.floor:.1%}"


def _too_many(report: Report, most: int) -> str:
    counts = Counter(graded.status for graded in report.graded if graded.answer is None)
    listed = ", ".join(f"{count} {status}" for status, count in counts.items())
    cases = f"{counts.total()} cases are" if counts.total() > 1 else "1 case is"
    return f"{cases} unmeasured ({listed}), and at most {most} may be"
