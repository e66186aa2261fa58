"""Fetching a language model: resumed, checked, and one line where it cannot be."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import threading
from collections import namedtuple
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from assistant.errors import WeightsError
from assistant.models import packaged, pull
from assistant.models.table import PART, Carrier, Packaged

WHOLE = bytes(range(256)) * 40
MODEL = Packaged(
    name="fake",
    role="language model",
    carriers=(Carrier("fake-part1", "1.0"),),
    main=PART,
    sha256=hashlib.sha256(WHOLE).hexdigest(),
    size=len(WHOLE),
    extra="small",
    hub="Maker/Fake-GGUF/resolve/abc123/fake.gguf",
)

Reply = Callable[["Handler", int], None]
"""What the server does with a request for the bytes from some place on."""


class Handler(BaseHTTPRequestHandler):
    """Plays one reply of the script a request, the last one again and again."""

    server: Hub

    def do_GET(self) -> None:
        asked = self.headers["Range"] or ""
        self.server.asked.append((self.path, asked))
        script = self.server.script
        reply = script.pop(0) if len(script) > 1 else script[0]
        reply(self, int(asked.removeprefix("bytes=").rstrip("-") or 0))

    def head(self, status: int, length: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        self.send_header("Connection", "close")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Tests print nothing."""


class Hub(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script: list[Reply] = [gives()]
        self.asked: list[tuple[str, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


def gives(content: bytes = WHOLE, *, most: int | None = None, ranges: bool = True) -> Reply:
    """The file from the place that is asked for, or, without `ranges`, all of it; broken off after `most`."""

    def reply(handler: Handler, start: int) -> None:
        rest = content[start if ranges else 0 :]
        handler.head(206 if start and ranges else 200, len(rest))
        handler.wfile.write(rest[:most])

    return reply


def fails(status: int) -> Reply:
    return lambda handler, start: handler.head(status, 0)


def redirects(handler: Handler, start: int) -> None:
    handler.send_response(302)
    handler.send_header("Location", f"{handler.server.url}/elsewhere")
    handler.send_header("Content-Length", "0")
    handler.end_headers()


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setattr(packaged, "TABLE", (MODEL,))
    monkeypatch.setattr(pull, "TABLE", (MODEL,))
    monkeypatch.setattr(pull, "PAUSE", 0.0)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setenv("NO_PROXY", "*")
    with Hub() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url + "/")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def files(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.iterdir() if path.suffix in {".gguf", ".download", ".partial"})


def test_a_model_is_fetched_once_and_then_found(hub: Hub, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    path = pull.pull("fake", tmp_path, lambda done, total: told.append((done, total)))
    assert path.read_bytes() == WHOLE
    assert hub.asked == [(f"/{MODEL.hub}", "")]
    assert told[0] == (0, MODEL.size)
    assert told[-1] == (MODEL.size, MODEL.size)
    assert pull.pull("fake", tmp_path) == path
    assert packaged.gguf("fake", tmp_path) == path
    assert packaged.place("fake", tmp_path) == path
    (state,) = packaged.inventory(tmp_path)
    assert (state.checksum, state.version, state.remedy) == ("right", None, "")
    assert len(hub.asked) == 1


def test_a_connection_that_is_cut_is_taken_up_again(hub: Hub, tmp_path: Path) -> None:
    hub.script = [gives(most=1000), gives(most=500), fails(503), gives()]
    assert pull.pull("fake", tmp_path).read_bytes() == WHOLE
    assert [asked for _, asked in hub.asked] == ["", "bytes=1000-", "bytes=1500-", "bytes=1500-"]
    assert files(tmp_path) == ["fake.gguf"]


def test_what_came_is_kept_for_the_next_time(hub: Hub, tmp_path: Path) -> None:
    hub.script = [gives(most=1000), fails(503)]
    with pytest.raises(WeightsError, match=r"status 503; try again, which goes on from there"):
        pull.pull("fake", tmp_path)
    assert len(hub.asked) == 1 + pull.ATTEMPTS
    assert files(tmp_path) == ["fake.download"]
    hub.script = [gives()]
    assert pull.pull("fake", tmp_path).read_bytes() == WHOLE
    assert hub.asked[-1][1] == "bytes=1000-"


def test_a_server_without_ranges_sends_it_all_again(hub: Hub, tmp_path: Path) -> None:
    hub.script = [gives(most=1000), gives(ranges=False)]
    assert pull.pull("fake", tmp_path).read_bytes() == WHOLE


def test_a_redirection_is_followed_from_the_same_place(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "fake.download").write_bytes(WHOLE[:300])
    hub.script = [redirects, gives()]
    assert pull.pull("fake", tmp_path).read_bytes() == WHOLE
    assert hub.asked[-1] == ("/elsewhere", "bytes=300-")


def test_more_than_the_file_is_begun_anew(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "fake.download").write_bytes(WHOLE + b"more")
    assert pull.pull("fake", tmp_path).read_bytes() == WHOLE


def test_a_wrong_checksum_leaves_nothing(hub: Hub, tmp_path: Path) -> None:
    hub.script = [gives(WHOLE[::-1])]
    with pytest.raises(WeightsError, match=r"not the file that is pinned \(sha256 .*news-assistant\[small\]"):
        pull.pull("fake", tmp_path)
    assert files(tmp_path) == []


def test_a_file_of_another_size_is_not_fetched(hub: Hub, tmp_path: Path) -> None:
    hub.script = [gives(WHOLE + b"more")]
    with pytest.raises(WeightsError, match=r"not the file that is pinned \(10244 bytes\)"):
        pull.pull("fake", tmp_path)
    assert files(tmp_path) == []


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_server_that_does_not_have_it_is_asked_once(hub: Hub, status: int, tmp_path: Path) -> None:
    hub.script = [fails(status)]
    with pytest.raises(WeightsError, match=rf"does not give .*\(status {status}\); check HF_ENDPOINT"):
        pull.pull("fake", tmp_path)
    assert len(hub.asked) == 1


def test_a_server_that_is_not_there(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(WeightsError, match=r"refused; try again.*check the network, proxy and HF_ENDPOINT$"):
        pull.pull("fake", tmp_path)


def test_no_room_is_said_before_anything_is_fetched(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**6, 10**6, 0))
    with pytest.raises(WeightsError, match=r"no room for fake .* free some disk space there"):
        pull.pull("fake", tmp_path)
    assert hub.asked == []


@pytest.mark.parametrize(("code", "words"), [(errno.ENOSPC, "no room"), (errno.EACCES, "make that folder")])
def test_a_disk_that_fails(
    hub: Hub, code: int, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(WeightsError, match=words):
        pull.pull("fake", tmp_path)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [("HF_HUB_OFFLINE", "1", "unset it"), ("HF_ENDPOINT", "file:///etc", "no http address: file:///etc")],
)
def test_an_environment_that_forbids_it(
    hub: Hub, name: str, value: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(WeightsError, match=words):
        pull.pull("fake", tmp_path)
    assert hub.asked == []


def test_only_what_the_hub_has_can_be_fetched(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"choose one of qwen2\.5-coder-1\.5b, qwen2\.5-coder-0\.5b$"):
        pull.pull("reader", tmp_path)
