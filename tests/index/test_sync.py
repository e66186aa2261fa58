"""An index is brought in line with a corpus, by whom and however often interrupted."""

import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from indexing import (
    CORPUS,
    EVERYTHING,
    IDENTITY,
    LATER,
    CountingEmbedding,
    article,
    embedding,
    whole,
)

from assistant.corpus.articles import Article
from assistant.errors import IndexBusy
from assistant.index import snapshots
from assistant.index import sync as syncing
from assistant.index.catalogue import layers
from assistant.index.opened import Index
from assistant.index.sync import Changes, sync
from assistant.index.vectors.writing import Store

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("kind")]

# In line with the corpus


def test_only_what_is_new_or_changed_is_embedded(path: Path) -> None:
    first = embedding()
    assert sync(path, CORPUS, first, IDENTITY) == Changes(6, 0, 0, 0, 12)
    assert len(first.texts) == 12
    second = embedding()
    assert sync(path, LATER, second, IDENTITY) == Changes(1, 2, 2, 2, 10)
    assert len(second.texts) == 6
    assert {text.split("\n")[0].split(" (")[0] for text in second.texts} == {"About b", "About c", "About g"}
    third = embedding()
    assert sync(path, LATER, third, IDENTITY) == Changes(0, 0, 0, 5, 10)
    assert third.texts == []


def test_an_index_that_was_changed_equals_one_made_at_once(path: Path, tmp_path: Path) -> None:
    sync(path, CORPUS, embedding(), IDENTITY)
    sync(path, LATER, embedding(), IDENTITY)
    sync(tmp_path / "other", LATER, embedding(), IDENTITY)
    assert whole(path) == whole(tmp_path / "other")


@pytest.mark.parametrize(
    "changes",
    [{"title": "New"}, {"published": None}, {"section": "new"}, {"url": "new"}, {"text": "New text."}],
)
def test_whatever_changes_in_an_article_is_noticed(path: Path, changes: dict[str, object]) -> None:
    sync(path, CORPUS, embedding(), IDENTITY)
    changed = replace(CORPUS[0], **changes)
    assert sync(path, [changed, *CORPUS[1:]], embedding(), IDENTITY).changed == 1
    with closing(Index.open(path, IDENTITY)) as index:
        assert index.catalogue.article("a") == changed


def test_an_article_without_words_is_no_trouble(path: Path) -> None:
    assert sync(path, [Article("a", "Title", " ")], embedding(), IDENTITY) == Changes(1, 0, 0, 0, 0)
    assert sync(path, [Article("a", "Title", " ")], embedding(), IDENTITY) == Changes(0, 0, 0, 1, 0)


def test_an_empty_corpus_empties_the_index(path: Path) -> None:
    sync(path, CORPUS, embedding(), IDENTITY)
    assert sync(path, [], embedding(), IDENTITY) == Changes(0, 0, 6, 0, 0)
    assert whole(path) == {}


def test_progress_counts_chunks(path: Path) -> None:
    told: list[tuple[int, int]] = []
    several = [article(name, 3) for name in "abcdefg"]
    sync(path, several, embedding(), IDENTITY, on_progress=lambda *both: told.append(both))
    assert told[0] == (0, 21)
    assert told[-1] == (21, 21)
    assert sorted(told) == told
    assert len(told) > 5


def test_the_stamp_is_that_of_the_last_finished_run(path: Path) -> None:
    sync(path, CORPUS, embedding(), IDENTITY, stamp="one")
    with pytest.raises(KeyboardInterrupt):
        sync(path, LATER, embedding(most=0), IDENTITY, stamp="two")
    with closing(Index.open(path, IDENTITY)) as index:
        assert index.catalogue.fact("stamp") == "one"


# Interrupted runs


@pytest.mark.parametrize("most", range(0, 13, 3))
def test_an_interrupted_first_run_is_finished_by_the_next(path: Path, tmp_path: Path, most: int) -> None:
    with pytest.raises(KeyboardInterrupt):
        sync(path, CORPUS, embedding(most=min(most, 11)), IDENTITY)
    rest = embedding()
    sync(path, CORPUS, rest, IDENTITY)
    sync(tmp_path / "other", CORPUS, embedding(), IDENTITY)
    assert whole(path) == whole(tmp_path / "other")
    if most > 6:
        assert len(rest.texts) < 12  # what was committed is not embedded again


@pytest.fixture
def before(tmp_path: Path, kind: str) -> Path:
    """The index of the corpus, to be copied; some of it lies on a base if that is to be made one."""
    path = tmp_path / "before"
    if kind == "made one":
        sync(path, [*LATER[:2], *CORPUS[2:]], embedding(), IDENTITY)
    sync(path, CORPUS, embedding(), IDENTITY)
    return path


@pytest.fixture(scope="module")
def after(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What an undisturbed run makes of the later corpus."""
    path = tmp_path_factory.mktemp("after") / "index"
    sync(path, LATER, embedding(), IDENTITY)
    return whole(path)


STEPS = ["mark_pending", "remove", "delete", "embed", "upsert", "add"]


@pytest.mark.parametrize(
    ("step", "times"),
    [*((step, times) for step in STEPS for times in (1, 2)), ("set_fact", 1), ("finish", 1)],
)
def test_a_run_interrupted_at_any_step_is_finished_by_the_next(
    path: Path, before: Path, after: dict[str, str], kind: str, step: str, times: int
) -> None:
    if kind == "on a base" and step == "delete":
        return  # a base keeps its vectors
    shutil.copytree(before, path)
    with pytest.raises(KeyboardInterrupt), interrupting(step, times):
        sync(path, LATER, embedding(), IDENTITY)
    whole(path)  # questions meanwhile see a whole index
    sync(path, LATER, embedding(), IDENTITY)
    assert whole(path) == after
    assert sync(path, LATER, embedding(), IDENTITY).unchanged == len(LATER)


@contextmanager
def interrupting(step: str, times: int) -> Iterator[None]:
    """KeyboardInterrupt right after a step was taken so many times."""
    from langchain_chroma import Chroma

    from assistant.index.catalogue.lexical import Catalogue

    places = {
        "embed": (CountingEmbedding, "embed_documents"),
        "delete": (Chroma, "delete"),
        "upsert": (Store, "upsert"),
        "finish": (snapshots, "finish"),
    }
    owner, name = places.get(step, (Catalogue, step))
    real = getattr(owner, name)
    left = times

    def step_then_interrupt(*args: object, **options: object) -> object:
        nonlocal left
        done = real(*args, **options)
        left -= 1
        if left == 0:
            raise KeyboardInterrupt
        return done

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, name, step_then_interrupt)
        yield


def test_an_interrupted_rebuild_leaves_the_old_index_and_is_finished(path: Path) -> None:
    sync(path, CORPUS, embedding(), IDENTITY)
    with pytest.raises(KeyboardInterrupt):
        sync(path, LATER, embedding(most=3), IDENTITY, rebuild=True)
    assert len(whole(path)) == 12
    sync(path, LATER, embedding(), IDENTITY)
    assert len(whole(path)) == 10


# Several processes

WRITER = """
    import os, sys
    from pathlib import Path
    sys.path.insert(0, {tests!r})
    import indexing
    from assistant import errors
    from assistant.index import encoding, sync as index
    from assistant.index.catalogue import layers
    encoding.BATCH, index.LARGE, layers.OUTGROWN = 400, {large}, {outgrown}

    class Embedding(indexing.CountingEmbedding):
        def embed_documents(self, texts):
            {at_embedding}
            return super().embed_documents(texts)

    try:
        print(index.sync(Path({path!r}), indexing.{corpus}, Embedding(size=8), indexing.IDENTITY))
    except errors.AssistantError as error:
        print(type(error).__name__)
"""


def writer(path: Path, corpus: str, at_embedding: str = "pass") -> subprocess.Popen[str]:
    values = {"tests": str(Path(__file__).parents[1]), "path": str(path), "corpus": corpus}
    values |= {"large": syncing.LARGE, "outgrown": layers.OUTGROWN}
    code = textwrap.dedent(WRITER).format(**values, at_embedding=at_embedding)
    return subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there")
def test_a_run_that_was_killed_is_finished_by_the_next(path: Path, tmp_path: Path) -> None:
    sync(path, CORPUS, embedding(), IDENTITY)
    kill = "if len(self.texts) >= 4: os.kill(os.getpid(), 9)"
    with writer(path, "LATER", kill) as process:
        process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert len(whole(path)) == 12
    rest = embedding()
    sync(path, LATER, rest, IDENTITY)
    assert len(rest.texts) < 6
    sync(tmp_path / "other", LATER, embedding(), IDENTITY)
    assert whole(path) == whole(tmp_path / "other")


def test_a_second_writer_is_told_to_wait_and_a_reader_goes_on(path: Path) -> None:
    sync(path, CORPUS, embedding(), IDENTITY)
    with closing(Index.open(path, IDENTITY)) as reader:
        wait = "print('writing', flush=True) if not self.texts else None; sys.stdin.readline()"
        with writer(path, "LATER", wait) as process:
            assert process.stdout
            assert process.stdout.readline() == "writing\n"
            with pytest.raises(IndexBusy, match="wait for it to end, then try again"):
                sync(path, CORPUS, embedding(), IDENTITY)
            before = reader.dense([1.0] * 8, 50, EVERYTHING)
            assert len(before) == len(whole(path)) == 12
            out, errors = process.communicate("\n" * 50)
        assert "added=1, changed=2, removed=2" in out, errors
        after = reader.dense([1.0] * 8, 50, EVERYTHING)
        assert {hit[0] for hit in after} == set(reader.catalogue.matching(EVERYTHING)) == set("abceg")
    assert len(whole(path)) == 10


def test_processes_that_index_at_once_leave_a_whole_index(path: Path) -> None:
    started = [writer(path, corpus) for corpus in ("CORPUS", "LATER", "LATER")]
    outcomes = []
    for process in started:
        with process:
            out, errors = process.communicate()
            outcomes.append(out)
            assert out.startswith(("Changes", "IndexBusy")), errors
    assert any(out.startswith("Changes") for out in outcomes)
    assert len(whole(path)) in {10, 12}
