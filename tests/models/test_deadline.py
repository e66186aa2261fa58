"""The time set for a question: nothing is asked, waited for or read beyond it."""

import math
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest
from asker import ANSWER, Asker, asking
from fake_server import fails, openai_stream

from assistant.errors import OutOfTime
from assistant.models.chat import deadline
from assistant.models.chat.deadline import ending_in


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Asker]:
    with asking(tmp_path, monkeypatch) as asker:
        yield asker


def test_nothing_is_asked_when_the_time_is_up(ask: Asker) -> None:
    with ending_in(-1), pytest.raises(OutOfTime):
        ask(openai_stream(ANSWER))
    assert ask.sent == []


def test_a_busy_server_is_not_waited_for_beyond_the_time(ask: Asker) -> None:
    with ending_in(10), pytest.raises(OutOfTime):
        ask(fails(429, Retry_After="30"), openai_stream(ANSWER))
    assert (len(ask.sent), ask.notices) == (1, [])


def test_an_answer_is_not_read_beyond_the_time(ask: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = count()
    monkeypatch.setattr(deadline, "time", SimpleNamespace(monotonic=lambda: next(seconds)))
    with ending_in(4), pytest.raises(OutOfTime):
        ask(openai_stream(ANSWER))
    assert ask.shown
    assert ask.shown[-1] != ANSWER
    with ending_in(math.inf):
        assert ask(openai_stream(ANSWER)).text == ANSWER


def test_without_a_time_there_is_no_end(ask: Asker) -> None:
    with ending_in(None):
        assert ask(openai_stream(ANSWER)).text == ANSWER


def test_the_time_is_that_of_the_thread_which_answers() -> None:
    ended: list[str] = []

    def other() -> None:
        deadline.check()
        ended.append("in time")

    with ending_in(-1):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        with pytest.raises(OutOfTime):
            deadline.check()
    deadline.check()
    assert ended == ["in time"]
