"""What a server does with calls, in this process: side by side, cancelled, failing."""

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from fakes import write_corpus
from mcp import ClientSession, McpError
from mcp.shared.memory import create_connected_server_and_client_session
from mcp.types import CallToolResult, CancelledNotification, CancelledNotificationParams, ClientNotification

from assistant.answering.events import TextSoFar
from assistant.api.assistant import Assistant
from assistant.cli.main import main
from assistant.errors import ModelError, SettingsError
from assistant.index.filters import Filters
from assistant.schema import SearchAnswer
from assistant.server.mcp import session as served
from assistant.server.mcp.arguments import About
from assistant.server.mcp.session import Session, Stopped
from assistant.server.mcp.tools import Tool, Watch, tools_for
from assistant.server.mcp.view import described, narrowed
from assistant.settings import Settings, load_settings

Run = Callable[[Any, About, Watch], SearchAnswer]
Scenario = Callable[[ClientSession], Any]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("session")
    options = {"corpus": write_corpus(folder / "corpus"), "index": folder / "index", "model": "extractive"}
    made = load_settings(**options, reranker="none", reader="none")
    Assistant(made).index()
    return made


@pytest.fixture
def answering(settings: Settings) -> Callable[[Run, Scenario], None]:
    """Plays a scenario with a client of a server whose one tool is the function."""

    def play(run: Run, scenario: Scenario) -> None:
        session = Session(settings, Filters(), pytest.fail)
        session._tools = {"tool": Tool("tool", "Tool", "A tool.", About, SearchAnswer, run)}

        async def together() -> None:
            async with create_connected_server_and_client_session(session._server()) as client:
                await scenario(client)

        anyio.run(together)
        session._news.close()
        session._pool.shutdown()

    return play


def text(result: CallToolResult) -> str:
    return result.content[0].text  # type: ignore[union-attr]


def test_calls_run_side_by_side(answering: Callable[[Run, Scenario], None]) -> None:
    meeting = threading.Barrier(served.WORKERS)

    def meet(desk: Any, asked: About, watch: Watch) -> SearchAnswer:
        meeting.wait(timeout=60)
        return SearchAnswer(query=asked.topic, passages=[])

    async def scenario(client: ClientSession) -> None:
        async def call(topic: str) -> None:
            result = await client.call_tool("tool", {"topic": topic})
            assert result.structuredContent is not None
            assert result.structuredContent["query"] == topic

        async with anyio.create_task_group() as group:
            for number in range(served.WORKERS):
                group.start_soon(call, f"topic {number}")

    answering(meet, scenario)


@pytest.mark.parametrize(
    ("error", "message", "log"),
    [
        (ModelError("the model is gone;\n start it again"), "the model is gone; start it again", ""),
        (
            ZeroDivisionError("secret"),
            "tool failed (ZeroDivisionError); the server's log says more",
            "secret",
        ),
    ],
)
def test_errors(
    answering: Callable[[Run, Scenario], None], error: Exception, message: str, log: str, capsys: Any
) -> None:
    def fail(desk: Any, asked: About, watch: Watch) -> SearchAnswer:
        raise error

    async def scenario(client: ClientSession) -> None:
        result = await client.call_tool("tool", {"topic": "dam"})
        assert result.isError
        assert text(result) == message

    answering(fail, scenario)
    out, err = capsys.readouterr()
    assert out == ""
    assert log in err
    assert bool(err) == bool(log)


def test_a_cancelled_call_stops_at_the_next_event(answering: Callable[[Run, Scenario], None]) -> None:
    begun, cancelled, stopped = threading.Event(), threading.Event(), threading.Event()

    def write(desk: Any, asked: About, watch: Watch) -> SearchAnswer:
        watch(TextSoFar("The"))
        begun.set()
        assert cancelled.wait(timeout=60)
        try:
            watch(TextSoFar("The dam"))
        except Stopped:
            stopped.set()
            raise
        return SearchAnswer(query=asked.topic, passages=[])

    async def scenario(client: ClientSession) -> None:
        async def call() -> None:
            with pytest.raises(McpError, match="cancelled"):
                await client.call_tool("tool", {"topic": "dam"})

        async with anyio.create_task_group() as group:
            group.start_soon(call)
            await anyio.to_thread.run_sync(begun.wait)
            params = CancelledNotificationParams(requestId=client._request_id - 1)
            note = CancelledNotification(method="notifications/cancelled", params=params)
            await client.send_notification(ClientNotification(note))
        cancelled.set()
        assert await anyio.to_thread.run_sync(stopped.wait, 60)

    answering(write, scenario)


def test_a_client_hears_of_an_answer_that_takes_long(
    answering: Callable[[Run, Scenario], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = threading.Event()
    monkeypatch.setattr(served, "PAUSE", 0.05)
    told: list[str | None] = []

    async def progress(done: float, total: float | None, message: str | None) -> None:
        told.append(message)
        if told[-3:] == ["writing"] * 3:
            heard.set()

    def write(desk: Any, asked: About, watch: Watch) -> SearchAnswer:
        watch(TextSoFar("The"))
        assert heard.wait(timeout=60)
        return SearchAnswer(query=asked.topic, passages=[])

    async def scenario(client: ClientSession) -> None:
        result = await client.call_tool("tool", {"topic": "dam"}, progress_callback=progress)
        assert not result.isError

    answering(write, scenario)


def test_an_index_that_takes_long(
    answering: Callable[[Run, Scenario], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()

    def load(self: Session) -> None:
        self._built(3, 10)
        assert release.wait(timeout=60)

    monkeypatch.setattr(Session, "_load", load)
    monkeypatch.setattr(served, "PATIENCE", 0.1)
    monkeypatch.setattr(served, "PAUSE", 0.05)
    told: list[str | None] = []

    async def progress(done: float, total: float | None, message: str | None) -> None:
        told.append(message)

    async def scenario(client: ClientSession) -> None:
        result = await client.call_tool("tool", {"topic": "dam"}, progress_callback=progress)
        assert text(result) == "building the index: 3 of 10 passages; call again in a minute"
        release.set()
        result = await client.call_tool("tool", {"topic": "dam"})
        assert not result.isError

    answering(lambda desk, asked, watch: SearchAnswer(query=asked.topic, passages=[]), scenario)
    assert set(told) == {"building the index: 3 of 10 passages"}


def test_briefs_are_offered_where_a_capable_model_writes_them() -> None:
    offered = {name: list(tools_for(Assistant(load_settings(model=name)))) for name in ("a:b", "extractive")}
    assert [*offered["extractive"], "brief"] == offered["a:b"]


def test_views(settings: Settings) -> None:
    with Assistant(settings) as news:
        assert narrowed(Filters(), Filters(section="Energy"), news.catalogue) == Filters(section="Energy")
        view = Filters(section="Transport")
        with pytest.raises(SettingsError, match="there are: Harbour Post, Island Radio"):
            narrowed(view, Filters(outlet="Gazette"), news.catalogue)
        with pytest.raises(SettingsError, match="no article passes this server's own limits"):
            narrowed(Filters(section="Sport"), Filters(), news.catalogue)
    assert described(Filters()) == ""
    assert described(view) == "Only a part of them can be seen: the section Transport."


# The command


@pytest.mark.parametrize(
    ("missing", "options", "message"),
    [
        (
            True,
            [],
            "packages that are not installed; install them with: pip install 'news-assistant[mcp]'",
        ),
        (
            False,
            ["--as-of", "2025-01-01", "--since", "2025-01-02"],
            "nothing is both since 2025-01-02 and as of",
        ),
        (False, ["--as-of", "today"], "'today' is not a date; write it as 2025-11-26"),
    ],
)
def test_what_cannot_be_served(
    missing: bool,
    options: list[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Any,
    tmp_path: Path,
) -> None:
    if missing:
        monkeypatch.setitem(sys.modules, "mcp", None)
    monkeypatch.setattr(sys, "argv", ["assistant", "mcp", "--index", str(tmp_path), *options])
    with pytest.raises(SystemExit) as ended:
        main()
    out, err = capsys.readouterr()
    assert (ended.value.code, out) == (2, "")
    assert message in " ".join(err.split())
