"""Values: which numbers and dates of a claim its sources do not state."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.text.dates import Day
from assistant.text.numbers import Amount, CitedText, amounts, days, unconfirmed

TUESDAY = dt.date(2025, 11, 25)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("90 billion euros", [(90e9, "euro")]),
        ("€90bn", [(90e9, "euro")]),
        ("1,500 tonnes", [(1500.0, "tonne")]),
        ("30 per cent", [(30.0, "percent")]),
        ("a dozen ships", [(12.0, None)]),
        ("half of them", [(50.0, "percent")]),
        ("two percentage points", [(2.0, "point")]),
        ("two percentage", [(2.0, None)]),
        ("twenty-six countries", [(26.0, None)]),
        ("on 4 March 2025", []),
        ("on 4 March 20.5 million voted", [(20.5e6, None)]),
        ("in 2025", [(2025.0, None)]),
        ("", []),
        ("?!", []),
    ],
)
def test_amounts(text: str, found: list[tuple[float, str | None]]) -> None:
    assert [(one.value, one.unit) for one in amounts(text)] == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("on 4 March 2025", [Day(3, 4, 2025)]),
        ("March 4th", [Day(3, 4, None)]),
        ("on 4 March 20.5 million voted", [Day(3, 4, None)]),
        ("on 4 March 19th and 20km away", [Day(3, 4, None)]),
        ("2025-03-04", [Day(3, 4, 2025)]),
        ("4 and 5 March", [Day(3, 4, None), Day(3, 5, None)]),
        ("30 may have died", []),
        ("", []),
    ],
)
def test_days(text: str, found: list[Day]) -> None:
    assert days(text) == found


@pytest.mark.parametrize(
    ("claim", "source", "lacking"),
    [
        ("It costs €90bn.", "It costs 90 billion euros.", []),
        ("It costs 90 billion dollars.", "It costs 90 billion euros.", ["90 billion dollar"]),
        ("It costs 90 million euros.", "It costs 90 billion euros.", ["90 million euro"]),
        ("It costs 90 billion.", "It costs 90 billion euros.", []),
        ("Some 61 voted.", "It passed by 61 votes to 38.", []),
        ("Some 77 voted.", "It passed by 61 votes to 38.", ["77"]),
        ("It was on 25 November.", "It was on Tuesday.", []),
        ("It was on 26 November.", "It was on Tuesday.", ["26 November"]),
        ("It was on 24 November.", "It was yesterday.", []),
        ("It will be on 1 December.", "It will be next week.", []),
        ("It was on 1 July.", "It was next week.", ["1 July"]),
        ("It was on 25 November 2025.", "It happened.", []),
        ("It was in 2025.", "It happened.", []),
        ("It was in 2024.", "It happened.", ["2024"]),
        ("Nobody was hurt.", "It happened.", []),
        ("", "", []),
        ("{.", "?", []),
    ],
)
def test_what_a_source_does_not_say(claim: str, source: str, lacking: list[str]) -> None:
    assert unconfirmed(claim, [CitedText(source, TUESDAY)]) == lacking


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        ("Together 99 voted.", "It passed by 61 votes to 38."),
        ("The margin was 23.", "It passed by 61 votes to 38."),
        ("Together 60 died.", "10 died on Monday, 20 on Tuesday and 30 on Friday."),
        ("That is 50 percent.", "30 of 60 came."),
        ("That is 62 percent.", "38 of 61 came."),
        ("Turnout fell by 13.5 percentage points.", "Turnout was 48.2%, after 61.7%."),
        ("Turnout fell by nine points.", "Turnout was 52 percent, after 61 percent."),
        ("It took 9 days.", "It began on 4 March and ended on 13 March."),
        ("It took three months.", "It began on 4 March 2025 and ended on 4 June 2025."),
    ],
)
def test_what_may_be_worked_out(claim: str, source: str) -> None:
    assert unconfirmed(claim, [CitedText(source)]) == []
    assert unconfirmed(claim, [CitedText(source)], computed=False) != []


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        ("Some 62 voted.", "It passed by 61 votes to 38."),
        ("Some 62 came.", "38 of 61 came."),
        ("Turnout fell by 9 percent.", "Turnout was 52 percent, after 61 percent."),
        ("It took 62 hours.", "38 of 61 came."),
        ("It took 9 at most.", "It began on 4 March and ended on 13 March."),
        ("It was 30.", "In the north 10 tonnes, in the south 20 tonnes."),
    ],
)
def test_what_is_worked_out_in_a_unit_confirms_nothing_without_it(claim: str, source: str) -> None:
    assert unconfirmed(claim, [CitedText(source)]) != []


def test_sources_are_added_up_with_each_other() -> None:
    sources = [CitedText("In the north 10 tonnes."), CitedText("In the south 20 tonnes.")]
    assert unconfirmed("30 tonnes in all.", sources) == []
    assert unconfirmed("30 tonnes in all.", []) == ["30 tonne"]


def test_a_missing_unit_may_be_the_others() -> None:
    assert Amount(3, None, "3").agrees(Amount(3, "ton", "3 ton"))
    assert not Amount(3, "euro", "").agrees(Amount(3, "ton", ""))


def test_the_unit_of_a_derived_amount_is_nobody_elses() -> None:
    share = Amount(62, "percent", "", derived=True)
    said, bare = Amount(62, "percent", "62 percent"), Amount(62, None, "62")
    assert said.agrees(share)
    assert share.agrees(said)
    assert not bare.agrees(share)
    assert not share.agrees(bare)
    assert Amount(62, "ton", "62 ton").agrees(Amount(62, None, "", derived=True))


def test_a_day_without_a_year_is_that_of_any() -> None:
    assert Day(3, 4, None).agrees(dt.date(2025, 3, 4))


text = st.text(max_size=60) | st.lists(
    st.sampled_from(
        "€ 90 bn billion 0 1,000 4 March 2025 2025-03-04 Feb 31 tuesday yesterday half % - [1]".split()
    ),
    max_size=12,
).map(" ".join)


@given(text, st.lists(text, max_size=3), st.dates() | st.none())
def test_any_text_can_be_checked(claim: str, sources: list[str], day: dt.date | None) -> None:
    unconfirmed(claim, [CitedText(source, day) for source in sources])


@given(text, st.booleans())
def test_a_text_confirms_itself(claim: str, computed: bool) -> None:
    assert unconfirmed(claim, [CitedText(claim)], computed=computed) == []


def test_the_ends_of_the_calendar_and_of_numbers_can_be_checked() -> None:
    for day in (dt.date.min, dt.date.max):
        assert unconfirmed("On 3 May.", [CitedText("It was on Tuesday.", day)]) == ["3 May"]
    endless = f"{'9' * 400} and {'8' * 400}"
    assert unconfirmed("It costs 5.", [CitedText(endless)]) == ["5"]
