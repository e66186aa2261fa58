"""A real server: `python -m assistant serve` over the small corpus, in a process of its own."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from fakes import write_corpus

ROOT = Path(__file__).parent.parent.parent


class Server:
    """A running server, its address, its token, and what it wrote on standard error."""

    def __init__(self, folder: Path, *options: str, model: str = "extractive", **environment: str) -> None:
        self.data = folder / "data"
        corpus = ["--corpus", str(write_corpus(folder / "corpus")), "--index", str(folder / "index")]
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        start = [sys.executable, "-m", "assistant", "--verbose", "serve", "--port", "0"]
        self.process = subprocess.Popen(
            [*start, *corpus, "--model", model, *options],
            env=os.environ | {"PYTHONPATH": path, "XDG_DATA_HOME": str(self.data)} | environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[str] = []
        self._ready = threading.Event()
        self._reading = threading.Thread(target=self._read)
        self._reading.start()
        assert self._ready.wait(100)
        found = [one[1] for one in map(re.compile(r"on (http://\S+)").search, self.lines) if one]
        assert found, self.lines
        self.url = found[0]
        self.port = int(self.url.rpartition(":")[2])
        self.token_file = self.data / "news-assistant" / "server-token"
        given = environment.get("ASSISTANT_TOKEN")
        self.token = given or self.token_file.read_text(encoding="ascii").strip()

    def _read(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as lines:
            for line in lines:
                self.lines.append(line)
                if "assistant: serving" in line:
                    self._ready.set()
        self._ready.set()

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def log(self) -> str:
        return "".join(self.lines)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Sends it the signal; its exit status."""
        self.process.send_signal(number)
        return self.ended()

    def ended(self) -> int:
        """The exit status, once it has ended."""
        status = self.process.wait(60)
        self._reading.join()
        return status


@contextmanager
def served(folder: Path, *options: str, **environment: str) -> Iterator[Server]:
    """A server for as long as the block lasts."""
    server = Server(folder, *options, **environment)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.process.kill()
            server.ended()


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One for all tests that do not end it."""
    with served(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def running() -> Callable[..., AbstractContextManager[Server]]:
    """Starts a server for one test: `with running(folder) as server`."""
    return served
