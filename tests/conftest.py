"""What every test gets: no network, no model hub, and settings and folders of its own."""

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from commands import Ended, Run
from filelock import FileLock


def pytest_configure(config: pytest.Config) -> None:
    """Runs before any test module is imported, since some libraries read the environment at import."""
    for name in [name for name in os.environ if name.startswith("ASSISTANT_")]:
        del os.environ[name]
    os.environ["HF_HUB_OFFLINE"] = "1"
    # Joined weights take a gigabyte, so they are kept from run to run, apart from the user's own.
    assert config.cache is not None
    os.environ["ASSISTANT_CACHE"] = str(config.cache.mkdir("assistant"))
    # A slow machine is no failure, and continuous integration tries the same examples every time.
    hypothesis.settings.register_profile("tests", deadline=None, derandomize="CI" in os.environ)
    hypothesis.settings.load_profile("tests")


@pytest.fixture(autouse=True)
def own_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Default indexes and chat sessions are seen neither by the next test nor by the user."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """Only this computer can be reached."""
    connect = socket.socket.connect

    def connect_here(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and not address[0].startswith(("127.", "::1", "localhost")):
            raise ConnectionRefusedError(f"a test tried to reach {address[0]}; tests use no network")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect_here)
        yield


@pytest.fixture(autouse=True, scope="session")
def encoders_once() -> Iterator[None]:
    """The encoders of the same settings are loaded once: they are safe to share, and remember nothing."""
    from assistant.api import build
    from assistant.api.remembered import embedder_of

    loaded: dict[tuple[Any, ...], Any] = {}
    load = build.load_encoders

    def once(settings: Any) -> Any:
        embedder = embedder_of(settings)
        key = embedder, settings.reranker, settings.reader, settings.cache, settings.threads
        if key not in loaded:
            loaded[key] = load(settings)
        return loaded[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "load_encoders", once)
        yield


@pytest.fixture(scope="session")
def built_in_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built-in corpus, indexed with the default models: once for all workers, as it takes a while."""
    from assistant.api.build import build_index
    from assistant.index import snapshots
    from assistant.settings import load_settings

    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    path = folder / "built-in" / "index"
    with FileLock(folder / "built-in.lock"):
        if snapshots.current(path) is None:
            build_index(load_settings(index=path), pytest.fail, lambda done, total: None, strict=True)
    return path


@pytest.fixture
def run(capsys: Any, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`assistant` in this process, as `main` runs it."""
    from assistant.cli.main import main

    def run(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["assistant", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        return Ended(int(ended.value.code or 0), *capsys.readouterr())

    return run
