"""Watching: files and feeds, until Ctrl-C; and both commands as a person sees them."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_site import Site, article, rss
from typer.testing import CliRunner

from assistant.cli.main import app
from assistant.errors import AssistantError, SettingsError
from assistant.fetching.watching import Watch

pytestmark = pytest.mark.slow


def text(title: str, more: str = "") -> str:
    return f"{title}\n\nThe council of the valley approved the dam on Monday. {more}"


def ends(*steps: Callable[[], None]) -> Callable[[float], None]:
    """Does a step instead of each pause, and then ends as Ctrl-C does."""
    left = list(steps)

    def sleep(seconds: float) -> None:
        if not left:
            raise KeyboardInterrupt
        left.pop(0)()

    return sleep


def nothing() -> None:
    pass


def test_a_file_is_indexed_once_it_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "dam.txt"
    file.write_text(text("Dam"), encoding="utf-8")
    indexed: list[str] = []

    def write(content: str) -> Callable[[], None]:
        return lambda: [file.write_text(content, encoding="utf-8"), None][1]

    steps = ends(nothing, write(text("Da")), write(text("Dam", "More.")), nothing, nothing, nothing)
    watch = Watch(
        tmp_path, lambda: indexed.append(file.read_text(encoding="utf-8")), None, 60, print, sleep=steps
    )
    with pytest.raises(KeyboardInterrupt):
        watch.run()
    assert indexed == [text("Dam"), text("Dam", "More.")]


def test_errors_cost_a_turn(tmp_path: Path) -> None:
    (tmp_path / "dam.txt").write_text(text("Dam"), encoding="utf-8")
    notices: list[str] = []

    def fails() -> None:
        raise AssistantError("no; do otherwise")

    watch = Watch(tmp_path, fails, fails, 0, notices.append, sleep=ends(nothing, nothing))
    with pytest.raises(KeyboardInterrupt):
        watch.run()
    assert notices == ["no; do otherwise"] * 4  # the feeds three times, the index once


def test_a_folder_that_is_away_is_waited_for(tmp_path: Path) -> None:
    indexed: list[int] = []
    folder = tmp_path / "away"
    watch = Watch(
        folder,
        lambda: indexed.append(1),
        None,
        60,
        print,
        sleep=ends(nothing, folder.mkdir, nothing, nothing),
    )
    with pytest.raises(KeyboardInterrupt):
        watch.run()
    assert indexed == [1]


WATCHING = """
import sys
from assistant.fetching import http, watching
http.Client.__init__.__kwdefaults__["pause"] = 0.0
watching.Watch.__init__.__defaults__ = (0.1, *watching.Watch.__init__.__defaults__[1:])
sys.argv = ["assistant", *sys.argv[1:]]
import assistant.cli.adding as adding
real = watching.Watch
watching.Watch = lambda folder, index, fetch, every, notice: real(folder, index, fetch, every / 120, notice)
from assistant.cli.main import main
main()
"""


def test_watch_takes_in_files_and_feeds(news_site: Site, tmp_path: Path) -> None:
    """As a process: a file that changes, an item that is published, a feed that fails, Ctrl-C."""
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "dam.txt").write_text(text("Dam"), encoding="utf-8")
    news_site.pages |= {"/1": article("Story 1"), "/2": article("Story 2")}
    news_site.feed("/1")
    news_site.pages["/broken"] = lambda handler: handler.send(500, b"")
    feeds = ["--feed", f"{news_site.url}/broken", "--feed", f"{news_site.url}/feed.xml"]
    command = [sys.executable, "-c", WATCHING, "watch", str(folder), *feeds, "--allow-private"]
    here = Path(__file__).parents[2]
    environment = os.environ | {"PYTHONPATH": str(here), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [*command, "--every", "1", "--index", str(tmp_path / "index")],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    ) as running:
        lines: list[str] = []
        assert running.stdout is not None
        reader = threading.Thread(target=lambda: lines.extend(running.stdout or ()))
        reader.start()

        def wait_for(words: str) -> None:
            end = time.monotonic() + 60
            while not any(words in line for line in lines):
                assert time.monotonic() < end, lines
                assert running.poll() is None, lines
                time.sleep(0.05)

        wait_for("feeds: 1 fetched")
        wait_for("2 added, 0 changed, 0 removed in the index")
        (folder / "dam.txt").write_text(text("Dam", "It is full."), encoding="utf-8")
        wait_for("0 added, 1 changed, 0 removed in the index")
        news_site.feed("/2", "/1")
        wait_for("1 added, 0 changed, 0 removed in the index")
        running.send_signal(signal.SIGINT)
        assert running.wait(30) == 0
        reader.join()
    output = "".join(lines)
    assert "broken: the site answers 500; try later" in " ".join(output.split())
    assert lines[-1].startswith("2 fetched, 0 unchanged, 0 changed")
    assert "Traceback" not in output


def test_add_as_a_command(news_site: Site, tmp_path: Path) -> None:
    news_site.pages |= {"/1": article("Story 1"), "/robots.txt": "User-agent: *\nDisallow: /no"}
    urls = [f"{news_site.url}/1", f"{news_site.url}/no"]
    arguments = ["add", *urls, "--corpus", str(tmp_path / "a"), "--allow-private"]
    ended = CliRunner().invoke(app, arguments)
    assert ended.exit_code == 2
    assert ended.stdout.startswith("1 fetched, 0 unchanged, 0 changed, 0 withdrawn, 1 refused (1 robots.txt)")
    assert len(ended.stdout.splitlines()) == 1
    ended = CliRunner().invoke(app, ["add", urls[0], *arguments[3:]])
    assert ended.exit_code == 0
    assert ended.stdout.startswith("0 fetched, 1 unchanged")
    ended = CliRunner().invoke(app, ["add", urls[0], "--corpus", str(tmp_path / "a")])
    assert ended.exit_code == 2
    assert "1 private address" in ended.stdout


@pytest.mark.parametrize("command", [["add", "x.html"], ["watch"]])
def test_the_built_in_corpus_is_not_written_to(command: list[str]) -> None:
    ended = CliRunner().invoke(app, command)
    assert isinstance(ended.exception, SettingsError)
    assert "FOLDER" in str(ended.exception)


def test_a_mistyped_folder_is_told(tmp_path: Path) -> None:
    ended = CliRunner().invoke(app, ["watch", str(tmp_path / "no")])
    assert isinstance(ended.exception, SettingsError)
    assert "no such folder" in str(ended.exception)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(rss(), encoding="utf-8")
    ended = CliRunner().invoke(app, ["add", "x.html", "--corpus", str(tmp_path / "a.jsonl")])
    assert isinstance(ended.exception, SettingsError)
