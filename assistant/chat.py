"""The chat: questions one after another, follow-ups understood, kept as a readable file.

A session is one JSON Lines file in the user's data folder, an answer a line, appended as each turn ends: a
crash loses at most the running turn.
"""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import platformdirs

from assistant.answer import Assistant, Turn
from assistant.errors import AssistantError, SettingsError
from assistant.filters import Filters
from assistant.interface import Answer
from assistant.settings import APP
from assistant.terminal import notice, print_answer, stdout, thinking

with contextlib.suppress(ImportError):  # not on Windows, whose console brings it along
    import readline  # noqa: F401 - importing it lets `input` edit lines and call back earlier ones

PROMPT = "> "
HISTORY = 6
"""Turns that a follow-up may refer to."""


@dataclass(slots=True)
class Session:
    """The turns so far, and the file they are kept in; None keeps nothing."""

    file: Path | None
    turns: list[Turn] = field(default_factory=list)

    @classmethod
    def open(cls, name: str | None, *, keep: bool) -> Session:
        """A new session, or the one of that name with its turns. Raises SettingsError."""
        if name is None or not keep:
            return cls(None)
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,80}", name):
            raise SettingsError(f"{name!r} is no session name; use letters, digits, '.', '_' and '-'")
        file = Path(platformdirs.user_data_dir(APP)) / "sessions" / f"{name}.jsonl"
        session = cls(file)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
            text = file.read_text(encoding="utf-8", errors="replace")
            if text and not text.endswith("\n"):  # torn by a crash; the next turn starts a line of its own
                with file.open("a", encoding="utf-8") as out:
                    out.write("\n")
        except OSError as error:
            raise SettingsError(
                f"cannot keep the session {file} ({error.strerror}); give another name"
            ) from None
        for line in text.split("\n"):
            try:
                answer = Answer.model_validate_json(line)
            except ValueError:  # torn, or edited by hand
                continue
            session.turns.append(Turn(answer.question, answer.answer))
        return session

    def add(self, answer: Answer) -> None:
        """Keeps a finished turn. Raises SettingsError when its file cannot be written."""
        self.turns.append(Turn(answer.question, answer.answer))
        if self.file is None:
            return
        try:
            with self.file.open("a", encoding="utf-8") as out:
                out.write(answer.model_dump_json() + "\n")
        except OSError as error:
            raise SettingsError(f"cannot write {self.file} ({error.strerror}); free space there") from None


def converse(
    assistant: Assistant, filters: Filters, session: Session, read: Callable[[str], str] = input
) -> None:
    """Reads questions until the end of input or `/quit`.

    An error, or an interrupt while the assistant is busy, ends the turn and not the conversation.
    """
    console = stdout()
    if session.turns:
        notice(f"going on after turn {len(session.turns)}: {session.turns[-1].question}")
    prompt = PROMPT if sys.stdin.isatty() and sys.stdout.isatty() else ""
    while True:
        try:
            question = read(prompt).strip()
        except EOFError:
            return
        if question in ("/quit", "/exit"):
            return
        if not question:
            continue
        try:
            with thinking() as on_event:
                answer = assistant.ask(
                    question, history=session.turns[-HISTORY:], filters=filters, on_event=on_event
                )
            print_answer(answer, console)
            console.print()
            session.add(answer)
        except AssistantError as error:
            notice(str(error))
        except KeyboardInterrupt:
            notice("stopped; /quit or Ctrl-D ends the conversation")
