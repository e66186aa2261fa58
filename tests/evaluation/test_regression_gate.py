"""The gate and what lies beside the gold: rules, floors, the baseline, the verdict and its exit status."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import GoldError
from assistant.evaluation.gate.baseline import Baseline, baseline_of, read_baseline, write_baseline
from assistant.evaluation.gate.regression_gate import Rules, exit_status, held_against, read_rules
from assistant.evaluation.gold.cases import CASE_TYPES, Case, Evidence
from assistant.evaluation.run import Graded, Report
from assistant.evaluation.scorers.score import Score
from assistant.schema import Answer

ROOT = Path(__file__).parents[2]


def graded(number: int, text: str = "Yes.", *, verbatim: float = 1.0, **changes: Any) -> Graded:
    case = Case(
        id=f"g{number}",
        question="Is it?",
        type="lookup",
        as_of=None,
        history=(),
        answerable=True,
        expect=(("yes",),),
        evidence=(Evidence(article="x", quote="Yes."),),
    )
    answer = Answer(question="Is it?", status="answered", confidence=0.5, answer=text, model="m")
    scores = (Score("quotes verbatim", verbatim, ""), Score("conflict coverage", None, ""))
    values: dict[str, Any] = {"case": case, "answer": answer, "scores": scores, "seconds": 1, "error": None}
    return Graded(**values | changes)


def report(*cases: Graded) -> Report:
    return Report(provenance={"model": "m"}, graded=cases)


def unmeasured(number: int, recording: str | None = None) -> Graded:
    return graded(number, answer=None, scores=(), error="lacking", recording=recording)


GOOD = report(*map(graded, range(40)))
BASELINE = baseline_of(GOOD)
DEFAULT = Rules()


def reasons(measured: Report, rules: Rules = DEFAULT, baseline: Baseline | None = BASELINE) -> Sequence[str]:
    gate = held_against(measured, baseline, rules).gate
    assert gate is not None
    return gate.reasons


def status(measured: Report, rules: Rules = DEFAULT) -> int:
    return exit_status(held_against(measured, BASELINE, rules))


def test_the_same_again_passes() -> None:
    held = held_against(GOOD, BASELINE, Rules())
    assert held.gate is not None
    assert held.gate.passed
    assert (held.gate.unmeasured, exit_status(held)) == (0, 0)
    assert held.comparison is not None
    assert held.comparison.provenance == {"model": "m"}
    assert exit_status(GOOD) == 0  # a part of the gold has no verdict


def test_a_drop_fails_and_says_how_large() -> None:
    worse = report(*(graded(number, "No." if number < 20 else "Yes.") for number in range(40)))
    everything, kind = reasons(worse)
    assert everything.startswith("right fell from 100.0% to 50.0% over all 40 cases (-50.0 points, 95% inter")
    assert "McNemar p = " in everything
    assert kind.startswith("right fell from 100.0% to 50.0% within lookup, 40 cases")
    assert status(worse) == 1
    assert reasons(GOOD, baseline=baseline_of(worse)) == ()


def test_a_value_below_its_floor_fails_even_without_a_baseline() -> None:
    one_off = report(graded(0, verbatim=0.5), *map(graded, range(1, 40)))
    told = ("quotes verbatim is 98.8%, below its floor of 100.0%",)
    assert reasons(one_off, baseline=None) == told
    assert status(one_off) == 1
    rules = Rules(floors={"lookup": {"right": 0.9}, "all": {"conflict coverage": 1, "quotes verbatim": 0.9}})
    assert reasons(one_off, rules) == ()  # what no case has is below nothing
    wrong = report(*(graded(number, "No.") for number in range(40)))
    assert "right within lookup is 0.0%, below its floor of 90.0%" in reasons(wrong, rules)


def of(right: int, wrong: int, withheld: int = 0) -> Report:
    """A run with so many answers of each outcome."""
    nothing = Answer(question="Is it?", status="abstained", confidence=0, answer="", model="m")
    texts = ["Yes."] * right + ["No."] * wrong
    answers = [graded(number, text) for number, text in enumerate(texts)]
    return report(*answers, *(graded(len(texts) + more, answer=nothing) for more in range(withheld)))


@pytest.mark.parametrize(
    ("right", "wrong", "withheld", "failing"),
    [
        (3, 0, 0, ()),
        (2, 1, 0, ("not wrong is 66.7%, below its floor of 80.0%",)),
        (4, 1, 0, ()),
        (2, 0, 1, ()),
        (20, 0, 20, ()),
        (19, 0, 21, ("right is 47.5%, below its floor of 50.0%",)),
        (31, 9, 0, ("not wrong is 77.5%, below its floor of 80.0%",)),
    ],
)
def test_without_baseline_and_floors_half_must_be_right_and_a_fifth_may_be_wrong(
    right: int, wrong: int, withheld: int, failing: tuple[str, ...]
) -> None:
    measured = of(right, wrong, withheld)
    assert reasons(measured, baseline=None) == failing
    assert exit_status(held_against(measured, None, DEFAULT)) == int(bool(failing))


def test_what_was_agreed_to_or_named_comes_before_the_first_floors() -> None:
    poor = of(10, 30)
    assert len(reasons(poor, baseline=None)) == 2
    assert reasons(poor, baseline=baseline_of(poor)) == ()
    assert exit_status(held_against(poor, None, DEFAULT, agreed=True)) == 0
    assert reasons(poor, Rules(floors={"all": {"not wrong": 0.2}}), baseline=None) == ()
    assert reasons(poor, Rules(alpha=0.1), baseline=None) == reasons(poor, baseline=None)


def test_the_verdict_says_what_it_was_not_held_against_and_how_few_cases_are() -> None:
    def notes(measured: Report, baseline: Baseline | None, *, agreed: bool = False) -> tuple[str, ...]:
        gate = held_against(measured, baseline, DEFAULT, agreed=agreed).gate
        assert gate is not None
        return gate.notes

    alone = "no baseline: compared with floors only; agree to this run with --update-baseline"
    few = (
        "3 cases are few: 67% right may be anything from 21% to 94%, and one case counts 33 points; with 30 "
        "and more, the verdict means more"
    )
    assert notes(GOOD, BASELINE) == ()
    assert notes(GOOD, None) == (alone,)
    assert notes(of(2, 1), None) == (alone, few)
    assert notes(of(2, 1), None, agreed=True) == notes(of(2, 1), baseline_of(of(2, 1))) == (few,)
    (only,) = notes(report(graded(0)), BASELINE)
    assert only.startswith("1 case is few: 100% right may be anything from 21% to 100%")
    assert notes(report(*map(unmeasured, range(3))), BASELINE) == ()


def test_too_many_unmeasured_cases_fail() -> None:
    failing = report(*map(graded, range(37)), *(unmeasured(number) for number in range(37, 40)))
    assert reasons(failing, Rules(most_unmeasured=2)) == (
        "3 cases are unmeasured (3 failed), and at most 2 may be",
    )
    assert status(failing, Rules(most_unmeasured=2)) == 1
    assert status(failing, Rules(most_unmeasured=3)) == 0


def test_too_many_lacking_recordings_are_an_error_unless_something_is_wrong() -> None:
    rules = Rules(most_unmeasured=2)
    lacking = (unmeasured(36, "stale"), unmeasured(37, "missing"), unmeasured(38), unmeasured(39, "stale"))
    stale = report(*map(graded, range(36)), *lacking)
    assert reasons(stale, rules) == (
        "4 cases are unmeasured (2 stale, 1 missing, 1 failed), and at most 2 may be",
    )
    assert status(stale, rules) == 2
    assert status(stale, Rules(most_unmeasured=4)) == 0
    wrong = report(*(graded(number, "No.") for number in range(36)), *lacking)
    assert status(wrong, rules) == 1


def test_a_baseline_is_a_line_a_case_and_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "new" / "baseline.json"
    third = report(graded(0, "“Yes” – é", verbatim=1 / 3), unmeasured(1, "stale"))
    baseline = baseline_of(third)
    assert baseline.cases[0].scores == {"quotes verbatim": 0.3333}
    assert (baseline.cases[1].outcome, baseline.cases[1].scores) == (None, {})
    write_baseline(path, baseline)
    assert read_baseline(path) == baseline
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 5
    assert "“Yes” – é" in lines[2]
    assert json.loads(path.read_text(encoding="utf-8"))["provenance"] == {"model": "m"}
    assert read_baseline(tmp_path / "none.json") is None


def test_an_edited_case_is_another_but_a_confirmed_draft_the_same() -> None:
    first = BASELINE.cases[0]

    def digest(**changes: Any) -> str:
        case = GOOD.graded[0].case.model_copy(update=changes)
        return baseline_of(report(graded(0, case=case))).cases[0].digest

    assert digest() == digest(draft=True) == first.digest
    assert digest(expect=(("no",),)) != first.digest


@pytest.mark.parametrize("content", ["", "{}", '{"provenance": {}, "cases": [{}]}', "<<<<<<< ours"])
def test_a_file_that_is_no_baseline_is_told_of(tmp_path: Path, content: str) -> None:
    path = tmp_path / "baseline.json"
    path.write_text(content)
    with pytest.raises(GoldError, match=r"baseline\.json: is no baseline .* --update-baseline"):
        read_baseline(path)
    with pytest.raises(GoldError, match="cannot be written"):
        write_baseline(tmp_path, BASELINE)


def test_rules_are_read_and_have_defaults(tmp_path: Path) -> None:
    path = tmp_path / "floors.toml"
    assert read_rules(path) == Rules()
    assert Rules().guarded == CASE_TYPES
    path.write_text('alpha = 0.01\nguarded = ["date"]\n[floors.all]\nright = 0.5\n')
    rules = read_rules(path)
    assert (rules.alpha, rules.guarded, rules.floors) == (0.01, ("date",), {"all": {"right": 0.5}})


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("alpha = 2", r"floors\.toml: alpha: Input should be less than 1; correct it"),
        ('guarded = ["dates"]', "no question type dates"),
        ("[floors.dates]\nright = 1", "no question type dates"),
        ("floor = 1", "floor: Extra inputs"),
        ("alpha =", "cannot be read"),
    ],
)
def test_wrong_rules_are_told_of(tmp_path: Path, content: str, problem: str) -> None:
    path = tmp_path / "floors.toml"
    path.write_text(content)
    with pytest.raises(GoldError, match=problem):
        read_rules(path)


def test_the_rules_of_this_project_are_right() -> None:
    rules = read_rules(ROOT / "eval" / "floors.toml")
    assert rules.floors is not None
    assert rules.floors["all"]["quotes verbatim"] == rules.floors["all"]["no future article"] == 1
    assert rules.most_unmeasured <= 9  # one in twenty
