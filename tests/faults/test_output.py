"""Wherever output goes, and whatever the terminal is, a command ends as it should, without a traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

from assistant.corpus.article import Article
from assistant.terminal import paging

ARTICLE = "---\ntitle: Grain ship reaches Portmore\ndate: 2025-10-14\n---\nThe grain ship “Calliope” came.\n"

SHOW = "show ship --corpus corpus"
HELP = "--help"
INDEX = "index --corpus corpus"
BATCH = "search --batch questions.jsonl --corpus corpus"

FULL = pytest.mark.skipif(sys.platform != "linux", reason="no device that is always full there")
pytestmark = [pytest.mark.slow, FULL]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a corpus and its index, in which commands are run."""
    folder = tmp_path_factory.mktemp("output")
    (folder / "corpus").mkdir()
    (folder / "corpus" / "ship.md").write_text(ARTICLE, encoding="utf-8")
    (folder / "questions.jsonl").write_text('{"question": "Which ship came?"}\n', encoding="utf-8")
    assert run(folder, INDEX) == (0, "")
    return folder


def run(folder: Path, command: str, **environment: str | None) -> tuple[int, str]:
    """The exit status of `assistant` in a shell, and its errors on standard error if that is still there."""
    kept = os.environ | {"XDG_DATA_HOME": str(folder / "data"), **environment}
    line = f"set -o pipefail; {sys.executable} -m assistant {command}"
    ended = subprocess.run(
        ["bash", "-c", line],
        cwd=folder,
        env={name: value for name, value in kept.items() if value is not None},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=100,
    )
    told = [line for line in ended.stderr.splitlines() if line.startswith(("assistant:", "Traceback", "Exc"))]
    return ended.returncode, "\n".join(told)


NO_ROOM = "assistant: cannot read or write (No space left on device); make room and try again"


@pytest.mark.parametrize("command", [HELP, SHOW, BATCH])
def test_a_full_disk_is_told_in_one_line(folder: Path, command: str) -> None:
    assert run(folder, f"{command} > /dev/full") == (2, NO_ROOM)


def test_where_errors_have_no_room_either_the_status_tells(folder: Path) -> None:
    assert run(folder, f"{HELP} > /dev/full 2> /dev/full") == (2, "")


@pytest.mark.parametrize("closed", [">&-", "2>&-", "2> /dev/full"])
def test_a_command_does_its_work_where_nobody_reads(folder: Path, closed: str) -> None:
    assert run(folder, f"{SHOW} {closed}") == (0, "")


@pytest.mark.parametrize("command", [HELP, SHOW])
def test_a_pipe_that_is_closed_ends_a_command_quietly(folder: Path, command: str) -> None:
    # The reader is gone before anything is written.
    assert run(folder, f"{command} | exec true") == (2, "")


@pytest.mark.parametrize(
    "environment",
    [
        {"TERM": "dumb", "COLUMNS": "0", "LINES": "24", "LC_ALL": "C", "PYTHONUTF8": "0"},
        {"TERM": None, "COLUMNS": "many", "PYTHONIOENCODING": "ascii"},
        {"TERM": "no-such-terminal", "COLUMNS": "1", "LINES": "1"},
    ],
)
def test_an_odd_terminal_shows_an_article(folder: Path, environment: dict[str, str | None]) -> None:
    kept = os.environ | {"XDG_DATA_HOME": str(folder / "data")} | environment
    child = pexpect.spawn(
        sys.executable,
        ["-m", "assistant", *SHOW.split()],
        cwd=str(folder),
        env={name: value for name, value in kept.items() if value is not None},
        timeout=100,
    )
    shown = child.read()
    child.close()
    assert child.exitstatus == 0
    assert b"Traceback" not in shown
    assert b"Calliope" in shown.replace(b"\r\n", b"")


@pytest.mark.parametrize("pager", ["'", "no-such-pager", "", "cat '", "/"])
def test_an_odd_pager_is_passed_by(
    pager: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PAGER", pager)
    paging.open_article(Article("a", "A ship", "The ship came."), (0, 8))
    assert "The ship came." in capsys.readouterr().out
