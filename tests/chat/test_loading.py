"""Loading behind the prompt: in which order, and what waits for whom."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fakes import SMALL, QueuedChat, with_chat, write_corpus

from assistant.answering.pipeline import Pipeline
from assistant.api import build
from assistant.api.build import Encoders, begin_encoders, open_index
from assistant.chat import loading
from assistant.chat.loading import Engine, Left
from assistant.errors import ModelError, SettingsError
from assistant.index import snapshots
from assistant.settings import Settings, load_settings

SECONDS = 60
"""More than anything here takes."""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Of a small corpus, which is indexed."""
    folder = tmp_path_factory.mktemp("loading")
    chosen = load_settings(corpus=write_corpus(folder / "corpus"), index=folder / "index", model="extractive")
    open_index(chosen, lambda message: None, lambda done, total: None).close()
    return chosen


Loading = tuple[Engine, threading.Event]
"""An engine, and whether the weights of its model are read."""


@pytest.fixture
def begun(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loading]:
    """Nothing is loaded yet; the weights cannot be read."""
    read = threading.Event()
    made = build.build_pipeline

    class Weights(QueuedChat):
        def load(self) -> None:
            """Tells that it was called."""
            read.set()
            raise ModelError("no weights")

    def with_weights(settings: Settings, retriever: Any, **more: Any) -> Pipeline:
        loaded = made(settings, retriever, **more)
        return with_chat(loaded, Weights(), SMALL)

    monkeypatch.setattr(build, "build_pipeline", with_weights)
    engine = Engine(settings)
    yield engine, read
    engine.close()


def test_weights_are_read_when_nobody_is_waiting(begun: Loading, monkeypatch: pytest.MonkeyPatch) -> None:
    engine, read = begun
    monkeypatch.setattr(loading, "IDLE", 0.01)
    changed = threading.Event()
    engine.start(pytest.fail, changed.set)
    assert engine.assistant().searcher.retrieve("valley dam")
    assert changed.wait(SECONDS)
    assert engine.status == ""
    assert read.wait(SECONDS)
    assert engine.failure is None, "what is wrong with the weights is told by the first question"


def test_a_question_comes_before_the_weights(begun: Loading, monkeypatch: pytest.MonkeyPatch) -> None:
    engine, read = begun
    monkeypatch.setattr(loading, "IDLE", SECONDS)
    engine.start(pytest.fail, lambda: None)
    assert engine.assistant().searcher.retrieve("valley dam")
    assert not read.is_set()


def test_a_model_that_is_switched_to_reads_its_weights_at_once(begun: Loading) -> None:
    engine, read = begun
    engine.load(pytest.fail, lambda done, total: None)
    before = engine.assistant().searcher
    assert not read.is_set()
    engine.switch("qwen2.5-coder-1.5b")
    assert read.wait(SECONDS)
    assert engine.assistant().searcher.reranker is before.reranker, "what searches is loaded once"


def test_the_end_of_a_chat_waits_for_what_is_being_loaded(begun: Loading) -> None:
    engine, _ = begun
    engine.start(lambda notice: None, lambda: None)
    assert engine.ready is None
    engine.close()
    assert engine.ready or isinstance(engine.failure, Left)


def test_nothing_is_indexed_for_a_chat_that_has_ended(tmp_path: Path) -> None:
    chosen = load_settings(
        corpus=write_corpus(tmp_path / "corpus"), index=tmp_path / "index", model="extractive"
    )
    engine = Engine(chosen)
    engine.close()
    engine.start(lambda notice: None, lambda: None)
    with pytest.raises(Left):
        engine.assistant()
    assert snapshots.current(chosen.index_path) is None


def test_encoders_are_loaded_beside_what_comes_next(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = threading.Event()
    encoders = Encoders(embeddings=None, reranker=None, reader=None)  # type: ignore[arg-type]

    def load(settings: Settings) -> Encoders:
        assert opened.wait(SECONDS)
        return encoders

    monkeypatch.setattr(build, "load_encoders", load)
    begun = begin_encoders(settings)
    opened.set()
    assert begun() is begun() is encoders


def test_what_may_take_long_can_be_interrupted(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It is loaded by the thread that asks for it."""
    threads: list[threading.Thread] = []
    monkeypatch.setattr(build, "load_encoders", lambda settings: threads.append(threading.current_thread()))
    for choice in ({"embedder": "all-MiniLM-L6-v2"}, {"reranker": str(tmp_path)}):
        begin_encoders(settings.model_copy(update=choice))()
    assert threads == [threading.current_thread()] * 2


def test_what_goes_wrong_is_told_to_who_waits(settings: Settings) -> None:
    begun = begin_encoders(settings.model_copy(update={"reader": "none such"}))
    with pytest.raises(SettingsError, match="no reader 'none such'"):
        begun()
