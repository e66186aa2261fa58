"""Loading: the index and the models, made ready behind the prompt.

Importing what a question needs takes longer than a person wants to look at an empty screen. So a thread does
it while the first question is typed. The weights of a language model come last, when nobody is waiting: an
answer begins with a search, which should not share the processor with them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from assistant.api.assistant import Assistant
from assistant.errors import ModelError
from assistant.settings import Settings
from assistant.terminal.progress import waiting

if TYPE_CHECKING:
    from assistant.index.catalogue.lexical import Catalogue

CatalogueCheck = Callable[["Catalogue"], object]
"""Raises SettingsError where what was asked for is not in the catalogue."""

PATIENCE = 10.0
"""Seconds that the end of a chat waits for what is being loaded: a thread that is amid a library's code when
Python ends may abort the process."""

IDLE = 2.0
"""Seconds for which nothing must have been asked before a language model's weights are read in advance."""


class Left(Exception):
    """The chat has ended, so nothing more need be loaded."""


class Engine:
    """The assistant of a chat, which may still be loading."""

    def __init__(self, settings: Settings, check: CatalogueCheck = lambda catalogue: None) -> None:
        """Nothing is loaded before `start` or `load`."""
        self.settings = settings
        self.status = "loading"
        """What is being done, in a few words; empty when all is ready."""
        self._check = check
        self._loaded: Future[Assistant] = Future()
        self._news: Assistant | None = None
        self._asked = threading.Event()
        self._left = threading.Event()
        self._begun = False

    def start(self, notice: Callable[[str], None], on_change: Callable[[], None]) -> None:
        """Loads in a thread, which ends with the process; `on_change` is called when the status changes."""

        def progress(done: int, total: int) -> None:
            self._go_on()
            if total:
                self.status = f"building the index: {done}/{total} passages"
                on_change()

        def run() -> None:
            self.load(notice, progress)
            self.status = ""
            on_change()
            while self._asked.wait(IDLE):
                self._asked.clear()
            if assistant := self.ready:
                _read_weights(assistant)

        self._begun = True
        threading.Thread(target=run, name="loading", daemon=True).start()

    def load(self, notice: Callable[[str], None], on_progress: Callable[[int, int], None]) -> None:
        """Loads now. What goes wrong is raised by `assistant`."""
        self._news = Assistant(self.settings, notice=notice, on_progress=on_progress)
        try:
            self._news.prepare()
            self._check(self._news.catalogue)
            self._go_on()
            self._news.load()
            if not self._asked.is_set() and not self._left.is_set():
                _warm_up(self._news)
        except Exception as error:
            self._loaded.set_exception(error)
        else:
            self._loaded.set_result(self._news)

    def _go_on(self) -> None:
        if self._left.is_set():
            raise Left

    @property
    def failure(self) -> BaseException | None:
        """What went wrong while loading, if anything did."""
        return self._loaded.exception() if self._loaded.done() else None

    @property
    def ready(self) -> Assistant | None:
        """The assistant, if it is loaded."""
        return self._loaded.result() if self._loaded.done() and not self.failure else None

    def assistant(self) -> Assistant:
        """The assistant, waited for with a line that says so. Raises what went wrong while loading."""
        self._asked.set()
        if not self._loaded.done():
            with waiting(self.status) as show:
                while wait([self._loaded], timeout=0.1).not_done:
                    show(self.status)
        return self._loaded.result()

    def switch(self, model: str) -> None:
        """Answers with another model from now on. Raises ModelError, and then nothing has changed."""
        assistant = self.assistant().with_model(model)
        assistant.load()
        loaded: Future[Assistant] = Future()
        loaded.set_result(assistant)
        self.settings, self._loaded = assistant.settings, loaded
        threading.Thread(target=_read_weights, args=[assistant], name="weights", daemon=True).start()

    def close(self) -> None:
        """Ends what is being loaded, and closes the index, if it was opened by now."""
        self._left.set()
        if self._begun:
            wait([self._loaded], timeout=PATIENCE)
        if self._news is not None:
            self._news.close()


def _warm_up(assistant: Assistant) -> None:
    """Does what is done at the first search alone: reading the vectors, and making patterns and buffers."""
    replace(assistant.searcher, candidates=1, reader=None).retrieve("news", k=1)


def _read_weights(assistant: Assistant) -> None:
    """What goes wrong is told by the first question."""
    with suppress(ModelError):
        assistant.pipeline.load_model()
