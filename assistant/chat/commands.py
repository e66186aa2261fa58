"""Commands: what starts with a slash.

A command works on the conversation and prints what it has to say. One that cannot do what is asked raises a
SettingsError, which the loop shows; `/quit` raises EOFError, as the end of the input does.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.chat import sessions
from assistant.chat.conversation import Conversation
from assistant.chat.saving import save
from assistant.chat.sessions import Record
from assistant.chat.showing import (
    limits_in_words,
    print_help,
    print_record,
    print_sessions,
    print_sources,
    print_why,
)
from assistant.errors import SettingsError
from assistant.terminal.paging import open_article
from assistant.terminal.progress import waiting, watching
from assistant.terminal.render import notice, print_search, stdout
from assistant.text.dates import parse_day

if TYPE_CHECKING:
    from assistant.answering.events import Event

OFF = "off"
"""What lifts a limit."""


@dataclass(frozen=True, slots=True)
class Command:
    """`run` gets what stands after the name."""

    name: str
    argument: str
    help: str
    run: Callable[[Conversation, str], None]

    @property
    def usage(self) -> str:
        return f"/{self.name} {self.argument}".rstrip()


def perform(conversation: Conversation, line: str) -> None:
    """Runs a line that starts with a slash. Raises SettingsError for a command that there is not."""
    name, _, argument = line[1:].partition(" ")
    command = BY_NAME.get(name.lower())
    if command is None:
        raise _unknown(name)
    command.run(conversation, argument.strip())


def _unknown(name: str) -> SettingsError:
    from rapidfuzz.process import extractOne

    near = extractOne(name.lower(), list(BY_NAME))
    return SettingsError(f"there is no /{name}; did you mean /{near[0]}? /help lists the commands")


# Asking


def ask(conversation: Conversation, question: str) -> None:
    """Answers a question, shows the answer, and keeps it."""
    _answer(conversation, lambda on_event: conversation.ask(question, on_event), conversation.keep)


def _retry(conversation: Conversation, argument: str) -> None:
    conversation.last()
    _answer(conversation, conversation.again, conversation.replace)


def _timeline(conversation: Conversation, topic: str) -> None:
    if not topic:
        raise SettingsError("a timeline of what? write /timeline TOPIC")
    _answer(conversation, lambda on_event: conversation.timeline(topic), conversation.keep)


def _brief(conversation: Conversation, topic: str) -> None:
    if not topic:
        raise SettingsError("a brief of what? write /brief TOPIC")
    _answer(conversation, lambda on_event: conversation.brief(topic, on_event), conversation.keep)


def _answer(
    conversation: Conversation,
    make: Callable[[Callable[[Event], None]], Record],
    keep: Callable[[Record], None],
) -> None:
    assistant = conversation.engine.assistant()  # waited for with a line of its own
    with watching() as on_event:
        record = make(on_event)
    try:
        keep(record)  # before it is shown, but it is shown even if it cannot be written
    finally:
        print_record(record, capable=assistant.capable)


def _undo(conversation: Conversation, argument: str) -> None:
    notice(f"taken back: {conversation.undo().answer.question}")


def _search(conversation: Conversation, query: str) -> None:
    from assistant.index.catalogue.bm25 import query_terms

    if not query:
        raise SettingsError("search for what? write /search WORDS")
    found = conversation.search(query)
    print_search(found, query_terms(query), stdout())
    for warning in found.warnings:
        notice(warning.message)
    if not found.passages:
        notice("nothing found")


# The last answer


def _sources(conversation: Conversation, argument: str) -> None:
    print_sources(conversation.last().answer, conversation.catalogue)


def _why(conversation: Conversation, argument: str) -> None:
    print_why(conversation.last(), conversation.catalogue)


def _open(conversation: Conversation, argument: str) -> None:
    if not argument or argument.isdecimal():
        number = int(argument or 1)
        answer = conversation.last().answer
        for citation in answer.citations or answer.nearest:
            article = conversation.catalogue.article(citation.article)
            if citation.number == number and article is not None:
                return open_article(article, (citation.start, citation.end))
        raise SettingsError(f"the last answer has no source {number}; /sources lists them")
    return open_article(conversation.assistant.article(argument), (0, 0))


def _save(conversation: Conversation, argument: str) -> None:
    if not argument:
        raise SettingsError("save where? write /save FILE.md, or FILE.json")
    conversation.last()
    file = Path(argument).expanduser().absolute()
    save(conversation.session.turns, file, again=file in conversation.written)
    conversation.written.add(file)
    notice(f"saved {file}")


# What is asked of what


def _as_of(conversation: Conversation, argument: str) -> None:
    _limit(conversation, argument, "as_of", _day)


def _since(conversation: Conversation, argument: str) -> None:
    _limit(conversation, argument, "since", _day)


def _section(conversation: Conversation, argument: str) -> None:
    _limit(conversation, argument, "section", str)


def _outlet(conversation: Conversation, argument: str) -> None:
    _limit(conversation, argument, "outlet", str)


def _limit(conversation: Conversation, argument: str, name: str, parse: Callable[[str], object]) -> None:
    if argument:
        conversation.change(**{name: None if argument.lower() == OFF else parse(argument)})
    limits = limits_in_words(conversation.terms) or "none"
    notice(f"limits: {limits}" + ("" if argument else f"; lift this one with: {OFF}"))


def _day(text: str) -> dt.date:
    if day := parse_day(text):
        return day
    raise SettingsError(f"{text!r} is not a date; write it as 2025-11-26 or 26 Nov 2025, or {OFF}")


def _model(conversation: Conversation, name: str) -> None:
    if name:
        conversation.engine.assistant()
        with waiting(f"loading {name}"):
            conversation.switch_model(name)
    notice(f"model: {conversation.engine.settings.model}")


# Sessions


def _new(conversation: Conversation, name: str) -> None:
    conversation.begin(name or None)
    kept = conversation.session.name
    notice("a new conversation" + (f", kept as {kept}" if kept else ""))


def _resume(conversation: Conversation, name: str) -> None:
    if not name:
        raise SettingsError("resume which? write /resume NAME; /sessions lists them")
    conversation.resume(name)
    for line in conversation.greeting():
        notice(line)


def _sessions(conversation: Conversation, argument: str) -> None:
    verb, _, name = argument.partition(" ")
    if verb == "delete" and name:
        if name == conversation.session.name:
            raise SettingsError(f"{name!r} is this conversation; begin another with /new, then delete it")
        sessions.delete(name)
        notice(f"deleted {name}")
    elif argument:
        raise SettingsError(f"{argument!r} is not understood; write /sessions, or /sessions delete NAME")
    else:
        print_sessions(sessions.names(), conversation.session.name)


def _help(conversation: Conversation, name: str) -> None:
    if name:
        command = BY_NAME.get(name.removeprefix("/"))
        if command is None:
            raise _unknown(name)
        print_help([command])
    else:
        print_help(COMMANDS)


def _quit(conversation: Conversation, argument: str) -> None:
    raise EOFError


COMMANDS = (
    Command("help", "[COMMAND]", "list the commands, or explain one", _help),
    Command(
        "sources", "", "the quotes of the last answer in their places, and what else was found", _sources
    ),
    Command("open", "[N | ARTICLE]", "read the article of source N at its quote, or any article", _open),
    Command("why", "", "how the last answer came about", _why),
    Command("search", "WORDS", "find passages, without an answer", _search),
    Command("brief", "TOPIC", "what the articles say about a topic, in a few dated points", _brief),
    Command("timeline", "TOPIC", "their own sentences about a topic, day by day", _timeline),
    Command("asof", "DATE | off", "ask as of a day: later articles are hidden", _as_of),
    Command("since", "DATE | off", "hide articles from before a day", _since),
    Command("section", "NAME | off", "only articles of a section", _section),
    Command("outlet", "NAME | off", "only articles that draw on an outlet", _outlet),
    Command("model", "[NAME]", "answer with another model", _model),
    Command("retry", "", "ask the last question again, as things are set now", _retry),
    Command("undo", "", "take back the last question and its answer", _undo),
    Command("save", "FILE", "write the conversation to FILE.md with footnotes, or to FILE.json", _save),
    Command("new", "[NAME]", "begin a new conversation", _new),
    Command("sessions", "[delete NAME]", "list the conversations that are kept, or delete one", _sessions),
    Command("resume", "NAME", "go on with a conversation that is kept", _resume),
    Command("quit", "", "end the conversation, as Ctrl-D does", _quit),
)
BY_NAME = {command.name: command for command in COMMANDS}
