"""A corpus that did not change is not read again, and whatever may change its articles has it read."""

import ast
import importlib.metadata
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from commands import Ended, Run
from fakes import write_corpus

from assistant.api import build, changed
from assistant.index import snapshots

PACKAGE = Path(__file__).parents[2] / "assistant"


class Place:
    """A corpus with an index of it."""

    def __init__(self, folder: Path, run: Run) -> None:
        self.corpus, self.index = write_corpus(folder / "corpus"), folder / "index"
        self._run = run
        for number in range(7):
            (self.corpus / f"empty{number}.txt").touch()
        self.first = self.update()

    def update(self, *options: str) -> Ended:
        return self._run("index", "--corpus", str(self.corpus), "--index", str(self.index), *options)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The corpora that were read, in turn."""
    read, seen = build.read_articles, list[Path]()

    def counted(path: Path, *others: object) -> object:
        seen.append(path)
        return read(path, *others)

    monkeypatch.setattr(build, "read_articles", counted)
    return seen


@pytest.fixture
def place(tmp_path: Path, run: Run, reads: list[Path], monkeypatch: pytest.MonkeyPatch) -> Place:
    """Indexed once; a file counts as written in the tick of a look only if it was written later."""
    monkeypatch.setattr(changed, "TICK", 0)
    return Place(tmp_path, run)


def test_what_is_said_of_an_unchanged_corpus_is_what_reading_it_says(place: Place, reads: list[Path]) -> None:
    assert place.first.err.count(" is empty; ") == 5
    unread = place.update()
    assert (len(reads), unread.status) == (1, 0)
    assert unread.out.startswith("0 added, 0 changed, 0 removed, 3 unchanged; ")
    assert "2 more messages: assistant index --list-skipped names each" in unread.out
    place.corpus.joinpath("empty0.txt").chmod(0o600)
    assert (place.update(), len(reads)) == (unread, 2)


def test_a_file_of_this_moment_may_be_written_again(tmp_path: Path, run: Run, reads: list[Path]) -> None:
    place = Place(tmp_path, run)
    place.update()
    assert len(reads) == 2


def edit_unseen(place: Place) -> None:
    """As many bytes, and the time of before."""
    file = place.corpus / "fish.txt"
    text, times = file.read_text("utf-8"), file.stat()
    file.write_text(text.upper(), "utf-8")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert (file.stat().st_size, file.stat().st_mtime_ns) == (times.st_size, times.st_mtime_ns)


def move(place: Place) -> None:
    """The corpus lies elsewhere, and is found by the same path."""
    place.corpus.symlink_to(place.corpus.rename(place.corpus.with_name("elsewhere")))


def lose_a_vector(place: Place) -> None:
    state = snapshots.current(place.index)
    assert state
    with closing(sqlite3.connect(state / "chroma" / "chroma.sqlite3")) as database, database:
        database.execute("DELETE FROM embeddings WHERE id = (SELECT max(id) FROM embeddings)")


@pytest.mark.parametrize(
    "touch",
    [
        edit_unseen,
        lambda place: (place.corpus / "new.txt").write_text("News\n\nThe bridge opened.", "utf-8"),
        lambda place: (place.corpus / "fish.txt").unlink(),
        lambda place: (place.corpus / "fish.txt").rename(place.corpus / "fishes.txt"),
        lambda place: (place.corpus / "README.md").touch(),
        lambda place: (place.index / "state-0.new").mkdir(),
        lambda place: (place.index / "state-0.copy").mkdir(),
        move,
        lose_a_vector,
    ],
)  # fmt: skip
def test_whatever_may_change_the_index_has_the_corpus_read(
    place: Place, reads: list[Path], touch: Callable[[Place], object]
) -> None:
    touch(place)
    place.update()
    assert len(reads) == 2


@pytest.mark.parametrize(
    "options", [["--rebuild"], ["--list-skipped"], ["--exclude", "fish.txt"], ["--strict"]]
)
def test_an_option_that_asks_for_more_has_it_read(
    place: Place, reads: list[Path], options: list[str]
) -> None:
    place.update(*options)
    assert len(reads) == 2


def test_what_was_told_in_full_is_told_in_short_again(place: Place, reads: list[Path]) -> None:
    assert place.update("--list-skipped").err.count(" is empty; ") == 7
    assert place.update().err.count(" is empty; ") == 5
    assert len(reads) == 3


@pytest.mark.parametrize("name", ["pypdf", "news-assistant"])
def test_another_version_reads_again(
    place: Place, reads: list[Path], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    version = importlib.metadata.version

    def other(library: str) -> str:
        if library == name:
            raise importlib.metadata.PackageNotFoundError
        return version(library)

    monkeypatch.setattr(changed, "version", other)
    monkeypatch.setattr(
        importlib.metadata, "version", lambda library: "9.9" if library == name else version(library)
    )
    place.update()
    assert len(reads) == 2


def test_every_library_that_reads_articles_is_named() -> None:
    imported = {
        name.partition(".")[0]
        for file in (*(PACKAGE / "corpus").rglob("*.py"), *(PACKAGE / "text").rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        for name in (
            [node.module or ""] if isinstance(node, ast.ImportFrom)
            else [one.name for one in node.names] if isinstance(node, ast.Import)
            else []
        )
    }  # fmt: skip
    libraries = importlib.metadata.packages_distributions()
    used = {libraries[name][0] for name in imported - {"assistant", "langchain_core"} if name in libraries}
    assert used <= set(changed.LIBRARIES)
    assert used >= {"pypdf", "PyYAML"}
