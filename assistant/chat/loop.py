"""The loop: reads a line, does what it says, and begins anew."""

from __future__ import annotations

import os
import sys
from typing import Any

from assistant.api.build import settled, without_a_model
from assistant.chat.commands import ask, perform
from assistant.chat.conversation import Conversation, check
from assistant.chat.loading import Engine
from assistant.chat.prompt import ChatPrompt, Read, plain_lines, unechoed
from assistant.chat.sessions import Session, Terms, automatic_name
from assistant.errors import AssistantError
from assistant.settings import Settings
from assistant.terminal.progress import progress
from assistant.terminal.render import notice


def chat(settings: Settings, name: str | None, *, keep: bool, **given: Any) -> int:
    """A conversation from its first line to its last; returns the exit status.

    `given` are the limits, and the model, that were asked for: they come before what the session remembers. A
    conversation at a terminal gets a name if it has none; one through a pipe is then not kept.

    Raises SettingsError for a session that cannot be opened, and what goes wrong while loading.
    """
    chosen, settings = settings, settled(settings)
    if settings is not chosen:
        notice(without_a_model(chosen))
    interactive = sys.stdin.isatty() and sys.stdout.isatty()
    if keep and name is None and interactive:
        name = automatic_name()
    corpus = str(settings.corpus.resolve()) if settings.corpus else None
    session = Session(name, Terms(model=settings.model, corpus=corpus), keep=keep)
    session.change(session.terms.model_copy(update={key: value for key, value in given.items() if value}))
    engine = Engine(
        settings.model_copy(update={"model": session.terms.model or settings.model}),
        lambda catalogue: check(session.terms, catalogue),
    )
    conversation = Conversation(engine, session, keep=keep, stoppable=interactive)
    try:
        read = _reader(conversation, interactive, keep=keep)
        for line in conversation.greeting():
            notice(line)
        return converse(conversation, read, interactive=interactive)
    finally:
        conversation.close()


def converse(conversation: Conversation, read: Read, *, interactive: bool) -> int:
    """Reads until the end of the input or `/quit`; returns the exit status.

    An error ends a turn and not the conversation, and so does an interrupt, if somebody is there to go on.
    Without anybody, the status is 2 when something failed, as of a batch.
    """
    failed = False
    while True:
        busy = False
        try:
            line = read().strip()
            busy = True
            with unechoed():
                if line.startswith("/"):
                    perform(conversation, line)
                elif line:
                    ask(conversation, line)
        except EOFError:
            return 2 if failed and not interactive else 0
        except AssistantError as error:
            if error is conversation.engine.failure:
                raise
            failed = True
            notice(str(error))
        except KeyboardInterrupt:
            if not interactive:
                raise
            notice("stopped" if busy else "/quit or Ctrl-D ends the conversation")


def _reader(conversation: Conversation, interactive: bool, *, keep: bool) -> Read:
    if interactive and os.environ.get("TERM", "").lower() not in ("dumb", "unknown"):
        return ChatPrompt(conversation, keep=keep)
    with progress("embedding passages") as update:
        conversation.engine.load(notice, update)
    conversation.engine.assistant()  # or what went wrong
    return plain_lines(conversation, interactive)
