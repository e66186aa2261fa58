"""Which articles are near the time that a question is about."""

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from assistant.retrieval.time_preference import PERIOD_WEIGHT, PRESENT_WEIGHT, time_preference
from assistant.text.dates import question_times

TODAY = dt.date(2026, 1, 10)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def test_articles_of_the_time_are_preferred() -> None:
    times = question_times("What happened on 2 December 2025?", TODAY)
    on, week, later, before = (
        time_preference(times, day(one)) for one in ("2025-12-02", "2025-12-09", "2026-01-05", "2025-11-01")
    )
    assert on == week == PERIOD_WEIGHT > later > 0
    assert PERIOD_WEIGHT > before > 0
    assert time_preference(times, None) == 0


def test_a_question_about_now_prefers_newer_articles() -> None:
    times = question_times("Who heads the office now?", TODAY)
    assert time_preference(times, TODAY) == PRESENT_WEIGHT
    assert time_preference(times, day("2025-12-01")) > time_preference(times, day("2025-06-01")) > 0


def test_no_other_question_prefers_any() -> None:
    times = question_times("Who heads the office?", TODAY)
    assert time_preference(times, TODAY) == time_preference(times, day("2025-01-01")) == 0


@given(st.text(max_size=200), st.dates(dt.date(1990, 1, 1), dt.date(2100, 1, 1)))
def test_no_article_is_preferred_by_more_than_the_weight(question: str, today: dt.date) -> None:
    assert 0 <= time_preference(question_times(question, today), today) <= PERIOD_WEIGHT
