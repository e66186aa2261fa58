"""The prompt, in a pseudo-terminal: what a person sees, types and interrupts."""

import json
import os
import re
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fakes import write_corpus
from screens import Terminal

from assistant.api.build import open_index
from assistant.chat.sessions import file_of, names, replay
from assistant.settings import load_settings

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals"),
    # Said from Python 3.12 on of a fork beside the threads of the libraries; the child only executes.
    pytest.mark.filterwarnings("ignore:This process:DeprecationWarning"),
]

ASKED = "What will the valley dam cost?"


def reply(*texts: str, pause: float = 0) -> tuple[str, float]:
    """What the model says, and the seconds between its pieces."""
    said = [{"text": text, "cites": ["1.2"]} for text in texts]
    return json.dumps({"verdict": "answered", "sentences": said}), pause


COST = reply("The dam will cost 90 billion crowns.")
SLOW = reply("The dam will cost 90 billion crowns.", *["It will cost 90 billion."] * 9, pause=0.2)
WRONG = reply("The dam will cost 90 billion crowns.", "It takes 62 years.")
"""Said twice, as it is sent back once."""
ALONE = json.dumps({"question": "And what does the dam cost?"}), 0.0
LIGHT = {"TERM": "xterm-256color", "ASSISTANT_RERANKER": "none", "ASSISTANT_THREADS": "1"}
ANSWER = "The dam will cost 90 billion crowns [1]."
WITHDRAWN = "assistant: withdrawn: It takes 62 years. (62 year is not in what it cites)"


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small corpus, with an index beside it."""
    folder = tmp_path_factory.mktemp("prompt")
    settings = load_settings(corpus=write_corpus(folder / "corpus"), index=folder / "index")
    open_index(settings, lambda message: None, lambda done, total: None).close()
    return folder


Start = Callable[..., Terminal]


@pytest.fixture
def start(corpus: Path, tmp_path: Path) -> Iterator[Start]:
    """Starts a chat over the small corpus, with a model that gives these replies."""
    started: list[Terminal] = []

    def start(
        *replies: tuple[str, float],
        options: tuple[str, ...] = (),
        columns: int = 100,
        lines: int = 40,
        **env: str,
    ) -> Terminal:
        tests = Path(__file__).parents[1]
        terminal = Terminal(
            sys.executable,
            str(tests / "fake_chat.py"),
            json.dumps(replies),
            *(
                "chat",
                "--model",
                "queued",
                "--corpus",
                str(corpus / "corpus"),
                "--index",
                str(corpus / "index"),
            ),
            *options,
            columns=columns,
            lines=lines,
            env=os.environ | LIGHT | {"PYTHONPATH": f"{tests.parent}:{tests}"} | env,
            cwd=str(tmp_path),
        )
        started.append(terminal)
        terminal.wait_for(r"(?m)^[^>\n]*>$")
        return terminal

    yield start
    for terminal in started:
        terminal.kill()


def test_a_conversation_on_a_terminal(start: Start) -> None:
    terminal = start(COST, ALONE, WRONG, WRONG)
    terminal.ask(ASKED)
    terminal.ask("/asof 31 Mar 2025")
    terminal.ask("And what does it cost?")
    terminal.type("\x04")
    assert terminal.end() == 0
    source = (
        "[1] 4 Mar 2025  Valley dam is approved  dam\n"
        "    “The dam will cost 90 billion crowns, said energy minister Ilse Brandt.”\n\n"
    )
    assert terminal.text() == (
        f"> {ASKED}\n{ANSWER}\n\n{source}"
        "> /asof 31 Mar 2025\n"
        "assistant: limits: as of 31 Mar 2025\n"
        "as of 31 Mar 2025 > And what does it cost?\n"
        f"And what does the dam cost?\n{ANSWER}\n\n{source.rstrip()}\n"
        "assistant: 1 article has no date and stayed hidden under --as-of and --since\n"
        f"{WITHDRAWN}\n\n"
        "as of 31 Mar 2025 >"
    )


def test_ctrl_c_stops_an_answer_and_keeps_what_came(start: Start) -> None:
    terminal = start(SLOW, ALONE, COST)
    terminal.type(f"{ASKED}\r")
    terminal.wait_for("reading 3 articles, 4 Mar 2025 to 20 Nov 2025")
    terminal.wait_for("unchecked: The dam will cost 90 billion crowns.")
    assert "4 Mar 2025  Valley dam is approved" in terminal.text()
    terminal.type("\x03")
    terminal.wait_for(r"(?m)^>$")
    stopped = terminal.text().split(f"> {ASKED}\n")[1]
    assert stopped.startswith("Stopped before an answer had been checked. The newest article is of 20 Nov")
    assert "\n\nNearest:\n[1] 4 Mar 2025  Valley dam is approved  dam\n    “" in stopped
    assert "\nassistant: stopped; this is what had come by then\n" in stopped
    assert "unchecked" not in stopped, "nothing that was not checked is left standing"
    assert "^C" not in stopped, "what is typed meanwhile is not echoed"
    terminal.type("\x03")
    terminal.wait_for("assistant: /quit or Ctrl-D ends the conversation")
    terminal.type(f"{ASKED}\rtyped meanwhile")
    terminal.wait_for(r"(?m)^> typed meanwhile$")
    assert f"\n{ANSWER}\n" in terminal.text()
    terminal.type("\x15\x04")
    assert terminal.end() == 0
    (name,) = names()
    assert len(replay(file_of(name).read_bytes()).turns) == 2


def test_a_killed_chat_loses_its_last_answer_alone(start: Start) -> None:
    terminal = start(COST, ALONE, SLOW)
    terminal.ask(ASKED)
    terminal.type("And what else?\r")
    terminal.wait_for("unchecked: The dam")
    assert terminal.kill() == -signal.SIGKILL
    (name,) = names()
    terminal = start(ALONE, COST, options=("--session", name))
    assert terminal.text().startswith(f"assistant: going on after turn 1: {ASKED}\n>")
    assert ANSWER in terminal.ask("And what else?")
    terminal.type("/quit\r")
    assert terminal.end() == 0
    assert len(replay(file_of(name).read_bytes()).turns) == 2


def test_typing(start: Start) -> None:
    """Several lines, what was asked in earlier conversations, and completion."""
    terminal = start(COST)
    terminal.type("What will\x1b\rthe valley")
    terminal.type("\x1b[200~\ndam\x1b[201~")
    assert ANSWER in terminal.ask(" cost?")
    assert "> What will\n  the valley\n  dam cost?\n" in terminal.text()
    terminal.type("/tim")
    terminal.wait_for("their own sentences about a topic, day by day")
    terminal.type("\t")
    terminal.wait_for(r"(?m)^> /timeline$")
    assert "20 November 2025: The ferry Marta" in terminal.ask(" ferry")
    terminal.type("\x04")
    assert terminal.end() == 0

    again = start(COST)
    again.type("\x1b[A")
    again.wait_for(r"(?m)^> /timeline ferry$")
    again.type("\x15\x04")
    assert again.end() == 0


def test_forty_columns_without_colours(start: Start) -> None:
    terminal = start(WRONG, WRONG, columns=40, NO_COLOR="1")
    terminal.ask(ASKED)
    terminal.ask("/help asof")
    terminal.type("\x04")
    assert terminal.end() == 0
    assert terminal.text() == (
        f"> {ASKED}\n"
        "The dam will cost 90 billion crowns [1].\n\n"
        "[1] 4 Mar 2025  Valley dam is approved\n"
        "    dam\n"
        "    “The dam will cost 90 billion\n"
        "    crowns, said energy minister Ilse\n"
        "    Brandt.”\n"
        "assistant: withdrawn: It takes 62 years.\n"
        " (62 year is not in what it cites)\n\n"
        "> /help asof\n"
        "/asof DATE | off\n"
        "    ask as of a day: later articles are\n"
        "    hidden\n"
        ">"
    )
    colours = re.findall(rb"\x1b\[(?:\d+;)*(?:3[0-79]|4[0-79]|9\d|10\d|[34]8;[\d;]+)m", terminal.written)
    assert set(colours) <= {b"\x1b[39m", b"\x1b[49m"}


def test_a_dumb_terminal(start: Start) -> None:
    terminal = start(WRONG, WRONG, TERM="dumb")
    terminal.ask(ASKED)
    assert "4 Mar 2025  Energy  dam\n" in terminal.ask("/open 1")
    terminal.type("/quit\r")
    assert terminal.end() == 0
    assert b"\x1b" not in terminal.written
    assert terminal.text().startswith(
        f"> {ASKED}\n"
        "reading 3 articles, 4 Mar 2025 to 20 Nov 2025\n"
        f"{ANSWER}\n\n"
        "[1] 4 Mar 2025  Valley dam is approved  dam\n"
        "    “The dam will cost 90 billion crowns, said energy minister Ilse Brandt.”\n"
        f"{WITHDRAWN}\n\n"
        "> /open 1\n"
        "Valley dam is approved\n"
    )


@pytest.mark.skipif(shutil.which("less") is None, reason="less is not installed")
def test_an_article_in_the_pager(start: Start) -> None:
    terminal = start(COST, columns=60, lines=12, PAGER="", LESS="", LESSOPEN="")
    terminal.ask(ASKED)
    terminal.type("/open 1\r")
    terminal.wait_for(r"\(END\)$")
    screen = terminal.text().splitlines()[-12:]
    assert screen.index("The dam will cost 90 billion crowns, said energy minister") in (2, 3, 4)
    assert b"\x1b[7mThe dam will cost 90 billion" in terminal.written
    terminal.type("\x03")
    terminal.read(0.5)  # an interrupt throws away what is typed with it
    terminal.type("q")
    terminal.wait_for(r"(?m)^>$")
    terminal.type("\x04")
    assert terminal.end() == 0


def test_what_cannot_be_loaded_ends_the_prompt(start: Start) -> None:
    terminal = start(options=("--section", "nonsense"))
    terminal.wait_for("assistant: no article has the section 'nonsense'; there are: Energy, Transport")
    assert terminal.end() == 2


def test_leaving_before_anything_is_loaded(start: Start) -> None:
    terminal = start()
    terminal.type("\x04")
    assert terminal.end() == 0
    assert terminal.text() == ">"
