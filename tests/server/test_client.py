"""`ask --server` and `search --server`: as a local command, without loading what a local one loads."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from commands import Ended, Run
from fake_server import FakeServer, Handler, fails, serving

from assistant.errors import ServerError
from assistant.schema import Answer
from assistant.server import tokens
from assistant.server.tokens import known_token, server_token, token_file
from assistant.settings import APP, Settings

pytestmark = pytest.mark.slow

COST = "What will the valley dam cost?"
NOTHING = "Which composer wrote the opera Nabucco about Babylon?"
ENOUGH = "a-token-of-the-tests"


@pytest.fixture
def both(server: Any, run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command with the server and without; what the server gave, which must be the same."""
    monkeypatch.setenv("XDG_DATA_HOME", str(server.data))
    folder = server.data.parent
    here = ["--corpus", str(folder / "corpus"), "--index", str(folder / "index")]

    def both(*arguments: str) -> Ended:
        more = ["--model", "extractive"] if arguments[0] == "ask" else []
        asked = run(*arguments, "--server", server.url)
        local = run(*arguments, *here, *more)
        timeless = [
            Ended(one.status, re.sub(r'"seconds":\{[^}]*\}', "", one.out), one.err) for one in (asked, local)
        ]
        assert timeless[0] == timeless[1]
        return asked

    return both


# As without a server


@pytest.mark.parametrize(
    ("question", "more", "status"),
    [
        (COST, [], 0),
        (COST, ["--json"], 0),
        (COST, ["--as-of", "2025-03-05", "--outlet", "Harbour"], 0),
        (COST, ["--as-of", "2025-01-01"], 1),
        (NOTHING, [], 1),
        ("What does the valley dam weigh?", [], 1),
        ("What does the valley dam weigh?", ["--json"], 1),
        (COST, ["--section", "Sport"], 2),
        (COST, ["--as-of", "2025-01-01", "--since", "2025-01-02"], 2),
    ],
)
def test_an_answer(both: Run, question: str, more: list[str], status: int) -> None:
    assert both("ask", question, *more).status == status


@pytest.mark.parametrize(
    ("more", "status"),
    [
        (["-k", "2"], 0),
        (["--explain"], 0),
        (["--json", "--explain"], 0),
        (["--as-of", "2020-01-01"], 1),
        (["--outlet", "Gazette"], 2),
    ],
)
def test_a_search(both: Run, more: list[str], status: int) -> None:
    assert both("search", "ferry ran aground", *more).status == status


def test_nothing_heavy_is_loaded(server: Any, tmp_path: Path) -> None:
    code = """
import sys
import assistant.cli.main as cli
sys.argv = ["assistant", "ask", "What will the valley dam cost?", "--server", sys.argv[1]]
try:
    cli.main()
finally:
    print(*sys.modules)
"""
    path = os.pathsep.join(filter(None, [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH")]))
    environment = os.environ | {"PYTHONPATH": path, "XDG_DATA_HOME": str(server.data)}
    command = [sys.executable, "-c", code, server.url]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment, check=True)
    assert "90 billion crowns" in done.stdout
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "assistant.server.client" in loaded
    heavy = {"chromadb", "numpy", "onnxruntime", "langchain_core", "httpx", "starlette", "uvicorn"}
    # typer loads pydantic by itself; making models with it takes as long again.
    assert not loaded & {*heavy, "assistant.schema", "pydantic_settings"}


# Mistakes, in a line with the remedy


@pytest.mark.parametrize(
    ("more", "name"),
    [
        (["--model", "extractive"], "--model"),
        (["--corpus", "articles"], "--corpus"),
        (["--index", "index"], "--index"),
        (["--max-cost", "1"], "--max-cost"),
    ],
)
def test_what_is_the_server_s_own(run: Run, more: list[str], name: str) -> None:
    ended = run("ask", COST, "--server", "http://127.0.0.1:9", *more)
    assert (ended.status, ended.out) == (2, "")
    assert ended.err == (
        f"assistant: {name} cannot be given with --server, which has its own; leave it out\n"
    )


def test_a_batch_is_not_for_a_server(run: Run) -> None:
    for command in ("ask", "search"):
        ended = run(command, "--batch", "-", "--server", "http://127.0.0.1:9")
        assert (ended.status, ended.out) == (2, "")
        assert ended.err.startswith("assistant: --batch cannot be given with --server")


def test_no_server(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        for token in ("", ENOUGH):  # without one too, since none would help
            monkeypatch.setenv("ASSISTANT_TOKEN", token)
            ended = run("ask", COST, "--server", url)
            assert (ended.status, ended.err.count("\n")) == (2, 1)
            assert f"no server at {url}" in ended.err
            assert ended.err.endswith("; start one with: assistant serve\n")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://127.0.0.1",
        "http://",
        "http://a:b@127.0.0.1",
        "http://127.0.0.1:x",
        "http://[",
        "http://a?b",
        "",
    ],
)
def test_what_is_no_address(run: Run, url: str) -> None:
    ended = run("ask", COST, "--server", url)
    assert (ended.status, ended.out) == (2, "")
    assert "write it as http://127.0.0.1:8421" in ended.err


def test_a_wrong_token(server: Any, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_TOKEN", ENOUGH)
    ended = run("ask", COST, "--server", server.url)
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith(f"assistant: {server.url} refuses the token; set ASSISTANT_TOKEN")


def test_no_token(run: Run) -> None:
    with serving() as fake:
        ended = run("ask", COST, "--server", fake.url)
    assert (ended.status, ended.err.count("\n")) == (2, 1)
    assert f"no token for {fake.url}; set ASSISTANT_TOKEN" in ended.err
    assert not fake.paths


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeServer]:
    monkeypatch.setenv("ASSISTANT_TOKEN", ENOUGH)
    with serving() as fake:
        yield fake


def moved(handler: Handler) -> None:
    handler.send(302, "", Location=f"{handler.server.url}/elsewhere")


def says(text: str) -> Callable[[Handler], None]:
    return lambda handler: handler.send(200, text)


@pytest.mark.parametrize(
    "script",
    [
        fails(404),
        fails(500),
        moved,
        says("<html>"),
        says("[]"),
        says("{}"),
        says('{"version": 2}'),
        says('{"version": 2, "claims": [], "as_of": "never"}'),
        says("[" * 100_000),
    ],
)
def test_another_server(fake: FakeServer, run: Run, script: Callable[[Handler], None]) -> None:
    fake.script = [script]
    ended = run("ask", COST, "--server", fake.url)
    assert (ended.status, ended.out) == (2, "")
    assert re.fullmatch(r"assistant: .*(assistant's server|assistant serve).*\n", ended.err)
    assert fake.paths == ["/v1/ask"]
    assert fake.keys == [f"Bearer {ENOUGH}"]


def test_a_server_of_another_version(fake: FakeServer, run: Run) -> None:
    fake.script = [says('{"version": 3, "claims": []}')]
    ended = run("ask", COST, "--server", fake.url)
    assert ended.err == "assistant: the server answers in version 3, not 2; install the same here\n"


def test_escapes_in_a_server_s_words_reach_no_terminal(fake: FakeServer, run: Run) -> None:
    fake.script = [lambda handler: handler.send(400, json.dumps({"error": "a\x1b[2J\nb"}))]
    ended = run("ask", COST, "--server", fake.url)
    assert (ended.status, ended.err) == (2, "assistant: a<U+001B>[2J b\n")


# On a terminal


def streams_slowly(handler: Handler) -> None:
    """An answer in the making, each part of which can be seen."""
    answer = Answer(question=COST, status="answered", confidence=1, answer="It is dear.", model="m")
    passages = [{"article": "dam", "date": "2025-03-04"}, {"article": "fish", "date": None}]
    handler.send_response(200)
    handler.send_header("Content-Type", "text/event-stream; charset=utf-8")
    handler.end_headers()
    for name, data in (
        ("candidates", json.dumps({"passages": passages})),
        ("answer", answer.model_dump_json()),
    ):
        time.sleep(1)
        handler.wfile.write(f": still working\n\nevent: {name}\ndata: {data}\n\n".encode())
        handler.wfile.flush()


def test_what_was_found_is_shown_on_a_terminal_meanwhile(fake: FakeServer, tmp_path: Path) -> None:
    pexpect = pytest.importorskip("pexpect")
    fake.script = [streams_slowly]
    path = os.pathsep.join(filter(None, [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH")]))
    environment = os.environ | {"PYTHONPATH": path, "TERM": "xterm"}
    arguments = ["-m", "assistant", "ask", COST, "--server", fake.url]
    child = pexpect.spawn(
        sys.executable, arguments, env=environment, cwd=str(tmp_path), encoding="utf-8", dimensions=(24, 120)
    )
    child.expect("asking http://", timeout=60)
    child.expect("reading 2 articles, 2025-03-04 to 2025-03-04", timeout=60)
    child.expect(r"It is dear\.", timeout=60)
    child.expect(pexpect.EOF, timeout=60)
    child.close()
    assert child.exitstatus == 0


# Tokens


def test_a_token_is_made_once_and_kept() -> None:
    token, origin = server_token({})
    assert origin == str(token_file())
    assert server_token({}) == (token, origin)
    assert known_token(here=True, environment={}) == token
    assert token_file().stat().st_mode & 0o777 == 0o600
    assert [one.name for one in token_file().parent.iterdir()] == [token_file().name]


def test_a_token_that_others_could_read_is_made_anew() -> None:
    token, _ = server_token({})
    token_file().chmod(0o644)
    assert known_token(here=True, environment={}) is None
    assert server_token({})[0] != token
    assert token_file().stat().st_mode & 0o777 == 0o600


def test_a_link_is_no_token(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("x" * 40, encoding="ascii")
    other.chmod(0o600)
    token_file().parent.mkdir(parents=True)
    token_file().symlink_to(other)
    assert known_token(here=True, environment={}) is None


def test_the_file_s_token_is_for_this_machine_alone() -> None:
    server_token({})
    assert known_token(here=False, environment={}) is None
    assert known_token(here=False, environment={"ASSISTANT_TOKEN": ENOUGH}) == ENOUGH


@pytest.mark.parametrize(
    "given", ["short", "with a space in it", "not-in-ascii-éééé", "a\nline-of-the-tests"]
)
def test_a_token_that_cannot_be_used(given: str) -> None:
    for here in (True, False):
        with pytest.raises(ServerError, match="ASSISTANT_TOKEN is no token"):
            known_token(here=here, environment={"ASSISTANT_TOKEN": given})
    with pytest.raises(ServerError, match="ASSISTANT_TOKEN is no token"):
        server_token({"ASSISTANT_TOKEN": given})


@pytest.mark.parametrize("given", [f"{ENOUGH}\n", f"{ENOUGH}\r\nX-More: 1", f"{ENOUGH}é"])
def test_a_token_that_fits_in_no_header_is_told_in_a_line(
    fake: FakeServer, run: Run, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv("ASSISTANT_TOKEN", given)
    ended = run("ask", COST, "--server", fake.url)
    expected = "assistant: ASSISTANT_TOKEN is no token; give 16 or more letters and digits\n"
    assert (ended.status, ended.out, ended.err) == (2, "", expected)
    assert not fake.paths


def test_the_token_lies_beside_the_indexes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_TOKEN", ENOUGH)  # no setting, and none that is wrong
    assert Settings().index_path.parents[1] == token_file().parent
    assert token_file().parent.name == APP
    assert tokens.VARIABLE == "ASSISTANT_TOKEN"


# Starting


def test_a_port_in_use(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as used:
        port = str(used.getsockname()[1])
        ended = run("serve", "--port", port)
    assert (ended.status, ended.err.count("\n")) == (2, 1)
    assert f"cannot listen on 127.0.0.1 port {port} (Address already in use)" in ended.err


def test_what_is_not_installed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    ended = run("serve", "--port", "0")
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith("assistant: assistant serve needs packages")
    assert ended.err.endswith("install them with: pip install 'news-assistant[serve]'\n")
