"""Where the tests of the index put one."""

from pathlib import Path

import pytest

from assistant.index import sync as sync_module


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "index"


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync_module, "BATCH", 3)
