"""Live: what is shown while an answer is made, and nothing where nobody looks."""

import datetime as dt
import io
import re
from typing import Any

import pyte
import pytest
from fakes import sentences_of
from rich.console import Console

from assistant.answering.events import (
    CandidatesFound,
    PassagesFound,
    Searching,
    SentenceDropped,
    SentenceKept,
    TextSoFar,
)
from assistant.answering.verify import Rejected, Statement
from assistant.corpus.articles import Article
from assistant.corpus.chunking import split_article
from assistant.retrieval.passages import Hit, Passage
from assistant.terminal import progress as module
from assistant.terminal.progress import AnswerView, progress, reading, waiting, watching

ARTICLE = Article("dam", "Dam \x1b[2J approved", "The dam was approved. It costs a lot.", dt.date(2025, 3, 4))
CHUNK = split_article(ARTICLE, 160)[0]
FOUND = Passage(ARTICLE, 0, 5, (Hit(CHUNK, ARTICLE, 0.5),))
UNDATED = Passage(Article("x", "X", "Text."), 0, 5, (Hit(CHUNK, ARTICLE, 0.5),))
KEPT = SentenceKept(Statement("It costs a lot.", (sentences_of(ARTICLE)[1],)))
DROPPED = SentenceDropped(Rejected("It costs 62.", "62 is not in what it cites"))


def terminal(**more: Any) -> Console:
    """A terminal that writes to a buffer."""
    return Console(file=io.StringIO(), force_terminal=True, width=60, markup=False, highlight=False, **more)


def written(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def shown(view: AnswerView) -> str:
    """What the view looks like, without colours and the spinner."""
    console = terminal(color_system=None)
    console.print(view)
    return re.sub(r"^[-\\|/] ", "", re.sub(r"\x1b\[[0-9;]*m", "", written(console)))


def test_an_answer_in_the_making() -> None:
    view = AnswerView()
    assert shown(view) == "looking for passages\n"
    view.take(CandidatesFound([UNDATED]))
    assert shown(view).startswith("ranking what was found\n  undated")
    view.take(PassagesFound([FOUND]))
    found = "reading 1 article, 4 Mar 2025 to 4 Mar 2025\n  4 Mar 2025  Dam <U+001B>[2J approved"
    assert shown(view).rstrip() == found
    view.take(TextSoFar("It costs a lot. It \x1b"))
    assert [line.rstrip() for line in shown(view).splitlines()[2:]] == [
        "unchecked: It costs a lot. It <U+001B>"
    ]
    view.take(Searching(["dam", "cost \x1b"]))
    assert shown(view).startswith("looking further: dam; cost <U+001B>\n")
    assert "unchecked" not in shown(view)
    view.take(TextSoFar("It costs"))
    view.take(TextSoFar(""))
    assert "unchecked" not in shown(view), "it begins again"
    view.take(KEPT)
    view.take(DROPPED)
    assert [line.rstrip() for line in shown(view).splitlines()[2:]] == [
        "It costs a lot [1].",
        "withdrawn: It costs 62. (62 is not in what it cites)",
    ]


def test_what_does_not_stand_is_struck_through() -> None:
    view = AnswerView()
    view.take(DROPPED)
    console = terminal(color_system="truecolor")
    console.print(view)
    assert "\x1b[2;9mIt costs 62.\x1b[0m" in written(console)


def test_an_event_of_another_kind_does_no_harm() -> None:
    view = AnswerView()
    before = shown(view)
    view.take("something new")  # type: ignore[arg-type]
    assert shown(view) == before


def test_articles_in_words() -> None:
    assert reading([FOUND, FOUND]) == "reading 1 article, 4 Mar 2025 to 4 Mar 2025"
    assert reading([UNDATED, FOUND]) == "reading 2 articles, 4 Mar 2025 to 4 Mar 2025"
    assert reading([UNDATED]) == "reading 1 article"
    assert reading([]) == "reading 0 articles"


def test_it_is_gone_when_it_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    console = terminal()
    monkeypatch.setattr(module, "stderr", lambda **more: console)
    with watching() as on_event:
        on_event(PassagesFound([FOUND]))
    with waiting("loading") as show:
        show("building")
    assert "looking for passages" in written(console)
    screen = pyte.Screen(60, 20)
    screen.set_mode(pyte.modes.LNM)
    pyte.Stream(screen).feed(written(console))
    assert "".join(screen.display).strip() == ""
    assert (screen.cursor.y, screen.cursor.hidden) == (0, False)


def test_a_dumb_terminal_gets_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    console = terminal(_environ={"TERM": "dumb"})
    monkeypatch.setattr(module, "stderr", lambda **more: console)
    with watching() as on_event:
        on_event(CandidatesFound([UNDATED, FOUND]))
        on_event(PassagesFound([FOUND]))
        on_event(TextSoFar("text"))
        on_event(KEPT)
    with waiting("loading") as show:
        show("building")
    assert written(console) == "reading 1 article, 4 Mar 2025 to 4 Mar 2025\n"


def test_a_pipe_gets_nothing(capsys: Any) -> None:
    with watching() as on_event:
        on_event(PassagesFound([FOUND]))
    with waiting("loading") as show:
        show("building")
    assert capsys.readouterr() == ("", "")


# Progress


def test_progress_in_a_pipe_is_at_most_ten_lines(capsys: Any) -> None:
    with progress("embedding passages") as update:
        for done in range(0, 1001):
            update(done, 1000)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "embedding passages: 0/1000"
    assert lines[-1] == "embedding passages: 1000/1000"
    assert len(lines) == 11


def test_nothing_to_do_makes_no_noise(capsys: Any) -> None:
    with progress("embedding passages") as update:
        update(0, 0)
    assert capsys.readouterr() == ("", "")


def test_progress_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    console = terminal(_environ={})
    monkeypatch.setattr(module, "stderr", lambda **more: console)
    with progress("embedding passages") as update:
        update(5, 10)
    assert "5/10" in written(console)


def test_no_bar_where_nothing_is_embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    console = terminal(_environ={})
    monkeypatch.setattr(module, "stderr", lambda **more: console)
    with progress("embedding passages") as update:
        update(0, 0)
    assert written(console) == ""
