"""The index: brought in line with a corpus, by whom and however often interrupted, and read meanwhile."""

import datetime as dt
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding
from pydantic import Field

from assistant.corpus.articles import Article
from assistant.errors import IndexBusy, IndexMismatch, IndexMissing
from assistant.index import snapshots
from assistant.index import vectors as index_module
from assistant.index.filters import Filters
from assistant.index.vectors import Changes, Identity, Index, sync

IDENTITY = Identity("fake@1", 40)
EVERYTHING = Filters()


class CountingEmbedding(DeterministicFakeEmbedding):
    """Counts the texts that it embeds, and is interrupted before those that are too many."""

    texts: list[str] = Field(default_factory=list)
    most: int | None = None

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        if self.most is not None and len(self.texts) + len(texts) > self.most:
            raise KeyboardInterrupt
        self.texts.extend(texts)
        return super().embed_documents(texts)


def embedding(most: int | None = None) -> CountingEmbedding:
    return CountingEmbedding(size=8, most=most)


def article(name: str, paragraphs: int = 2, word: str = "word") -> Article:
    text = "\n\n".join(f"{name} {n} {word} " + "and more words " * 9 for n in range(paragraphs))
    day = dt.date(2025, 1, 1) + dt.timedelta(days=sum(map(ord, name)) % 300)
    return Article(name, f"About {name}", text, day, "war" if name < "c" else "energy")


CORPUS = [article(name) for name in "abcdef"]
LATER = [article("a"), article("b", 1), article("c", 3, "changed"), article("e"), article("g")]


def whole(path: Path) -> dict[str, str]:
    """Everything both stores hold, once checked against each other: chunk id -> what is embedded."""
    with closing(Index.open(path, IDENTITY)) as index:
        stored = index._store.get()
        chunks = dict(zip(stored["ids"], stored["documents"], strict=True))
        articles = [index.catalogue.article(name) for name in index.catalogue.matching(EVERYTHING)]
        listed = [
            index.catalogue.chunk(one, position)
            for one in articles
            if one
            for position in range(sum(id.rpartition("#")[0] == one.id for id in chunks))
        ]
        assert sorted(chunk.id for chunk in listed if chunk) == sorted(chunks)
        assert all(chunk and chunk.text in chunks[chunk.id] for chunk in listed)
        assert index.catalogue.counts()[:2] == (len(articles), len(chunks))
        assert index.catalogue.pending() == []
    return chunks


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "index"


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_module, "BATCH", 3)


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
    sync(path, [article("long", 20)], embedding(), IDENTITY, on_progress=lambda *both: told.append(both))
    assert told[0] == (0, 20)
    assert told[-1] == (20, 20)
    assert sorted(told) == told
    assert len(told) > 5  # an article is embedded in parts


def test_the_stamp_is_that_of_the_last_finished_run(path: Path) -> None:
    sync(path, CORPUS, embedding(), IDENTITY, stamp="one")
    with pytest.raises(KeyboardInterrupt):
        sync(path, LATER, embedding(most=0), IDENTITY, stamp="two")
    with closing(Index.open(path, IDENTITY)) as index:
        assert index.catalogue.fact("stamp") == "one"


# Questions


def test_the_nearest_chunks_come_first(path: Path) -> None:
    sync(path, CORPUS, embedding(), IDENTITY)
    text = whole(path)["c#1"]
    with closing(Index.open(path, IDENTITY)) as index:
        hits = index.dense(embedding().embed_query(text), 12, EVERYTHING)
    assert hits[0][:2] == ("c", 1)
    assert hits[0][2] == pytest.approx(1, abs=1e-5)
    assert [hit[2] for hit in hits] == sorted((hit[2] for hit in hits), reverse=True)
    assert len(set(hits)) == 12


def test_ties_are_broken_by_id(path: Path) -> None:
    twins = [Article(name, "Same", "The same text.") for name in ("c", "a", "b")]
    sync(path, twins, embedding(), IDENTITY)
    with closing(Index.open(path, IDENTITY)) as index:
        assert [hit[0] for hit in index.dense([1.0] * 8, 3, EVERYTHING)] == ["a", "b", "c"]


def test_filters_do_not_cost_places(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_module, "BATCH", 64)
    many = [article(f"a{n}", 1) for n in range(120)]
    sync(path, many, embedding(), IDENTITY)
    days = sorted(one.published for one in many if one.published)
    with closing(Index.open(path, IDENTITY)) as index:
        filters = Filters(as_of=days[9])
        passing = index.catalogue.matching(filters)
        hits = index.dense([1.0] * 8, 10, filters)
        assert len(hits) == 10
        assert {hit[0] for hit in hits} <= set(passing)
        assert index.dense([1.0] * 8, 10, Filters(section="none such")) == []


def test_ids_beyond_what_a_query_takes_are_asked_for_in_parts(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync(path, CORPUS, embedding(), IDENTITY)
    with closing(Index.open(path, IDENTITY)) as index:
        at_once = index.dense([1.0] * 8, 3, Filters(section="energy"))
        monkeypatch.setattr(index_module, "MOST_IDS", 1)
        assert index.dense([1.0] * 8, 3, Filters(section="energy")) == at_once
    assert sync(path, [], embedding(), IDENTITY) == Changes(0, 0, 6, 0, 0)


# What cannot be opened


def test_a_missing_index_is_missing_and_stays_so(path: Path) -> None:
    with pytest.raises(IndexMissing, match="make one with: assistant index"):
        Index.open(path, IDENTITY)
    assert not path.exists()


def test_an_unfinished_first_run_is_no_index(path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        sync(path, CORPUS, embedding(most=8), IDENTITY)
    with pytest.raises(IndexMissing, match="assistant index"):
        Index.open(path, IDENTITY)


@pytest.mark.parametrize("other", [Identity("fake@2", 40), Identity("fake@1", 80)])
def test_another_embedder_or_chunking_is_a_mismatch_until_a_rebuild(path: Path, other: Identity) -> None:
    sync(path, CORPUS, embedding(), IDENTITY)
    for refused in (lambda: Index.open(path, other), lambda: sync(path, CORPUS, embedding(), other)):
        with pytest.raises(IndexMismatch, match="run: assistant index --rebuild") as caught:
            refused()
        assert "\n" not in str(caught.value)
    sync(path, CORPUS, embedding(), IDENTITY)  # the refusal did no harm
    sync(path, CORPUS, embedding(), other, rebuild=True)
    with closing(Index.open(path, other)) as index:
        assert len(index.dense([1.0] * 8, 3, EVERYTHING)) == 3


@pytest.mark.parametrize("content", [b"", b"no database " * 500])
@pytest.mark.parametrize("file", ["catalogue.sqlite3", "chroma/chroma.sqlite3"])
def test_a_damaged_index_is_told_and_cured_by_a_rebuild(path: Path, file: str, content: bytes) -> None:
    sync(path, CORPUS, embedding(), IDENTITY)
    state = snapshots.current(path)
    assert state
    (state / file).write_bytes(content)
    with pytest.raises((IndexMismatch, IndexMissing), match="assistant index"):
        Index.open(path, IDENTITY)
    with pytest.raises(IndexMismatch, match="assistant index --rebuild"):
        sync(path, CORPUS, embedding(), IDENTITY)
    assert sync(path, CORPUS, embedding(), IDENTITY, rebuild=True).added == 6
    whole(path)


def test_lost_vectors_are_noticed(path: Path) -> None:
    sync(path, CORPUS, embedding(), IDENTITY)
    state = snapshots.current(path)
    assert state
    shutil.rmtree(state / "chroma")
    with pytest.raises(IndexMismatch, match="lost its vectors; run: assistant index --rebuild"):
        Index.open(path, IDENTITY)
    with pytest.raises(IndexMismatch, match="lost some of its vectors; run: assistant index --rebuild"):
        sync(path, CORPUS, embedding(), IDENTITY)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(IndexMismatch, match=r"cannot be written .*; choose another folder with --index"):
        sync(tmp_path / "file" / "index", CORPUS, embedding(), IDENTITY)


def test_what_else_lies_in_the_folder_is_left_alone(path: Path) -> None:
    (path / "holiday pictures").mkdir(parents=True)
    for _ in range(3):
        sync(path, CORPUS, embedding(), IDENTITY, rebuild=True)
    assert (path / "holiday pictures").is_dir()
    assert len(list(path.glob("state-*"))) == 2  # the one that is read and the one before


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


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The index of the corpus, to be copied."""
    path = tmp_path_factory.mktemp("before") / "index"
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
    path: Path, before: Path, after: dict[str, str], step: str, times: int
) -> None:
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

    from assistant.index.lexical import Catalogue

    places = {
        "embed": (CountingEmbedding, "embed_documents"),
        "delete": (Chroma, "delete"),
        "upsert": (Chroma, "add_documents"),
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
    sys.path[:0] = [{tests!r}, {tests!r} + "/index"]
    import test_index
    from assistant import errors
    from assistant.index import vectors as index
    index.BATCH = 3

    class Embedding(test_index.CountingEmbedding):
        def embed_documents(self, texts):
            {at_embedding}
            return super().embed_documents(texts)

    try:
        print(index.sync(Path({path!r}), test_index.{corpus}, Embedding(size=8), test_index.IDENTITY))
    except errors.AssistantError as error:
        print(type(error).__name__)
"""


def writer(path: Path, corpus: str, at_embedding: str = "pass") -> subprocess.Popen[str]:
    values = {"tests": str(Path(__file__).parents[1]), "path": str(path), "corpus": corpus}
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


def test_a_reader_follows_a_rebuild_in_its_own_process(path: Path) -> None:
    sync(path, CORPUS, embedding(), IDENTITY)
    with closing(Index.open(path, IDENTITY)) as reader:
        for corpus in (LATER, CORPUS[:2], LATER):
            sync(path, corpus, embedding(), IDENTITY, rebuild=True)
            assert {hit[0] for hit in reader.dense([1.0] * 8, 50, EVERYTHING)} == {one.id for one in corpus}


def test_what_a_reader_followed_from_may_still_be_read(path: Path) -> None:
    """Once: when it follows again, it is closed."""
    sync(path, CORPUS, embedding(), IDENTITY)
    with closing(Index.open(path, IDENTITY)) as reader:
        before = reader.catalogue
        for corpus in (LATER, CORPUS):
            assert before.counts()[0] == len(CORPUS)
            sync(path, corpus, embedding(), IDENTITY)
            reader.dense([1.0] * 8, 3, EVERYTHING)
        with pytest.raises(sqlite3.ProgrammingError):
            before.counts()


def test_an_index_deleted_by_hand_can_be_made_again(path: Path) -> None:
    sync(path, CORPUS, embedding(), IDENTITY)
    with closing(Index.open(path, IDENTITY)) as reader:
        shutil.rmtree(path)
        with pytest.raises(IndexMissing):
            reader.dense([1.0] * 8, 3, EVERYTHING)
    sync(path, LATER, embedding(), IDENTITY)
    assert len(whole(path)) == 10


# Chroma's habits


def test_chroma_sends_nothing_and_is_closed(path: Path) -> None:
    from chromadb.api.shared_system_client import SharedSystemClient

    sync(path, CORPUS, embedding(), IDENTITY)
    index = Index.open(path, IDENTITY)
    assert index._store._client.get_settings().anonymized_telemetry is False
    index.dense([1.0] * 8, 3, EVERYTHING)
    index.close()
    assert not [place for place in SharedSystemClient._identifier_to_system if place.startswith(str(path))]


def test_nothing_stays_open_after_a_refusal(path: Path) -> None:
    from chromadb.api.shared_system_client import SharedSystemClient

    sync(path, CORPUS, embedding(), IDENTITY)
    with pytest.raises(IndexMismatch):
        Index.open(path, Identity("other", 40))
    with pytest.raises(IndexMismatch):
        sync(path, CORPUS, embedding(), Identity("other", 40))
    assert not [place for place in SharedSystemClient._identifier_to_system if place.startswith(str(path))]


def test_a_question_changes_nothing_that_is_indexed(path: Path) -> None:
    sync(path, CORPUS, embedding(), IDENTITY)
    before, named = whole(path), (path / "current").read_text()
    with closing(Index.open(path, IDENTITY)) as index:
        index.dense([1.0] * 8, 3, EVERYTHING)
    assert (path / "current").read_text() == named
    assert whole(path) == before
