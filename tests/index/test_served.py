"""The vectors on a Chroma server: a real one, for the writers and the readers of an index."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx
import pytest
from commands import Run
from fake_server import unreachable
from indexing import CORPUS, EVERYTHING, IDENTITY, LATER, article, embedding

from assistant.errors import ChromaServerError, IndexMismatch, SettingsError
from assistant.index import snapshots
from assistant.index import sync as syncing
from assistant.index.catalogue import layers
from assistant.index.checking import disagreements
from assistant.index.filters import Filters
from assistant.index.opened import Index
from assistant.index.sync import Changes, sync
from assistant.index.vectors import connection, served
from assistant.index.vectors.connection import Server

pytestmark = pytest.mark.slow

PATIENCE = 60


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running Chroma server, with an empty folder."""
    folder = tmp_path_factory.mktemp("chroma")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    command = [str(Path(sys.executable).with_name("chroma")), "run", "--path", str(folder), f"--port={port}"]
    running = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    end = time.monotonic() + PATIENCE
    while True:
        try:
            httpx.get(f"{address}/api/v2/heartbeat").raise_for_status()
            break
        except httpx.HTTPError:
            assert running.poll() is None
            assert time.monotonic() < end
            time.sleep(0.1)
    yield Server(address)
    running.terminate()
    running.wait(PATIENCE)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "index"


@pytest.fixture
def client(server: Server) -> Iterator[Any]:
    connected = server.client()
    yield connected
    connection.disconnect(connected)


def collections(client: Any, path: Path) -> list[Any]:
    """Those of one index."""
    prefix = (path / served.PREFIX).read_text(encoding="ascii")
    return [one for one in client.list_collections() if one.name.startswith(prefix)]


def settle(path: Path) -> None:
    """As if the last run had ended a while ago."""
    before = time.time() - snapshots.GRACE - 1
    os.utime(path / snapshots.CURRENT, (before, before))


def found(index: Index, count: int = 40, filters: Filters = EVERYTHING) -> list[tuple[str, int, float]]:
    return index.dense([1.0] * 8, count, filters)


def test_it_finds_what_an_index_in_a_folder_finds(server: Server, path: Path, tmp_path: Path) -> None:
    changes = sync(path, CORPUS, embedding(), IDENTITY, server=server)
    assert changes == sync(tmp_path / "local", CORPUS, embedding(), IDENTITY)
    with (
        closing(Index.open(path, IDENTITY, server)) as served,
        closing(Index.open(tmp_path / "local", IDENTITY)) as local,
    ):
        for filters in (EVERYTHING, Filters(section="war"), Filters(articles=("c", "e"))):
            assert [hit[:2] for hit in found(served, 5, filters)] == [
                hit[:2] for hit in found(local, 5, filters)
            ]
    assert disagreements(path, server) == []


@pytest.mark.usefixtures("kind")
def test_a_reader_keeps_its_state_until_it_follows(server: Server, path: Path) -> None:
    sync(path, CORPUS, embedding(), IDENTITY, server=server)
    with closing(Index.open(path, IDENTITY, server)) as index:
        before = found(index)
        with index.steady():
            assert sync(path, LATER, embedding(), IDENTITY, server=server) == Changes(1, 2, 2, 2, 10)
            assert found(index) == before
        after = found(index)
    assert {name for name, _, _ in after} == {one.id for one in LATER}
    assert len(after) == 10
    assert disagreements(path, server) == []


def test_what_was_replaced_is_removed_by_a_later_run(
    server: Server, client: Any, path: Path, kind: str
) -> None:
    sync(path, CORPUS, embedding(), IDENTITY, server=server)
    [collection] = collections(client, path)
    count = collection.count()
    sync(path, LATER, embedding(), IDENTITY, server=server)
    assert collection.count() > count
    sync(path, LATER, embedding(), IDENTITY, server=server)
    assert collection.count() > 10, "somebody may still read it"
    settle(path)
    assert sync(path, LATER, embedding(), IDENTITY, server=server).unchanged == 5
    assert collection.count() == (18 if kind == "on a base" else 10), "a base keeps its own"
    assert disagreements(path, server) == []


@pytest.mark.usefixtures("kind")
def test_a_text_that_comes_back_is_not_removed(server: Server, path: Path) -> None:
    for corpus in (CORPUS, LATER, CORPUS):
        sync(path, corpus, embedding(), IDENTITY, server=server)
    settle(path)
    sync(path, CORPUS, embedding(), IDENTITY, server=server)
    assert disagreements(path, server) == []


@pytest.mark.usefixtures("kind")
def test_a_killed_run_is_finished_by_the_next(server: Server, path: Path) -> None:
    sync(path, CORPUS, embedding(), IDENTITY, server=server)
    settle(path)
    with closing(Index.open(path, IDENTITY, server)) as index:
        before = found(index)
        more = [article(name, 3, "changed") for name in "abcdef"]
        with pytest.raises(KeyboardInterrupt):
            sync(path, more, embedding(most=1), IDENTITY, server=server)
        assert found(index) == before
        sync(path, more, embedding(), IDENTITY, server=server)
        assert len(found(index)) == 18
    assert disagreements(path, server) == []


@pytest.mark.usefixtures("kind")
def test_made_anew_it_has_another_collection(server: Server, client: Any, path: Path) -> None:
    sync(path, CORPUS, embedding(), IDENTITY, server=server)
    with closing(Index.open(path, IDENTITY, server)) as index:
        before = found(index)
        with index.steady():
            sync(path, CORPUS, embedding(), IDENTITY, server=server, rebuild=True)
            assert found(index) == before
    settle(path)
    sync(path, CORPUS, embedding(), IDENTITY, server=server)
    assert len(collections(client, path)) == 1
    assert disagreements(path, server) == []


def test_two_indexes_share_a_server(server: Server, tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for path, corpus in ((one, CORPUS), (other, LATER)):
        sync(path, corpus, embedding(), IDENTITY, server=server)
        sync(path, corpus, embedding(), IDENTITY, server=server, rebuild=True)
        settle(path)
    sync(one, CORPUS, embedding(), IDENTITY, server=server)
    assert disagreements(one, server) == disagreements(other, server) == []


def test_readers_read_one_state_while_it_is_written(server: Server, path: Path) -> None:
    generations = [[article(name, 2, f"generation{number}") for name in "abc"] for number in range(6)]
    sync(path, generations[0], embedding(), IDENTITY, server=server)
    ended, failures, reads = Event(), list[str](), list[int]()

    def read() -> None:
        with closing(Index.open(path, IDENTITY, server)) as index:
            while not ended.is_set():
                with index.steady() as state:
                    hits = found(index)
                    articles = [state.catalogue.article(name) for name, _, _ in hits]
                    words = {one.text.split()[2] for one in articles if one}
                    reads.append(len(hits))
                    if len(hits) != 6 or len(words) != 1:
                        failures.append(f"{len(hits)} passages, {words}")

    readers = [Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for generation in generations[1:]:
        sync(path, generation, embedding(), IDENTITY, server=server)
    ended.set()
    for reader in readers:
        reader.join()
    assert not failures
    assert len(reads) > 10


def test_what_the_server_lost_is_said_and_mended(server: Server, client: Any, path: Path) -> None:
    sync(path, CORPUS, embedding(), IDENTITY, server=server)
    [collection] = collections(client, path)
    collection.delete(where={"article": "c"})
    assert disagreements(path, server)
    with pytest.raises(IndexMismatch, match="lost some of its vectors; run: assistant index --rebuild"):
        sync(path, CORPUS, embedding(), IDENTITY, server=server)
    client.delete_collection(collection.name)
    for use in (
        lambda: Index.open(path, IDENTITY, server),
        lambda: sync(path, CORPUS, embedding(), IDENTITY, server=server),
    ):
        with pytest.raises(IndexMismatch, match="--rebuild"):
            use()
    sync(path, CORPUS, embedding(), IDENTITY, server=server, rebuild=True)
    assert disagreements(path, server) == []


def test_an_index_keeps_its_place(server: Server, path: Path, tmp_path: Path) -> None:
    sync(path, CORPUS, embedding(), IDENTITY, server=server)
    with pytest.raises(IndexMismatch, match="are on a Chroma server; name it with ASSISTANT_CHROMA"):
        Index.open(path, IDENTITY)
    with pytest.raises(IndexMismatch, match="are on a Chroma server"):
        sync(path, CORPUS, embedding(), IDENTITY)
    sync(path, CORPUS, embedding(), IDENTITY, rebuild=True)
    with pytest.raises(IndexMismatch, match="are in its folder, not at http"):
        Index.open(path, IDENTITY, server)
    with pytest.raises(IndexMismatch, match="are in its folder, not at http"):
        sync(path, CORPUS, embedding(), IDENTITY, server=server)


def test_a_server_that_is_not_there_is_one_line(server: Server, path: Path) -> None:
    sync(path, CORPUS, embedding(), IDENTITY, server=server)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nobody = Server(f"http://127.0.0.1:{unused.getsockname()[1]}")
    for use in (
        lambda: Index.open(path, IDENTITY, nobody),
        lambda: sync(path, CORPUS, embedding(), IDENTITY, server=nobody),
    ):
        with pytest.raises(ChromaServerError, match="no Chroma server answers at http://127"):
            use()
    assert disagreements(path, server) == []


@pytest.mark.timeout(30)
def test_a_server_that_cannot_be_reached_is_told_before_the_time_of_a_reply(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection, "CONNECTING", 0.1)
    with (
        unreachable() as address,
        pytest.raises(ChromaServerError, match=r"no Chroma server answers at .*timed out"),
    ):
        Server(address).client()


@pytest.mark.parametrize("silent", ["/api/v2/auth/identity", "/api/v2/tenants/default_tenant"])
def test_a_server_that_falls_silent_is_one_line(silent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, ended = list[str](), Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            if self.path == silent:
                ended.wait(PATIENCE)
            body = b'{"user_id": "", "tenant": "*", "databases": []}'
            self.wfile.write(b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    monkeypatch.setattr(connection, "PATIENCE", 0.5)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as silent_server:
        Thread(target=silent_server.serve_forever).start()
        try:
            with pytest.raises(ChromaServerError, match="no Chroma server answers"):
                Server(f"http://127.0.0.1:{silent_server.server_port}").client()
        finally:
            ended.set()
            silent_server.shutdown()
    assert asked[-1] == silent


@pytest.mark.parametrize(
    "address", ["localhost:8000", "ftp://host", "http://", "http://h:x", "http://u@h", "http://h/p"]
)
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(SettingsError, match="is no address; write it as http://HOST:8000"):
        Server(address)


def test_a_token_goes_over_tls_or_stays_here() -> None:
    assert "secret" not in repr(Server("https://vectors.example", "secret"))
    Server("http://127.0.0.1:8000", "secret")
    with pytest.raises(SettingsError, match="could be read on its way; use https://"):
        Server("http://vectors.example", "secret")


def test_commands_use_it(server: Server, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_CHROMA", server.address)
    corpus, index = tmp_path / "corpus", str(tmp_path / "index")
    corpus.mkdir()
    for name, text in (("dam", "The valley dam will cost 90 billion crowns."), ("fish", "Herring recover.")):
        (corpus / f"{name}.txt").write_text(f"About the {name}\n\n{text}\n", encoding="utf-8")
    given = ("--corpus", str(corpus), "--index", index)
    assert run("index", *given).status == 0
    assert not list(Path(index).rglob("chroma.sqlite3"))
    asked = run("ask", *given, "--model", "extractive", "What will the valley dam cost?")
    assert asked.status == 0
    assert "90 billion" in asked.out
    monkeypatch.setenv("ASSISTANT_CHROMA", "http://127.0.0.1:1")
    asked = run("ask", *given, "--model", "extractive", "What will the valley dam cost?")
    assert (asked.status, asked.out) == (2, "")
    assert asked.err.startswith("assistant: no Chroma server answers at http://127.0.0.1:1")
    assert asked.err.count("\n") == 1


@pytest.mark.usefixtures("kind")
def test_a_damaged_catalogue_does_not_hinder_a_rebuild(server: Server, path: Path) -> None:
    for corpus in (CORPUS, LATER):
        sync(path, corpus, embedding(), IDENTITY, server=server)
    state = snapshots.current(path)
    assert state is not None
    (state / "catalogue.sqlite3").write_bytes(b"damaged" * 1000)
    settle(path)
    sync(path, CORPUS, embedding(), IDENTITY, server=server, rebuild=True)
    assert disagreements(path, server) == []


@pytest.mark.usefixtures("kind")
def test_what_a_base_holds_is_not_removed(server: Server, path: Path) -> None:
    """Even if it is hidden: made one with what lies on it, it may be there again."""
    changed = [article("a", 2, "changed"), *CORPUS[1:4]]
    for corpus in (CORPUS, changed, changed, [CORPUS[0], *changed[1:]], CORPUS):
        sync(path, corpus, embedding(), IDENTITY, server=server)
        assert disagreements(path, server) == []
        settle(path)
    with closing(Index.open(path, IDENTITY, server)) as index:
        assert len(found(index)) == 12


def test_what_a_base_held_is_removed_once_it_is_made_one(
    server: Server, client: Any, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(syncing, "LARGE", 0)
    monkeypatch.setattr(layers, "OUTGROWN", 100)
    for corpus in (CORPUS, LATER, LATER):
        sync(path, corpus, embedding(), IDENTITY, server=server)
        settle(path)
    [collection] = collections(client, path)
    assert collection.count() > 10
    monkeypatch.setattr(layers, "OUTGROWN", 0)
    for _ in range(3):
        sync(path, LATER, embedding(), IDENTITY, server=server)
        settle(path)
    monkeypatch.setattr(syncing, "LARGE", 100)
    for _ in range(2):
        sync(path, LATER, embedding(), IDENTITY, server=server)
        settle(path)
    assert collection.count() == 10
    assert disagreements(path, server) == []
