"""Dates: what a question is about, and days written alone."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.text.dates import (
    Day,
    Period,
    day_asked_as_of,
    in_short,
    in_words,
    parse_day,
    question_times,
    with_weekday,
)

TODAY = dt.date(2026, 1, 10)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


@pytest.mark.parametrize(
    ("question", "start", "end"),
    [
        ("What happened on 2 December?", "2025-12-02", "2025-12-02"),
        ("What happened on December 2nd, 2025?", "2025-12-02", "2025-12-02"),
        ("Who spoke on the 3rd of March 2025?", "2025-03-03", "2025-03-03"),
        ("Who spoke on 2025-03-03?", "2025-03-03", "2025-03-03"),
        ("What was said in late November?", "2025-11-20", "2025-11-30"),
        ("What was said in early March 2025?", "2025-03-01", "2025-03-10"),
        ("What was said in mid-May?", "2025-05-10", "2025-05-20"),
        ("What did the February 2025 talks bring?", "2025-02-01", "2025-02-28"),
        ("What was agreed yesterday?", "2026-01-09", "2026-01-09"),
        ("What was agreed 3 days ago?", "2026-01-07", "2026-01-07"),
        ("What was agreed last week?", "2025-12-31", "2026-01-06"),
        ("What was agreed last month?", "2025-12-01", "2025-12-31"),
        ("March 2025: who met?", "2025-03-01", "2025-03-31"),
        ("Who resigned since 2 December?", "2025-12-02", "2026-01-10"),
        ("Since the beginning of March 2025, who met?", "2025-03-01", "2026-01-10"),
        ("who met in november?", "2025-11-01", "2025-11-30"),
        ("Last week, who met?", "2025-12-31", "2026-01-06"),
        ("Who met on Nov. 18, or in may?", "2025-11-18", "2025-11-18"),
        ("Who met in may 2025?", "2025-05-01", "2025-05-31"),
        ("Who met on 26.11.2025?", "2025-11-26", "2025-11-26"),
        ("Who met on 18 November 1999?", "1999-11-18", "1999-11-18"),
        ("Who left before 20 November 2025?", "0001-01-01", "2025-11-20"),
        ("Who left after 20 November 2025?", "2025-11-20", "2026-01-10"),
        ("Who left the day after 20 November?", "2025-11-20", "2025-11-20"),
        ("Who left between 18 and 25 November?", "2025-11-18", "2025-11-25"),
        ("Who left between 18 November and 2 December?", "2025-11-18", "2025-12-02"),
        ("Who spoke from November 18 through November 25?", "2025-11-18", "2025-11-25"),
        ("Who spoke on 18-25 November?", "2025-11-18", "2025-11-25"),
        ("What is planned for 15 February?", "2026-02-15", "2026-02-15"),
    ],
)
def test_a_question_names_a_period(question: str, start: str, end: str) -> None:
    assert question_times(question, TODAY).periods == (Period(day(start), day(end)),)


@pytest.mark.parametrize(
    "question",
    [
        "May the talks go on?",
        "How many of the 28 points are left?",
        "What fell on 31 February?",
        "Who may sign?",
        "What did Theresa May say?",
        "Who was on the march to Norrhavn?",
    ],
)
def test_other_words_are_no_period(question: str) -> None:
    assert question_times(question, TODAY).periods == ()


def test_the_ends_of_the_calendar_are_no_period() -> None:
    assert question_times("Who met this week?", dt.date.max).periods == ()
    assert question_times("Who met last month?", dt.date.min).periods == ()


@pytest.mark.parametrize(
    ("question", "as_of"),
    [
        ("As of 26 November 2025, how many points were there?", "2025-11-26"),
        ("How many points were there as of 2025-11-26?", "2025-11-26"),
        ("How many as of Nov 26?", "2025-11-26"),
        ("How many are there as of today?", None),
        ("How many as of November?", None),
        ("How many as of 26 November 2031?", None),
        ("How many on 26 November 2025?", None),
    ],
)
def test_a_question_that_says_as_of_when(question: str, as_of: str | None) -> None:
    assert day_asked_as_of(question, TODAY) == (day(as_of) if as_of else None)


def test_a_month_without_a_year_is_the_last_such_month() -> None:
    periods = question_times("What came in January, and what in February?", TODAY).periods
    assert [period.start for period in periods] == [day("2026-01-01"), day("2025-02-01")]


@given(st.text(max_size=200), st.dates(dt.date(1990, 1, 1), dt.date(2100, 1, 1)))
def test_any_text_has_times(question: str, today: dt.date) -> None:
    times = question_times(question, today)
    assert all(period.start <= period.end for period in times.periods)


@pytest.mark.parametrize("text", ["yesterday", "26 Brumaire 2025", "2025-13-45", "26 November"])
def test_what_is_no_day(text: str) -> None:
    assert parse_day(text) is None


@given(st.dates(dt.date(1000, 1, 1)))
def test_a_day_is_read_however_it_is_written(date: dt.date) -> None:
    for text in (date.isoformat(), in_words(date), in_short(date), with_weekday(date)):
        assert parse_day(text) == date


def test_a_day_of_a_month_is_written_without_a_year() -> None:
    assert str(Day(11, 18, 2025)) == "18 November"
