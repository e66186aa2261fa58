"""Reading: the prompt of a terminal, and plain lines from a pipe or a dumb terminal."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.patch_stdout import patch_stdout

from assistant.chat.completion import CommandCompleter
from assistant.chat.conversation import Conversation
from assistant.chat.sessions import folder
from assistant.chat.showing import limits_in_words
from assistant.terminal.render import notice, safe

Read = Callable[[], str]
"""Gives the next line. Raises EOFError at the end and KeyboardInterrupt for Ctrl-C."""


class ChatPrompt:
    """The prompt: editing, history, completion, lines of several lines, and a bar that says how things stand.

    What a conversation needs is loaded behind the first one; if that fails, so does the prompt.
    """

    def __init__(self, conversation: Conversation, *, keep: bool) -> None:
        """`keep` remembers what was typed for other conversations."""
        self._conversation = conversation
        self._session: PromptSession[str] = PromptSession(
            self._message,
            history=_history() if keep else InMemoryHistory(),
            auto_suggest=AutoSuggestFromHistory(),
            completer=CommandCompleter(conversation),
            complete_while_typing=True,
            key_bindings=_keys(),
            multiline=True,
            prompt_continuation="  ",
            bottom_toolbar=self._bar,
        )
        self._session.app.after_render += self._load

    def __call__(self) -> str:
        """The next question. Raises EOFError, KeyboardInterrupt, and what went wrong while loading."""
        with patch_stdout(raw=True):  # what is told meanwhile stands above the prompt
            return self._session.prompt()

    def _load(self, app: object) -> None:
        """After the prompt is drawn for the first time, so that nothing keeps it waiting."""
        self._session.app.after_render -= self._load
        self._conversation.engine.start(notice, self._changed)

    def _changed(self) -> None:
        """Called by the thread that loads."""
        app = self._session.app
        if app.loop is not None:
            app.loop.call_soon_threadsafe(self._fail_or_redraw)

    def _fail_or_redraw(self) -> None:
        failure = self._conversation.engine.failure
        if failure is None:
            self._session.app.invalidate()
        elif self._session.app.is_running:
            self._session.app.exit(exception=failure)

    def _message(self) -> FormattedText:
        return FormattedText([("bold", prompt(self._conversation))])

    def _bar(self) -> str:
        conversation = self._conversation
        engine, name = conversation.engine, conversation.session.name
        parts = engine.status, engine.settings.model, "/help", name or "nothing is kept"
        return "  ".join(safe(part) for part in parts if part)


def _keys() -> KeyBindings:
    """Enter asks, also in the middle of several lines; Alt-Enter begins another line."""
    keys = KeyBindings()

    @keys.add("enter")
    def ask(event: KeyPressEvent) -> None:
        event.current_buffer.validate_and_handle()

    @keys.add("escape", "enter")
    def newline(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    return keys


def _history() -> History:
    """What was typed in earlier conversations; kept in memory alone where the file cannot be used."""
    file = folder().parent / "history"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        return FileHistory(file)
    except OSError:
        return InMemoryHistory()


def prompt(conversation: Conversation) -> str:
    """What stands before a question: what limits it."""
    limits = limits_in_words(conversation.terms)
    return f"{limits} > " if limits else "> "


def plain_lines(conversation: Conversation, prompted: bool) -> Read:
    """Lines of standard input, behind a prompt where somebody sees it."""
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")
    return lambda: input(prompt(conversation) if prompted else "")


@contextmanager
def unechoed() -> Iterator[None]:
    """Keeps what is typed while the assistant is busy off the screen; the next prompt shows it."""
    if sys.platform == "win32" or not sys.stdin.isatty():
        yield
        return
    import termios

    before = termios.tcgetattr(sys.stdin)
    silent = [*before[:3], before[3] & ~termios.ECHO, *before[4:]]
    termios.tcsetattr(sys.stdin, termios.TCSADRAIN, silent)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
