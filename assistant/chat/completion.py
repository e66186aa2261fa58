"""Completion: the commands, and for each what may follow it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator

from prompt_toolkit.completion import CompleteEvent, Completer, Completion, PathCompleter
from prompt_toolkit.document import Document

from assistant.chat import sessions
from assistant.chat.commands import COMMANDS, OFF
from assistant.chat.conversation import Conversation
from assistant.models.table import TABLE
from assistant.terminal.render import safe

Headline = tuple[str, str, dt.date | None]
"""An article's id, title and day."""

Value = tuple[str, str]
"""What may be typed, and a few words about it."""


class CommandCompleter(Completer):
    """Completes a line that starts with a slash; what needs the catalogue is offered once that is loaded."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._files = PathCompleter(expanduser=True)

    def get_completions(self, document: Document, event: CompleteEvent) -> Iterable[Completion]:
        """What may follow the text before the cursor, best first."""
        text = document.text_before_cursor
        if not text.startswith("/"):
            return
        name, space, argument = text[1:].partition(" ")
        if not space:
            yield from _matching(name, ((command.name, command.help) for command in COMMANDS))
        elif name == "save":
            yield from self._files.get_completions(Document(argument), event)
        elif name in VALUES:
            yield from _matching(argument, VALUES[name](self._conversation))


def _matching(typed: str, values: Iterable[Value]) -> Iterator[Completion]:
    """Those that start with what was typed, then those that hold it."""
    wanted = typed.lower()
    holding = [value for value in values if wanted in value[0].lower()]
    for value, about in sorted(holding, key=lambda one: not one[0].lower().startswith(wanted)):
        yield Completion(value, start_position=-len(typed), display_meta=safe(about))


def _sources(conversation: Conversation) -> Iterator[Value]:
    """The numbers of the last answer's sources, then every article, the newest first."""
    if conversation.session.turns:
        answer = conversation.last().answer
        for citation in answer.citations or answer.nearest:
            yield str(citation.number), citation.title
    for article, title, _ in _headlines(conversation):
        yield article, title


def _days(conversation: Conversation) -> Iterator[Value]:
    """The days on which articles appeared, the newest first."""
    shown = set()
    for _, title, day in _headlines(conversation):
        if day is not None and day not in shown:
            shown.add(day)
            yield day.isoformat(), title
    yield OFF, "every day"


def _headlines(conversation: Conversation) -> list[Headline]:
    loaded = conversation.engine.ready
    return loaded.catalogue.headlines() if loaded else []


def _known(column: str) -> Callable[[Conversation], Iterator[Value]]:
    def values(conversation: Conversation) -> Iterator[Value]:
        loaded = conversation.engine.ready
        for name in loaded.catalogue.known(column) if loaded else ():
            yield name, ""
        yield OFF, f"every {column}"

    return values


def _models(conversation: Conversation) -> Iterator[Value]:
    for model in TABLE:
        if model.role == "language model":
            yield model.name, "embedded"
    yield "extractive", "quotes the likeliest sentences, without a language model"


def _kept(conversation: Conversation) -> Iterator[Value]:
    for name in sessions.names():
        yield name, ""


def _deletions(conversation: Conversation) -> Iterator[Value]:
    for name in sessions.names():
        yield f"delete {name}", "for good"


def _commands(conversation: Conversation) -> Iterator[Value]:
    for command in COMMANDS:
        yield command.name, command.help


VALUES: dict[str, Callable[[Conversation], Iterator[Value]]] = {
    "help": _commands,
    "open": _sources,
    "asof": _days,
    "since": _days,
    "section": _known("section"),
    "outlet": _known("outlet"),
    "model": _models,
    "sessions": _deletions,
    "resume": _kept,
}
