"""Questions on Ray: each worker has the index and the models open."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.api.build import build_pipeline, build_retriever, settled, without_a_model
from assistant.api.opening import chroma_server, identity
from assistant.api.remembered import with_embedder
from assistant.api.selection import limits
from assistant.cluster.workers import Worker, Workers, here, workers
from assistant.corpus.report import Notice
from assistant.errors import IndexMissing
from assistant.index import snapshots
from assistant.index.opened import Index
from assistant.settings import Settings

if TYPE_CHECKING:
    from assistant.answering.pipeline import Pipeline
    from assistant.answering.query import Turn
    from assistant.schema import Answer

Ask = Callable[[str, "Sequence[Turn]", dict[str, Any]], "Answer"]
"""Takes a question, the turns before it, and limits as `Assistant.ask` takes them."""


@contextmanager
def asking(address: str, settings: Settings, notice: Notice) -> Iterator[tuple[Ask, int]]:
    """What asks on the Ray cluster there, and how many may be asked at a time.

    Raises ExtraMissing, ServerError, IndexMissing and ModelError.
    """
    settled_settings = settled(settings)
    if settled_settings is not settings:
        notice(without_a_model(settings))
    told = set[str]()
    with asking_workers(address, AskingWorker, settled_settings) as pool:

        def ask(question: str, history: Sequence[Turn], given: dict[str, Any]) -> Answer:
            answered: tuple[Answer, list[str]] = pool.call("ask", question, history, given)
            answer, notices = answered
            for new in [one for one in notices if one not in told]:
                told.add(new)
                notice(new)
            return answer

        yield ask, pool.count


@contextmanager
def asking_workers(
    address: str, kind: type[IndexWorker], settings: Settings, *more: Any
) -> Iterator[Workers]:
    """Workers that must see the index that is seen here. Raises as `asking`."""
    state = snapshots.current(settings.index_path)
    assert state is not None, "the command has opened the index"
    with workers(address, kind, with_embedder(settings), state.absolute(), *more) as pool:
        yield pool


class IndexWorker(Worker):
    """Base of those that ask."""

    def __init__(self, settings: Settings, folder: Path, state: Path) -> None:
        super().__init__(settings, folder)
        self._state = state

    @cached_property
    def index(self) -> Index:
        """The index, which must be the one that the command has opened. Raises IndexMissing."""
        if not self._state.is_dir():
            raise IndexMissing(
                f"the worker on {here()} does not see the index at {self._state.parent}; keep it on a disk"
                " that all machines share (--index), or ask without --ray"
            )
        return Index.open(self._state.parent, identity(self.settings), chroma_server(self.settings))


class AskingWorker(IndexWorker):
    """Answers questions."""

    def __init__(self, settings: Settings, folder: Path, state: Path) -> None:
        super().__init__(settings, folder, state)
        self._notices: list[str] = []

    def load(self) -> None:
        """Opens the index and loads the encoders. Raises IndexMissing and ModelError."""
        self._pipeline  # noqa: B018

    def ask(self, question: str, history: Sequence[Turn], given: dict[str, Any]) -> tuple[Answer, list[str]]:
        """The answer, and notices since the last one. Raises AssistantError."""
        filters = limits(self.index.catalogue, **given)
        answer = self._pipeline.ask(question, history=history, filters=filters)
        notices, self._notices[:] = list(self._notices), []
        return answer, notices

    @cached_property
    def _pipeline(self) -> Pipeline:
        retriever = build_retriever(self.settings, self.index)
        return build_pipeline(self.settings, retriever, notice=self._notices.append)
