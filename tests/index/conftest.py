"""Where the tests of the index put one."""

from pathlib import Path

import pytest

from assistant.index import encoding
from assistant.index import sync as syncing
from assistant.index.catalogue import layers


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "index"


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "BATCH", 400)


@pytest.fixture(params=["copied", "on a base", "made one"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a run does with the state before: copies it, lies on it, and what lies on a base is made one."""
    if request.param != "copied":
        monkeypatch.setattr(syncing, "LARGE", 0)
        monkeypatch.setattr(layers, "OUTGROWN", 1 if request.param == "made one" else 100)
    return str(request.param)
