"""Relative days: dated where they are certain, and nowhere else."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.relative_days import meanings, with_days

WEDNESDAY = dt.date(2025, 11, 26)


@pytest.mark.parametrize(
    ("sentence", "meant"),
    [
        ("They met on Tuesday and parted.", {"on Tuesday": "25 November 2025"}),
        ("They met on Wednesday morning.", {"on Wednesday morning": "26 November 2025"}),
        ("He will travel to Paris on Tuesday.", {"on Tuesday": "2 December 2025"}),
        ("He will travel to Paris, he said on Tuesday.", {"on Tuesday": "25 November 2025"}),
        ("He said he will travel on Friday.", {"on Friday": "28 November 2025"}),
        ("The dam broke yesterday.", {"yesterday": "25 November 2025"}),
        ("Voting ends tomorrow, not today.", {"tomorrow": "27 November 2025", "today": "26 November 2025"}),
        ("The envoy goes to Oslo next week.", {"next week": "the week of 1 December 2025"}),
        ("She resigned last month.", {"last month": "October 2025"}),
        ("It opens next month.", {"next month": "December 2025"}),
        ("Prices rose last year.", {"last year": "2024"}),
        ("They left. Last month they met.", {"Last month": "October 2025"}),
    ],
)
def test_what_is_certain(sentence: str, meant: dict[str, str]) -> None:
    assert meanings(sentence, WEDNESDAY) == meant


@pytest.mark.parametrize(
    "sentence",
    [
        "They met on Tuesday, 18 November.",  # dated already
        "On Monday evening, 24 November, they met.",
        "In July he set a limit that ran out on Tuesday.",  # a Tuesday of another time
        "On 14 July he gave them until next week.",
        "The talks were to resume on Tuesday.",  # whether they did is not said
        "They could sign on Friday.",
        "He will travel to Paris on Wednesday.",  # today, or in a week
        'He set it at "10 or 12 days from today".',  # his day, not the article's
        "Today's lines are those of last year's truce.",
        "Nothing is said of days here.",
        "Norrhavn Today reported on it.",  # a name
        "He told This Week of it.",
        "Prices rose over the last year.",  # twelve months, and no year of the calendar
    ],
)
def test_what_is_not(sentence: str) -> None:
    assert meanings(sentence, WEDNESDAY) == {}


def test_an_undated_article_has_no_days() -> None:
    assert meanings("They met on Tuesday.", None) == {}


def test_one_phrase_with_two_meanings_is_left_alone() -> None:
    assert meanings("They met on Friday and will meet again on Friday.", WEDNESDAY) == {}


def test_the_day_is_put_behind_the_words_once() -> None:
    meant = {"on Tuesday": "25 November 2025"}
    once = with_days("They met on Tuesday; it was on Tuesday.", meant)
    assert once == "They met on Tuesday (25 November 2025); it was on Tuesday."
    assert with_days(once, meant) == once
    assert with_days('He said: "on Tuesday".', meant) == 'He said: "on Tuesday".'


PIECES = st.lists(
    st.sampled_from(
        'on Tuesday|today|next week|last year|will|met|said|in July|14 May|31 February 2024|“|"|, '.split("|")
    )
)


@given(PIECES | st.text().map(lambda text: [text]), st.dates())
def test_any_text_keeps_its_words(pieces: list[str], published: dt.date) -> None:
    text = " ".join(pieces)
    dated = with_days(text, meanings(text, published))
    added = dated
    for day in meanings(text, published).values():
        added = added.replace(f" ({day})", "")
    assert added == text
