"""A state is copied whole: by sharing blocks where the file system can, else byte by byte."""

import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from assistant.index import snapshots


@pytest.fixture
def state(path: Path) -> Path:
    """The current state of an index: a database and a file beside it."""
    state = path / "state-0a"
    (state / "chroma").mkdir(parents=True)
    (state / "chroma" / "data_level0.bin").write_bytes(bytes(range(256)) * 100)
    with closing(sqlite3.connect(state / "chroma.sqlite3")) as file, file:
        file.execute("CREATE TABLE words (word)")
        file.executemany("INSERT INTO words VALUES (?)", ([f"word {number}"] for number in range(5000)))
    (path / "current").write_text(state.name)
    return state


def words(file: Path) -> int:
    with closing(sqlite3.connect(file)) as opened:
        assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return int(opened.execute("SELECT count(*) FROM words").fetchone()[0])


def whole(state: Path) -> bool:
    data = (state / "chroma" / "data_level0.bin").read_bytes()
    return words(state / "chroma.sqlite3") == 5000 and data == bytes(range(256)) * 100


def test_a_copy_is_whole_on_this_file_system(path: Path, state: Path) -> None:
    assert whole(snapshots.begin(path, state))
    assert whole(state)


def test_a_copy_is_whole_where_blocks_cannot_be_shared(
    path: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "FICLONE", 0)  # no request that a file knows
    assert not snapshots._shared(str(state / "chroma.sqlite3"), str(path / "other"))
    assert whole(snapshots.begin(path, state))


def test_nobody_writes_a_database_whose_blocks_are_being_shared(
    path: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = []

    def shared(source: str, target: str) -> bool:
        if source.endswith(".sqlite3"):
            with (
                closing(sqlite3.connect(source, timeout=0)) as other,
                pytest.raises(sqlite3.OperationalError, match="locked") as error,
            ):
                other.execute("INSERT INTO words VALUES ('another')")
            refused.append(error)
        shutil.copyfile(source, target)
        return True

    monkeypatch.setattr(snapshots, "_shared", shared)
    assert whole(snapshots.begin(path, state))
    assert len(refused) == 1
    with closing(sqlite3.connect(state / "chroma.sqlite3", timeout=0)) as other, other:
        other.execute("INSERT INTO words VALUES ('another')")


def test_a_database_that_is_more_than_its_file_is_copied_whole(path: Path, state: Path) -> None:
    with closing(sqlite3.connect(state / "chroma.sqlite3")) as open_one:
        open_one.execute("PRAGMA journal_mode = WAL")
        with open_one:
            open_one.execute("INSERT INTO words VALUES ('in the log')")
        assert words(snapshots.begin(path, state) / "chroma.sqlite3") == 5001


def test_a_database_that_cannot_be_written_is_copied_whole(path: Path, state: Path) -> None:
    file = state / "chroma.sqlite3"
    file.chmod(stat.S_IREAD)
    try:
        assert whole(snapshots.begin(path, state))
    finally:
        file.chmod(stat.S_IREAD | stat.S_IWRITE)


def test_the_journal_of_somebody_who_writes_a_little_is_not_copied(path: Path, state: Path) -> None:
    """It may be gone when its turn comes; left, it would undo the copy."""
    with closing(sqlite3.connect(state / "chroma.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("INSERT INTO words VALUES ('another')")
        assert (state / "chroma.sqlite3-journal").is_file()
        copy = snapshots.begin(path, state)
        assert [file.name for file in copy.rglob("*sqlite3*")] == ["chroma.sqlite3"]
        other.execute("ROLLBACK")
    assert whole(copy)
