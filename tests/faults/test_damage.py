"""A damaged index, a full disk and a folder that cannot be written: one line that says what to do, never a
traceback, a crash or an article that is another than it was.

DAMAGES=300 in the environment damages an index three hundred times rather than as often as there are files.
"""

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from commands import Run
from fakes import write_corpus
from faults.conftest import Runs, missing
from faults.corpora import write
from faults.forking import server
from indexing import IDENTITY, article, embedding

from assistant.api.assistant import Assistant
from assistant.errors import IndexMismatch, IndexMissing
from assistant.index import snapshots
from assistant.index import sync as syncing
from assistant.index.catalogue import layers
from assistant.index.catalogue.lexical import CATALOGUE, Catalogue
from assistant.index.checking import disagreements
from assistant.index.opened import Index
from assistant.index.sync import sync
from assistant.index.vectors import chroma
from assistant.settings import load_settings

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="no fork there"),
    pytest.mark.timeout(1200),
]

FILES = [
    "current", "manifest.json", "catalogue.sqlite3", "chroma.sqlite3", "data_level0.bin", "header.bin",
    "index_metadata.pickle", "length.bin", "link_lists.bin", snapshots.BASE,
]  # fmt: skip
DAMAGES = int(os.environ.get("DAMAGES", len(FILES)))
REMEDY = ("assistant index --rebuild", "make one with: assistant index")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of so many passages that Chroma keeps vectors in files of its own."""
    path = tmp_path_factory.mktemp("whole") / "index"
    sync(path, [article(f"a{number}", 20) for number in range(55)], embedding(), IDENTITY)
    return path


@pytest.fixture(scope="module")
def layered(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, and a state that lies on it."""
    path = Path(shutil.copytree(whole, tmp_path_factory.mktemp("layered") / "index"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(syncing, "LARGE", 0)
        patch.setattr(layers, "OUTGROWN", 100)
        sync(path, [article(f"a{number}", 20) for number in range(220) if number % 2], embedding(), IDENTITY)
    return path


@pytest.fixture(scope="module")
def ask() -> Iterator[Callable[[str], tuple[int, str]]]:
    with server("damaging.py") as work:
        yield work


@pytest.mark.parametrize("seed", range(DAMAGES))
def test_damage_is_told_in_a_line(
    seed: int, whole: Path, layered: Path, ask: Callable[[str], tuple[int, str]], tmp_path: Path
) -> None:
    chance = random.Random(seed)
    name = FILES[seed % len(FILES)]
    path = Path(shutil.copytree(layered if name == snapshots.BASE or seed % 2 else whole, tmp_path / "index"))
    file = chance.choice(sorted(path.rglob(name)))
    how = damage(file, chance)
    status, said = ask(str(path))
    assert status == 0, (file.name, how, said)
    told = json.loads(said.splitlines()[-1])  # behind what Chroma's library says when it gives up
    for line in filter(None, [told["asked"], told["updated"]]):
        assert "\n" not in line
        assert line.endswith(REMEDY), (file.name, how, line)
    if file.name not in ("current", "base", "manifest.json", "catalogue.sqlite3", "chroma.sqlite3"):
        assert told["found"]
        assert told["asked"]
    if told["asked"] and file.exists():
        assert told["found"], (file.name, how)


def damage(file: Path, chance: random.Random) -> str:
    """Cuts, empties, removes or changes a file; returns which."""
    data = bytearray(file.read_bytes())
    how = chance.choice(["cut", "flipped", "flipped", "zeroed", "empty", "missing"])
    place = chance.randrange(len(data))
    if how == "missing":
        file.unlink()
        return how
    if how == "cut":
        del data[place:]
    elif how == "flipped":
        for place in chance.choices(range(len(data)), k=chance.choice([1, 20, 300])):
            data[place] ^= 1 << chance.randrange(8)
        data[place] ^= 255
    elif how == "zeroed":
        data[place : place + 4096] = bytes(len(data[place : place + 4096]))
    else:
        data.clear()
    file.write_bytes(bytes(data))
    return how


def test_an_article_in_the_place_of_another_is_told(tmp_path: Path) -> None:
    path = tmp_path / "index"
    sync(path, [article("a"), article("b")], embedding(), IDENTITY)
    state = snapshots.current(path)
    assert state
    with closing(Catalogue(state / CATALOGUE, writable=True)) as catalogue:
        catalogue._db.execute("UPDATE articles SET text = (SELECT text FROM articles WHERE id = 'b')")
        catalogue._db.commit()
        assert catalogue.article("b") == article("b")
        with pytest.raises(IndexMismatch, match=r"article a has changed since it was stored.*--rebuild"):
            catalogue.article("a")


@pytest.mark.parametrize(
    "content", [b"", b"state-", b"state-00", b"../x", b"\xff\0", b"state-" + b"0" * 5000]
)
def test_a_pointer_to_nothing_is_no_index_and_is_made_anew(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "index"
    sync(path, [article("a")], embedding(), IDENTITY)
    (path / "current").write_bytes(content)
    with pytest.raises(IndexMissing, match="make one with: assistant index"):
        Index.open(path, IDENTITY)
    assert disagreements(path) == [f"{path / 'current'} does not name a finished state"]
    sync(path, [article("a")], embedding(), IDENTITY)
    assert disagreements(path) == []


def test_a_killed_rebuild_with_other_settings_does_not_hinder(tmp_path: Path) -> None:
    """It is finished by a run with its settings, and given up by one with those of the index."""
    path, other = tmp_path / "index", chroma.Identity("other@1", 40)
    corpus = [article(name) for name in "abcdef"]
    sync(path, corpus, embedding(), IDENTITY)
    for wanted in (IDENTITY, other):
        with pytest.raises(KeyboardInterrupt):
            sync(path, corpus, embedding(most=4), other, rebuild=True)
        sync(path, corpus, embedding(), wanted)
        Index.open(path, wanted).close()
        assert snapshots.left(path) is None
    assert disagreements(path) == []


# Where nothing can be written


@pytest.mark.parametrize("largest", [1, 150_000])
def test_a_file_that_cannot_grow_leaves_the_old_index(tmp_path: Path, runs: Runs, largest: int) -> None:
    one, two = write(tmp_path / "one", "one", "abc"), write(tmp_path / "two", "two", "abcd")
    path = tmp_path / "index"
    assert runs(path, corpus=one) == (0, "")
    state = snapshots.current(path)
    status, said = runs(path, corpus=two, largest=largest)
    assert (status, "\n" in said) == (1, False)
    assert said.startswith("IndexMismatch: ")
    assert said.endswith("; make room for it and try again")
    assert snapshots.current(path) == state
    assert disagreements(path) == []
    assert runs(path, corpus=two) == (0, "")
    assert disagreements(path) == []


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own, where the system lets us have one."""
    place = tmp_path / "disk"
    place.mkdir()
    if not as_root("mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(place)):
        missing("no disk may be mounted here", "run the tests as root, or let sudo mount one")
    yield place
    assert as_root("umount", "-l", str(place))


def as_root(*command: str) -> bool:
    """Whether a command of the system succeeds; sudo is asked in continuous integration only."""
    sudo = ["sudo", "-n"] if os.environ.get("CI") == "true" and os.geteuid() else []
    return subprocess.run([*sudo, *command], capture_output=True, check=False).returncode == 0


def test_a_full_disk_and_one_that_is_read_only(disk: Path, tmp_path: Path, run: Run) -> None:
    corpus = write_corpus(tmp_path / "corpus")
    places = ("--corpus", str(corpus), "--index", str(disk / "index"))
    assert run("index", *places).status == 0
    for full in (True, False):
        if not full:
            assert as_root("mount", "-o", "remount,ro,size=4m", str(disk))
        ended = run("index", "--rebuild", *places)
        assert ended.status == 2
        assert ended.err.startswith("assistant: the index at") or CATALOGUE in ended.err
        assert ended.err.rstrip().endswith(
            "make room for it and try again" if full else "choose another folder with --index"
        )
        assert ended.err.count("\n") == 1
        settings = load_settings(index=disk / "index", corpus=corpus, model="extractive", reader="none")
        with Assistant(settings) as news:
            assert news.search("valley dam").passages[0].article == "dam"
        assert disagreements(disk / "index") == []
