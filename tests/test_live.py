"""Live: what is shown while an answer is made, and nothing where nobody looks."""

import datetime as dt
import io
import re
from typing import Any

import pyte
import pytest
from fakes import sentences_of
from rich.console import Console

from assistant import live
from assistant.articles import Article
from assistant.chunks import split_article
from assistant.events import CandidatesFound, ClaimDropped, ClaimKept, PassagesFound, TextSoFar
from assistant.grounding import Grounded
from assistant.live import View, reading, waiting, watching
from assistant.retrieval import Hit, Passage

ARTICLE = Article("dam", "Dam \x1b[2J approved", "The dam was approved. It costs a lot.", dt.date(2025, 3, 4))
CHUNK = split_article(ARTICLE, 160)[0]
FOUND = Passage(ARTICLE, 0, 5, (Hit(CHUNK, ARTICLE, 0.5),))
UNDATED = Passage(Article("x", "X", "Text."), 0, 5, (Hit(CHUNK, ARTICLE, 0.5),))
KEPT = Grounded("It costs a lot.", (sentences_of(ARTICLE)[1],), 0.9)
DROPPED = Grounded("It costs 62.", (), 0.0, "no sentence that was read says 62")


def terminal(**more: Any) -> Console:
    """A terminal that writes to a buffer."""
    return Console(file=io.StringIO(), force_terminal=True, width=60, markup=False, highlight=False, **more)


def written(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def shown(view: View) -> str:
    """What the view looks like, without colours and the spinner."""
    console = terminal(color_system=None)
    console.print(view)
    return re.sub(r"^[-\\|/] ", "", re.sub(r"\x1b\[[0-9;]*m", "", written(console)))


def test_an_answer_in_the_making() -> None:
    view = View()
    assert shown(view) == "looking for passages\n"
    view.take(CandidatesFound([UNDATED]))
    assert shown(view).startswith("ranking what was found\n  undated")
    view.take(PassagesFound([FOUND]))
    found = "reading 1 article, 4 Mar 2025 to 4 Mar 2025\n  4 Mar 2025  Dam <U+001B>[2J approved"
    assert shown(view).rstrip() == found
    view.take(
        TextSoFar(
            '{"claims": [{"sentence": 2, "text": "It costs a lot."}, {"sentence": 2, "text": "It \\u001b'
        )
    )
    assert [line.rstrip() for line in shown(view).splitlines()[2:]] == [
        "unchecked: It costs a lot. It <U+001B>"
    ]
    view.take(ClaimKept(KEPT))
    view.take(ClaimDropped(DROPPED))
    assert [line.rstrip() for line in shown(view).splitlines()[2:]] == [
        "It costs a lot [1].",
        "withdrawn: It costs 62. (no sentence that was read says 62)",
    ]


def test_what_does_not_stand_is_struck_through() -> None:
    view = View()
    view.take(ClaimDropped(DROPPED))
    console = terminal(color_system="truecolor")
    console.print(view)
    assert "\x1b[2;9mIt costs 62.\x1b[0m" in written(console)


def test_an_event_of_another_kind_does_no_harm() -> None:
    view = View()
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
    monkeypatch.setattr(live, "stderr", lambda **more: console)
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
    monkeypatch.setattr(live, "stderr", lambda **more: console)
    with watching() as on_event:
        on_event(CandidatesFound([UNDATED, FOUND]))
        on_event(PassagesFound([FOUND]))
        on_event(TextSoFar("text"))
        on_event(ClaimKept(KEPT))
    with waiting("loading") as show:
        show("building")
    assert written(console) == "reading 1 article, 4 Mar 2025 to 4 Mar 2025\n"


def test_a_pipe_gets_nothing(capsys: Any) -> None:
    with watching() as on_event:
        on_event(PassagesFound([FOUND]))
    with waiting("loading") as show:
        show("building")
    assert capsys.readouterr() == ("", "")
