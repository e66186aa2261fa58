"""Comparisons with a baseline: what is paired, pooled, tested, and called worse."""

from collections.abc import Sequence

import numpy as np
import pytest

from assistant.evaluation.gate.comparison import EVERYTHING, POOLED, RIGHT, BaselineCase, Difference
from assistant.evaluation.gate.paired import Family, compare, family_tests, paired, pool
from assistant.evaluation.scorers.score import Outcome

pytestmark = pytest.mark.slow

FAMILY = Family((RIGHT, "nDCG@8"), ("lookup", "date", "quote", "number"), 0.05)
SIZES = {"lookup": 40, "date": 20, "quote": 3, "number": 2, "conflict": 20}


def kept(
    number: int, kind: str = "lookup", outcome: Outcome | None = "right", score: float = 1.0
) -> BaselineCase:
    return BaselineCase(
        id=f"{kind}{number}",
        type=kind,
        digest="d",
        outcome=outcome,
        scores={"nDCG@8": score, "latency": 5.0},
        answer="Yes.",
    )


CASES = [kept(number, kind) for kind, size in SIZES.items() for number in range(size)]


def changed(cases: Sequence[BaselineCase], kind: str, count: int, **changes: object) -> list[BaselineCase]:
    """The cases with the first `count` of a type changed."""
    return [
        one.model_copy(update=changes) if one.type == kind and int(one.id.removeprefix(kind)) < count else one
        for one in cases
    ]


def differences(
    before: Sequence[BaselineCase], now: Sequence[BaselineCase]
) -> dict[tuple[str, str], Difference]:
    found = compare(before, now, {}, FAMILY).differences
    return {(one.measure, one.slice): one for one in found}


def test_only_unedited_cases_of_both_are_paired() -> None:
    before = [kept(0), kept(1), kept(2)]
    now = [kept(3), kept(2), kept(1).model_copy(update={"digest": "edited"})]
    pairs, unpaired = paired(before, now)
    assert pairs == [(kept(2), kept(2))]
    assert unpaired == ["lookup3", "lookup1", "lookup0"]


def test_types_too_small_to_fail_are_pooled() -> None:
    pairs = [(one, one) for one in CASES]
    assert pool(pairs, FAMILY) == (("lookup", "date"), ("quote", "number"))
    # All 20 are there, but only three could get worse.
    few = changed(CASES, "date", 17, outcome="wrong")
    assert pool([(one, one) for one in few], FAMILY)[1] == ("date", "quote", "number")
    assert pool(pairs, FAMILY._replace(types=("timeline",))) == ((), ())


def test_the_same_again_changes_nothing() -> None:
    comparison = compare(CASES, CASES, {"model": "m"}, FAMILY)
    assert comparison.provenance == {"model": "m"}
    assert comparison.changed == comparison.unpaired == ()
    assert comparison.pooled == ("quote", "number")
    found = [
        (one.measure, one.slice, one.cases, one.verdict, one.p, one.corrected)
        for one in comparison.differences
    ]
    assert found == [
        (RIGHT, EVERYTHING, 85, "same", 1, 1),
        ("nDCG@8", EVERYTHING, 85, "same", 1, 1),
        (RIGHT, "lookup", 40, "same", 1, 1),
        (RIGHT, "date", 20, "same", 1, 1),
        (RIGHT, POOLED, 5, "same", 1, 1),
        (RIGHT, "quote", 3, "same", 1, None),
        (RIGHT, "number", 2, "same", 1, None),
        (RIGHT, "conflict", 20, "same", 1, None),
    ]


def test_a_drop_is_called_worse_with_its_size() -> None:
    now = changed(CASES, "date", 12, outcome="wrong")
    found = differences(CASES, now)
    assert [place for place, one in found.items() if one.verdict == "worse"] == [
        (RIGHT, EVERYTHING),
        (RIGHT, "date"),
    ]
    one = found[RIGHT, "date"]
    assert (one.before, one.now, one.change, one.cases) == (1, 0.4, pytest.approx(-0.6), 20)
    assert one.low <= -0.6 <= one.high < 0
    assert one.p == pytest.approx(0.5**12)
    assert one.corrected == pytest.approx(5 * 0.5**12)  # the smallest of five
    assert one.test == "McNemar"
    moved = compare(CASES, now, {}, FAMILY).changed
    assert len(moved) == 12
    assert {(one.before, one.now) for one in moved} == {("right", "wrong")}


def test_a_drop_of_a_mean_is_found() -> None:
    found = differences(CASES, changed(CASES, "lookup", 30, scores={"nDCG@8": 0.5}))
    one = found["nDCG@8", EVERYTHING]
    assert (one.test, one.verdict, one.detectable) == ("permutation", "worse", None)
    assert one.change == pytest.approx(-15 / 85)
    assert found[RIGHT, EVERYTHING].verdict == "same"


def test_a_gain_is_better_and_never_fails() -> None:
    worse = changed(CASES, "lookup", 30, outcome="wrong", scores={"nDCG@8": 0.5})
    found = differences(worse, CASES)
    assert {one.verdict for one in found.values() if one.slice == EVERYTHING} == {"better"}


def test_a_type_that_is_not_guarded_is_shown_but_does_not_fail() -> None:
    found = differences(CASES, changed(CASES, "conflict", 6, outcome="abstained"))
    assert (found[RIGHT, "conflict"].verdict, found[RIGHT, "conflict"].corrected) == ("worse", None)
    assert found[RIGHT, EVERYTHING].verdict == "same"  # six of 85 may be chance beside five tests


def test_an_unmeasured_case_is_left_out_of_what_it_lacks() -> None:
    found = differences(CASES, changed(CASES, "lookup", 10, outcome=None))
    assert (found[RIGHT, EVERYTHING].cases, found["nDCG@8", EVERYTHING].cases) == (75, 85)
    nothing = [one.model_copy(update={"outcome": None, "scores": {}}) for one in CASES]
    assert differences(CASES, nothing) == {}


def test_the_detectable_drop_is_stated_where_the_gate_looks() -> None:
    found = differences(CASES, CASES)
    assert found[RIGHT, "conflict"].detectable is None
    everything, dates = found[RIGHT, EVERYTHING].detectable, found[RIGHT, "date"].detectable
    assert everything is not None
    assert dates is not None
    assert 0.08 < everything < 0.16 < dates
    # What is stated would be found.
    lost = changed(CASES, "lookup", round(everything * 85) + 2, outcome="wrong")
    assert differences(CASES, lost)[RIGHT, EVERYTHING].verdict == "worse"


def test_what_is_as_good_seldom_fails() -> None:
    """Of 300 pairs of runs in which a case is right at random, at most alpha and a margin of chance."""
    chance = np.random.default_rng(5)
    failed = 0
    for _ in range(300):
        pairs = [
            tuple(
                one.model_copy(
                    update={
                        "outcome": "right" if chance.random() < 0.6 else "wrong",
                        "scores": {"nDCG@8": float(chance.integers(0, 3)) / 2},
                    }
                )
                for _ in range(2)
            )
            for one in CASES
        ]
        tests = family_tests([(before, now) for before, now in pairs], FAMILY, resamples=500)
        failed += any(one.corrected is not None and one.corrected <= FAMILY.alpha for one in tests)
    assert 0 < failed <= 300 * FAMILY.alpha + 8
