"""An opened index: the nearest chunks, what cannot be opened, and what is read while another is written."""

import datetime as dt
import os
import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from indexing import CORPUS, EVERYTHING, IDENTITY, LATER, article, embedding, whole

from assistant.corpus.articles import Article
from assistant.errors import IndexMismatch, IndexMissing
from assistant.index import encoding, opened, snapshots
from assistant.index.filters import Filters
from assistant.index.opened import Index
from assistant.index.sync import Changes, sync
from assistant.index.vectors import chroma, reading
from assistant.index.vectors.chroma import Identity

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
    monkeypatch.setattr(encoding, "BATCH", 40_000)
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


@pytest.mark.parametrize(
    "filters",
    [
        Filters(as_of=dt.date(2025, 5, 1)),
        Filters(since=dt.date(2025, 1, 20)),
        Filters(section="energy"),
        Filters(articles=("d",)),
        Filters(section="none such"),
    ],
)
def test_the_nearest_of_all_are_looked_through_where_there_are_many(
    path: Path, filters: Filters, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And those that pass are listed first where too few of the nearest do."""
    sync(path, CORPUS, embedding(), IDENTITY)
    with closing(Index.open(path, IDENTITY)) as index:
        listed = index.dense([1.0] * 8, 3, filters)
        monkeypatch.setattr(opened, "LARGE", 0)
        asked: list[Any] = []
        nearest = index._state().store.nearest
        monkeypatch.setattr(
            index._state().store,
            "nearest",
            lambda vector, k, where: asked.append(where) or nearest(vector, k, where),
        )
        assert index.dense([1.0] * 8, 3, filters) == listed
        assert asked[0] is None
        assert (len(asked) > 1) == (len(listed) < 3 and filters.section != "none such")


def test_ids_beyond_what_a_query_takes_are_asked_for_in_parts(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync(path, CORPUS, embedding(), IDENTITY)
    with closing(Index.open(path, IDENTITY)) as index:
        at_once = index.dense([1.0] * 8, 3, Filters(section="energy"))
        monkeypatch.setattr(chroma, "MOST_IDS", 1)
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


def test_what_else_lies_in_the_folder_is_left_alone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "GRACE", 0.0)
    (path / "holiday pictures").mkdir(parents=True)
    for _ in range(3):
        sync(path, CORPUS, embedding(), IDENTITY, rebuild=True)
    assert (path / "holiday pictures").is_dir()
    assert len(list(path.glob("state-*"))) == 2  # the one that is read and the one before


def test_a_state_is_read_for_a_while_after_it_was_replaced(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync(path, CORPUS, embedding(), IDENTITY)
    first = snapshots.current(path)
    assert first
    os.utime(first, (0, 0))  # written long ago, but current until now
    for corpus in (LATER, CORPUS, LATER):
        sync(path, corpus, embedding(), IDENTITY)
    assert first.is_dir()
    monkeypatch.setattr(snapshots, "GRACE", 0.0)
    sync(path, CORPUS, embedding(), IDENTITY)
    assert not first.exists()
    assert len(list(path.glob("state-*"))) == 2


# While another is written


def test_a_reader_follows_a_rebuild_in_its_own_process(path: Path) -> None:
    sync(path, CORPUS, embedding(), IDENTITY)
    with closing(Index.open(path, IDENTITY)) as reader:
        for corpus in (LATER, CORPUS[:2], LATER):
            sync(path, corpus, embedding(), IDENTITY, rebuild=True)
            assert {hit[0] for hit in reader.dense([1.0] * 8, 50, EVERYTHING)} == {one.id for one in corpus}


def test_what_a_reader_followed_from_is_closed_by_its_last_holder(path: Path) -> None:
    sync(path, CORPUS, embedding(), IDENTITY)
    with closing(Index.open(path, IDENTITY)) as reader:
        before = reader.catalogue
        connection = before._db
        for corpus in (LATER, CORPUS, LATER):
            sync(path, corpus, embedding(), IDENTITY)
            reader.dense([1.0] * 8, 3, EVERYTHING)
            assert before.counts()[0] == len(CORPUS)
        del before
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            connection.execute("SELECT 1")


@pytest.mark.parametrize("hold", [lambda index: index.steady(), lambda index: index.lock])
def test_what_a_thread_reads_at_a_time_is_of_one_state(path: Path, hold: Any) -> None:
    """Though two runs end meanwhile, another thread follows, and the index is closed at last."""
    sync(path, CORPUS, embedding(), IDENTITY)
    with closing(Index.open(path, IDENTITY)) as reader:

        def seen() -> tuple[set[str], set[str]]:
            dense = {hit[0] for hit in reader.dense([1.0] * 8, 50, EVERYTHING)}
            return dense, set(reader.catalogue.matching(EVERYTHING))

        with hold(reader):
            before = seen()
            for corpus in (CORPUS[:3], LATER):
                sync(path, corpus, embedding(), IDENTITY)
                with ThreadPoolExecutor(1) as pool:
                    assert pool.submit(seen).result() == ({one.id for one in corpus},) * 2
                assert seen() == before == (set("abcdef"),) * 2
            reader.close()
            assert seen() == before
    with pytest.raises(IndexMissing, match="was closed; open it again"):
        seen()


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
    state = snapshots.current(path)
    assert state
    store = chroma.open_store(path, state)
    assert store._client.get_settings().anonymized_telemetry is False
    chroma.close_store(store)
    assert not [place for place in SharedSystemClient._identifier_to_system if place.startswith(str(path))]


def test_nothing_stays_open_after_a_refusal(path: Path) -> None:
    from chromadb.api.shared_system_client import SharedSystemClient

    sync(path, CORPUS, embedding(), IDENTITY)
    with pytest.raises(IndexMismatch):
        Index.open(path, Identity("other", 40))
    with pytest.raises(IndexMismatch):
        sync(path, CORPUS, embedding(), Identity("other", 40))
    assert not [place for place in SharedSystemClient._identifier_to_system if place.startswith(str(path))]


@pytest.mark.parametrize(
    "filters", [EVERYTHING, Filters(section="energy"), Filters(since=dt.date(2025, 3, 2))]
)
def test_rust_finds_what_chromadb_finds(
    path: Path, filters: Filters, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And it is asked where a release of Chroma is called otherwise."""

    class Direct:
        def __init__(self, folder: Path) -> None:
            raise TypeError("Bindings() got an unexpected keyword argument")

    sync(path, CORPUS, embedding(), IDENTITY)
    question = embedding().embed_query("a question")
    with closing(Index.open(path, IDENTITY)) as index:
        assert isinstance(index._state().store, reading.Direct)
        found = index.dense(question, 9, filters)
    monkeypatch.setattr(reading, "Direct", Direct)
    with closing(Index.open(path, IDENTITY)) as index:
        assert isinstance(index._state().store, reading.ByChroma)
        assert index.dense(question, 9, filters) == found
    assert found


def test_a_question_changes_nothing_that_is_indexed(path: Path) -> None:
    sync(path, CORPUS, embedding(), IDENTITY)
    before, named = whole(path), (path / "current").read_text()
    with closing(Index.open(path, IDENTITY)) as index:
        index.dense([1.0] * 8, 3, EVERYTHING)
    assert (path / "current").read_text() == named
    assert whole(path) == before
