"""Evaluation on Ray: workers ask the gold cases, and the one that was started scores the answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from assistant.answering.events import Event
from assistant.cluster.asking import IndexWorker, asking_workers
from assistant.errors import AssistantError
from assistant.evaluation.gold.cases import Case
from assistant.evaluation.harness import Prepared, Wanted, prepare
from assistant.evaluation.run import Asking
from assistant.schema import Answer
from assistant.settings import Settings

Outcome = tuple[Answer | None, AssistantError | None, list[Event]]


@contextmanager
def asking_cases(address: str, settings: Settings, wanted: Wanted) -> Iterator[Asking]:
    """What asks gold cases on the Ray cluster there.

    Raises ExtraMissing, ServerError, IndexMissing and ModelError.
    """
    with asking_workers(address, EvaluatingWorker, settings, wanted) as pool:

        def ask(case: Case, on_event: Callable[[Event], None]) -> Answer:
            outcome: Outcome = pool.call("ask", case)
            answer, error, events = outcome
            for event in events:
                on_event(event)
            if answer is None:
                raise error or AssistantError("no answer; ask again")
            return answer

        yield Asking(ask, pool.map)


class EvaluatingWorker(IndexWorker):
    """Asks gold cases, replaying what is recorded."""

    def __init__(self, settings: Settings, folder: Path, state: Path, wanted: Wanted) -> None:
        super().__init__(settings, folder, state)
        self._wanted = wanted

    def load(self) -> None:
        """Opens the index, the recordings and the encoders. Raises AssistantError."""
        self._prepared  # noqa: B018

    def ask(self, case: Case) -> Outcome:
        """The answer or the error, with all events, since retrieval is scored without an answer too."""
        events: list[Event] = []
        try:
            return self._prepared.asking.ask(case, events.append), None, events
        except AssistantError as error:
            return None, error, events

    @cached_property
    def _prepared(self) -> Prepared:
        return prepare(self.settings, self.index, self._wanted)
