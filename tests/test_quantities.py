"""Quantities: what is asked for, and what of that kind a text gives."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.quantities import Asked, Value, asked_quantity, quantities
from assistant.surface import words


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How long did the call last?", "duration"),
        ("For how many hours did they meet?", "duration"),
        ("How many points does the plan have?", "count"),
        ("What is the population of Norrhavn?", "count"),
        ("How much will the dam cost?", "money"),
        ("What sum is being talked about?", "money"),
        ("What share of the issues is agreed?", "share"),
        ("When did the ferry run aground?", "date"),
        ("On which day was it signed?", "date"),
        ("Who led the team when the ferry ran aground?", None),
        ("Did he confirm it?", None),
        ("How many officials left?", "count"),
        ("How many islands are there?", "count"),
        ("What percent of the dam is built?", "share"),
        ("How much territory was flooded?", None),
    ],
)
def test_what_is_asked(question: str, kind: str | None) -> None:
    asked = asked_quantity(question)
    assert (asked.kind if asked else None) == kind


@pytest.mark.parametrize(
    ("question", "text", "values"),
    [
        ("How long did it last?", "about 90 minutes, or an hour and a half", [90, 90]),
        ("How long did it last?", "half an hour, two and a half hours, 1 hour and 20 minutes", [30, 150, 80]),
        ("How long did the call last?", "The call on a 30-day ceasefire took nearly three hours.", [180]),
        ("How long is the ceasefire?", "a 30-day ceasefire", [43200]),
        ("How many points has the plan?", "cut from 28 points to 19 on 24 November by 3 envoys", [28, 19]),
        ("How many people came?", "about 2.5 million people", [2_500_000]),
        ("How much is it?", "€140bn in October, then $100 million", [140e9, 100e6]),
        ("How many boatmen died?", "5 boatmen left, and of all the others 3 died", [5]),
        ("What share is agreed?", "90% of the issues, or 95 per cent", [90, 95]),
    ],
)
def test_amounts(question: str, text: str, values: list[float]) -> None:
    asked = asked_quantity(question)
    assert asked is not None
    assert [value.amount for value in quantities(text, asked)] == values


def test_dates_and_years_but_not_the_day_of_a_remark() -> None:
    dates = Asked("date")
    assert [one.text for one in quantities("It was built in 1902.", dates)] == ["1902"]
    assert [one.text for one in quantities("On 4 May 1902, he said on 6 June, it fell.", dates)] == [
        "4may 1902"
    ]


@pytest.mark.parametrize(
    ("one", "other", "same", "differs"),
    [
        ("90 minutes", "an hour and a half", True, False),
        ("nearly three hours", "2 hours and 55 minutes", True, False),
        ("90 minutes", "three hours", False, True),
        ("90 minutes", "nine days", False, False),  # hardly of one thing
    ],
)
def test_values_are_compared(one: str, other: str, same: bool, differs: bool) -> None:
    first, second = (quantities(text, Asked("duration"))[0] for text in (one, other))
    assert (first.same(second), first.differs(second)) == (same, differs)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("1 December", "11 December", False),
        ("1 December", "1 December 2025", True),
        ("2025", "1 December 2025", True),
    ],
)
def test_dates_are_compared_by_what_both_say(one: str, other: str, *, same: bool) -> None:
    first, second = Value("date", 0.0, words(one, dates=True)), Value("date", 0.0, words(other, dates=True))
    assert first.same(second) == second.same(first) == same


def test_nothing_is_not_ten() -> None:
    assert Value("count", 0.0, "0").differs(Value("count", 10.0, "10")) is False
    assert not Value("count", 0.0, "0").same(Value("count", 10.0, "10"))


def test_counts_are_not_rounded() -> None:
    before, after = quantities("19 points, then 20 points", Asked("count", frozenset({"point"})))
    assert before.differs(after)


def test_currencies_do_not_compare() -> None:
    euros, dollars = quantities("90 billion euros and 100 billion dollars", Asked("money"))
    assert not euros.differs(dollars)


@given(st.text(), st.sampled_from(["duration", "money", "share", "date", "count"]))
def test_any_text_has_values_that_are_the_same_as_themselves(text: str, kind: str) -> None:
    for value in quantities(text, Asked(kind, frozenset({"point"}))):
        assert value.same(value)
        assert not value.differs(value)
