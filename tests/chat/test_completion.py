"""Completion: what is offered for what was typed."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fakes import write_corpus
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from assistant.api.build import open_index
from assistant.chat.commands import COMMANDS, ask
from assistant.chat.completion import VALUES, CommandCompleter
from assistant.chat.conversation import Conversation
from assistant.chat.loading import Engine
from assistant.chat.sessions import Session, Terms
from assistant.settings import load_settings

Offered = Callable[[str], list[str]]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder = tmp_path_factory.mktemp("completion")
    settings = load_settings(
        corpus=write_corpus(folder / "corpus"), index=folder / "index", model="extractive"
    )
    open_index(settings, lambda message: None, lambda done, total: None).close()
    engine = Engine(settings)
    engine.load(pytest.fail, lambda done, total: None)
    yield engine
    engine.close()


@pytest.fixture
def conversation(engine: Engine) -> Conversation:
    return Conversation(engine, Session(None, Terms()))


@pytest.fixture
def offered(conversation: Conversation) -> Offered:
    return lambda text: offers(conversation, text)


def offers(conversation: Conversation, text: str) -> list[str]:
    """The lines that the text can be completed to."""
    completions = CommandCompleter(conversation).get_completions(Document(text), CompleteEvent())
    return [text[: len(text) + one.start_position] + one.text for one in completions]


def test_commands(offered: Offered) -> None:
    assert offered("/") == [f"/{command.name}" for command in COMMANDS]
    assert offered("/tim") == ["/timeline"]
    assert offered("/br") == ["/brief"]
    assert offered("/s")[:3] == ["/sources", "/search", "/since"]
    assert offered("/ession") == ["/sessions"], "the middle of a name will do"
    assert offered("/nothing") == offered("") == offered("What is /asof") == offered("/nothing at all") == []


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("/asof ", ["/asof 2025-11-20", "/asof 2025-03-04", "/asof off"]),
        ("/since 2025-03", ["/since 2025-03-04"]),
        ("/section e", ["/section Energy"]),
        ("/section o", ["/section off", "/section Transport"]),
        ("/outlet radio", ["/outlet Island Radio"]),
        ("/open ", ["/open ferry", "/open dam", "/open fish"]),
        ("/model ext", ["/model extractive"]),
        ("/model 1.5", ["/model qwen2.5-coder-1.5b"]),
        ("/help as", ["/help asof"]),
        ("/resume ", []),
    ],
)
def test_arguments(offered: Offered, text: str, lines: list[str]) -> None:
    assert offered(text) == lines


def test_sources_of_the_last_answer_come_first(conversation: Conversation) -> None:
    ask(conversation, "What will the valley dam cost?")
    numbers = [f"/open {one.number}" for one in conversation.last().answer.citations]
    assert numbers
    assert offers(conversation, "/open ") == [*numbers, "/open ferry", "/open dam", "/open fish"]


def test_sessions_and_files(conversation: Conversation, offered: Offered, tmp_path: Path) -> None:
    session = Session("talks", Terms())
    ask(Conversation(conversation.engine, session), "What will the valley dam cost?")
    session.close()
    assert offered("/resume t") == ["/resume talks"]
    assert offered("/sessions d") == ["/sessions delete talks"]
    (tmp_path / "notes.md").write_text("", encoding="utf-8")
    assert offered(f"/save {tmp_path}/no") == [f"/save {tmp_path}/notes.md"]


def test_before_the_catalogue_is_loaded_nothing_of_it_is_offered(conversation: Conversation) -> None:
    loading = Conversation(Engine(conversation.engine.settings), conversation.session)
    assert offers(loading, "/asof ") == ["/asof off"]
    assert offers(loading, "/open ") == []
    assert offers(loading, "/tim") == ["/timeline"]


def test_whatever_takes_an_argument_completes_it() -> None:
    free = {"search", "brief", "timeline", "save", "new"}
    assert {command.name for command in COMMANDS if command.argument} - free == set(VALUES)
