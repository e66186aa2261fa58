"""`assistant serve`, asked over HTTP: answers, refusals, and how it ends."""

import json
import re
import signal
import socket
import stat
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from assistant.schema import Answer, SearchAnswer

pytestmark = pytest.mark.slow

COST = "What will the valley dam cost?"
NOTHING = "Which composer wrote the opera Nabucco about Babylon?"
TOKEN = "a-token-of-the-tests"


@pytest.fixture
def client(server: Any) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, headers=server.headers, timeout=60) as client:
        yield client


def events_of(response: httpx.Response) -> Iterator[tuple[str, Any]]:
    name = ""
    for line in response.iter_lines():
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            yield name, json.loads(value) if value != "[DONE]" else value


# Answers


def test_an_answer_is_that_of_the_command_line(client: httpx.Client) -> None:
    response = client.post("/ask", json={"question": COST})
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    answer = Answer.model_validate_json(response.text)
    assert (answer.status, answer.model) == ("answered", "extractive")
    assert response.text == answer.model_dump_json()
    for citation in answer.citations:
        article = client.get(f"/articles/{citation.article}").json()
        assert article["text"][citation.start : citation.end] == citation.quote


def test_what_the_corpus_does_not_say(client: httpx.Client) -> None:
    answer = client.post("/ask", json={"question": NOTHING}).json()
    assert (answer["status"], answer["abstention"]["reason"]) == ("abstained", "nothing-relevant")


def test_a_follow_up(client: httpx.Client) -> None:
    history = [{"question": "Is the dam approved?", "answer": "Yes."}]
    answer = client.post("/ask", json={"question": "And its cost?", "history": history}).json()
    assert answer["searches"] == ["And its cost?", "Is the dam approved? And its cost?"]


def test_search(client: httpx.Client) -> None:
    asked = {"query": "ferry ran aground", "k": 1, "explain": True, "as_of": "2025-12-01"}
    found = SearchAnswer.model_validate_json(client.post("/search", json=asked).text)
    assert [passage.article for passage in found.passages] == ["ferry"]
    assert found.passages[0].ranks is not None
    assert [warning.code for warning in found.warnings] == ["undated-hidden"]


@pytest.mark.parametrize("path", ["/brief", "/timeline"])
def test_a_topic(client: httpx.Client, path: str) -> None:
    answer = client.post(path, json={"topic": "ferry Sandoy", "since": "2025-11-01"}).json()
    assert answer["answer"].startswith("20 November 2025: The ferry Marta ran aground")


def test_articles(client: httpx.Client) -> None:
    listed = client.get("/articles").json()
    assert listed["total"] == 3
    assert [one["id"] for one in listed["articles"]] == ["dam", "ferry", "fish"]
    assert listed["articles"][1] == {
        "id": "ferry",
        "title": "Ferry runs aground off Sandoy",
        "date": "2025-11-20",
        "section": "Transport",
        "sources": [{"outlet": "Island Radio", "url": None}, {"outlet": "Harbour Post", "url": None}],
    }
    late = client.get("/articles", params={"since": "2025-06-01", "outlet": "Harbour"}).json()
    assert [one["id"] for one in late["articles"]] == ["ferry"]
    page = client.get("/articles", params={"limit": 1, "offset": 1}).json()
    assert [page["total"], [one["id"] for one in page["articles"]]] == [3, ["ferry"]]


@pytest.mark.parametrize("headers", [{}, {"Accept": "text/event-stream"}])
def test_a_stream_ends_with_the_whole_answer(client: httpx.Client, headers: dict[str, str]) -> None:
    asked = {"question": COST, "stream": not headers}
    with client.stream("POST", "/ask", json=asked, headers=headers) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        told = list(events_of(response))
    names = [name for name, _ in told]
    assert names[:2] == ["candidates", "passages"]
    assert set(names[2:-1]) == {"sentence"}
    assert told[1][1]["passages"][0]["title"] == "Valley dam is approved"
    answer = Answer.model_validate(told[-1][1])
    sentences = [data for name, data in told if name == "sentence"]
    assert " ".join(sentence["text"] for sentence in sentences) == answer.answer
    assert sentences[0]["citations"][0] == json.loads(answer.citations[0].model_dump_json())


def test_questions_side_by_side(client: httpx.Client) -> None:
    def ask(question: str) -> tuple[int, str]:
        response = client.post("/ask", json={"question": question})
        return response.status_code, response.json()["answer"]

    questions = [COST, "How many passengers did the ferry have?"] * 4
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, questions))
    assert {status for status, _ in answers} == {200}
    assert answers == answers[:2] * 4
    assert answers[0] != answers[1]


def test_the_description_names_what_there_is(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert {"/ask", "/search", "/articles/{id}", "/v1/chat/completions"} <= set(document["paths"])
    schemas = document["components"]["schemas"]
    named = set()

    def look(value: Any) -> None:
        if isinstance(value, dict):
            named.update([value["$ref"]] if isinstance(value.get("$ref"), str) else [])
            for part in value.values():
                look(part)
        elif isinstance(value, list):
            for part in value:
                look(part)

    look(document)
    assert {name.rpartition("/")[2] for name in named} <= set(schemas)
    assert {"Answer", "SearchAnswer", "Citation", "AskRequest"} <= set(schemas)


# OpenAI's API


def test_openai_s_client_is_answered(server: Any) -> None:
    openai = pytest.importorskip("openai")
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key=server.token, max_retries=0) as client:
        name = client.models.list().data[0].id
        asked = [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Is the dam approved?"},
            {"role": "assistant", "content": "Yes [1].\n\nSources:\n[1] 4 Mar 2025, Valley dam is approved"},
            {"role": "user", "content": [{"type": "text", "text": COST}]},
        ]
        whole = client.chat.completions.create(model=name, messages=asked, temperature=0)
        text = whole.choices[0].message.content
        said, _, sources = text.partition("\n\nSources:\n")
        assert "90 billion crowns" in said
        assert "[1]" in said
        assert sources.startswith("[1] 4 Mar 2025, Valley dam is approved (Harbour Post)")
        assert whole.citations[0]["article"] == "dam"
        assert (whole.status, whole.choices[0].finish_reason) == ("answered", "stop")
        options = {"include_usage": True}
        pieces = list(
            client.chat.completions.create(model=name, messages=asked, stream=True, stream_options=options)
        )
        streamed = "".join(piece.choices[0].delta.content or "" for piece in pieces if piece.choices)
        assert streamed == text
        assert pieces[-1].usage.total_tokens == 0
        assert pieces[-2].citations == whole.citations
        with pytest.raises(openai.BadRequestError, match="no article has the section 'Sport'"):
            client.chat.completions.create(
                model=name, messages=asked, stream=True, extra_body={"section": "Sport"}
            )
        with pytest.raises(openai.BadRequestError, match="end with one of the user"):
            client.chat.completions.create(model=name, messages=asked[:3])


# Refusals


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"question": COST, "section": "Sport"}, "no article has the section 'Sport'; there are: Energy"),
        ({"question": COST, "section": "Sport", "stream": True}, "no article has the section 'Sport'"),
        ({"question": COST, "as_of": "yesterday"}, "as_of: "),
        ({"question": COST, "as_of": 20251126}, 'as_of: write it as "2025-11-26"'),
        ({"question": COST, "as_of": "0"}, 'as_of: write it as "2025-11-26"'),
        ({"question": COST, "since": "86400"}, 'since: write it as "2025-11-26"'),
        ({"question": COST, "corpus": "/etc"}, "corpus: "),
        ({"question": COST, "as_of": "2025-01-01", "since": "2025-01-02"}, "is after --as-of 2025-01-01"),
        ({"question": ""}, "question: "),
        ({"question": "x" * 4001}, "question: "),
        ({"question": COST, "sektion": "Energy"}, "sektion: "),
        ({"question": COST, "history": ["Is it?"]}, "history.0: "),
        ({"question": COST, "history": [{"question": "x" * 20_001}]}, "history: a turn has more than"),
        ({}, "question: "),
        ([], "correct the request"),
    ],
)
def test_a_mistake_is_told_in_a_line(client: httpx.Client, asked: Any, message: str) -> None:
    response = client.post("/ask", json=asked)
    assert response.status_code == 400
    assert message in response.json()["error"]
    assert "\n" not in response.json()["error"]


@pytest.mark.parametrize("body", [b"", b"{", b'{"question": "\\ud800"}', b"\xff", b"[" * 10_000])
def test_what_is_no_json(client: httpx.Client, body: bytes) -> None:
    assert client.post("/ask", content=body).status_code == 400


def test_what_is_not_there(client: httpx.Client) -> None:
    missing = client.get("/articles/fery")
    assert (missing.status_code, missing.json()["error"].partition(";")[0]) == (404, "no article 'fery'")
    assert client.get("/nothing").status_code == 404
    assert client.get("/ask").status_code == 405
    assert client.get("/articles", params={"as_of": "x"}).status_code == 400


@pytest.mark.parametrize(
    "name",
    """../../etc/passwd ..%2f..%2fetc%2fpasswd %2e%2e/%2e%2e/etc/passwd /etc/passwd file:///etc/passwd
    ..%5c..%5cx dam.md ./dam dam/../dam corpus/dam.md dam%00 %00 %ff""".split(),
)
def test_an_article_is_named_by_its_id_alone(server: Any, name: str) -> None:
    """Sent as it stands here, since clients put a path right."""
    head = f"GET /articles/{name} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {server.token}\r\n"
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(f"{head}Connection: close\r\n\r\n".encode())
        with connection.makefile("rb") as reply:
            answer = reply.read()
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b"no article '" in answer
    assert b"root:" not in answer


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("Host", ["localhost", "evil.example"]),
        ("Authorization", ["Bearer {token}", "Bearer {token}"]),
        ("Content-Length", ["2", "20"]),
        ("Content-Length", ["-1"]),
        ("Content-Length", ["9" * 30]),
    ],
)
def test_headers_that_can_be_read_in_two_ways(server: Any, name: str, values: list[str]) -> None:
    usual = {"Host": ["localhost"], "Authorization": ["Bearer {token}"], "Content-Length": ["2"]}
    sent = [f"{one}: {value}" for one, some in (usual | {name: values}).items() for value in some]
    request = "\r\n".join(["POST /ask HTTP/1.1", *sent, "Connection: close", "", "{}"])
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(request.replace("{token}", server.token).encode())
        assert re.match(rb"HTTP/1\.1 40[01] ", connection.recv(100))


def test_a_client_that_leaves_while_it_asks(server: Any) -> None:
    head = f"POST /search HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {server.token}\r\n"
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(f"{head}Content-Length: 99\r\n\r\n[".encode())
        time.sleep(0.3)
    for _ in range(300):
        if "POST /search 499" in server.log:
            break
        time.sleep(0.1)
    assert "POST /search 499" in server.log
    assert "ClientDisconnect" not in server.log


def test_a_body_that_is_too_large(client: httpx.Client) -> None:
    assert client.post("/ask", json={"question": "x" * 300_000}).status_code == 413

    def pieces() -> Iterator[bytes]:  # without Content-Length
        for _ in range(300):
            yield b" " * 1024

    assert client.post("/ask", content=pieces()).status_code == 413


@pytest.mark.parametrize("path", ["/ask", "/articles", "/articles/dam", "/openapi.json", "/v1/models"])
@pytest.mark.parametrize("given", [None, "Bearer wrong", "Bearer", "Basic {token}", "{token}", "Bearer é"])
def test_nothing_without_the_token(server: Any, path: str, given: str | None) -> None:
    headers = {} if given is None else {"Authorization": given.format(token=server.token).encode()}
    method = "POST" if path == "/ask" else "GET"
    response = httpx.request(method, server.url + path, headers=headers)
    assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer")
    assert "token" in response.text
    assert server.token not in response.text


def test_health_needs_no_token(server: Any) -> None:
    assert httpx.get(f"{server.url}/health").json() == {"status": "ok", "server": "news-assistant"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Host": "localhost.evil.example:80"}, 421),
        ({"Host": "10.0.0.1"}, 421),
        ({"Host": ""}, 421),
        ({"Host": "localhost:80.evil.example"}, 421),
        ({"Host": "[::1]evil.example"}, 421),
        ({"Host": "localhost@evil.example"}, 421),
        ({"Host": "LOCALHOST:1"}, 200),
        ({"Host": "[::1]:1"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Origin": "{url}"}, 200),
    ],
)
def test_other_sites_are_refused(server: Any, headers: dict[str, str], status: int) -> None:
    sent = {name: value.format(url=server.url) for name, value in headers.items()}
    for path in ("/health", "/articles"):
        response = httpx.get(server.url + path, headers=server.headers | sent)
        assert response.status_code == status
        assert not [name for name in response.headers if name.startswith("access-control-")]
    preflight = {**server.headers, **sent, "Access-Control-Request-Method": "POST"}
    assert httpx.options(f"{server.url}/ask", headers=preflight).status_code != 200


def test_the_log_holds_nothing_of_what_was_asked(server: Any, client: httpx.Client) -> None:
    client.post("/ask", json={"question": "Was Ilse Brandt asked about the dam?"})
    client.get("/articles", params={"outlet": "Harbour"})
    client.get("/articles/a%0aforged%20line")
    assert "assistant.server: POST /ask 200 " in server.log
    assert "assistant.server: GET /articles 200 " in server.log
    for secret in (server.token, "Brandt", "Harbour", "crowns", "\nforged"):
        assert secret not in server.log


def test_a_client_that_leaves_ends_its_answer(server: Any) -> None:
    body = json.dumps({"question": COST})
    head = f"POST /ask HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {server.token}\r\n"
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
    for _ in range(300):
        if "POST /ask 499" in server.log:
            break
        time.sleep(0.1)
    assert "POST /ask 499" in server.log
    assert "Traceback" not in server.log


def test_the_token_is_for_its_user_alone(server: Any) -> None:
    assert stat.S_IMODE(server.token_file.stat().st_mode) == 0o600
    assert len(server.token) >= 40


# Ending


def test_an_answer_in_the_making_is_finished_first(running: Callable[..., Any], tmp_path: Path) -> None:
    with running(tmp_path, ASSISTANT_TOKEN=TOKEN) as server:
        assert not server.token_file.exists()
        assert TOKEN not in server.log
        stream = {"question": COST, "stream": True}
        with (
            httpx.Client(headers=server.headers, timeout=60) as client,
            client.stream("POST", f"{server.url}/ask", json=stream) as response,
        ):
            told = events_of(response)
            assert next(told)[0] == "candidates"
            server.process.send_signal(signal.SIGTERM)
            assert list(told)[-1][0] == "answer"
        assert server.ended() == 0
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{server.url}/health")


def test_an_interrupt_ends_it_and_its_port_is_told(running: Callable[..., Any], tmp_path: Path) -> None:
    with running(tmp_path) as server:
        ready = [line for line in server.lines if "serving" in line]
        expected = (
            f"assistant: serving 3 articles with extractive on {server.url} (token: {server.token_file})\n"
        )
        assert ready == [expected]
        assert server.stop(signal.SIGINT) == 0
        assert "Traceback" not in server.log


def test_a_model_that_fails(running: Callable[..., Any], tmp_path: Path) -> None:
    pytest.importorskip("langchain_openai")
    environment = {
        "ASSISTANT_BASE_URL": "http://127.0.0.1:9/v1",
        "OPENAI_API_KEY": "sk-a-secret-of-the-tests",
    }
    options = {"model": "openai:gpt-5-mini", "ASSISTANT_TIMEOUT": "2"}
    with running(tmp_path, **options, **environment) as server:
        ask = {"url": f"{server.url}/ask", "headers": server.headers, "timeout": 60}
        failed = httpx.post(json={"question": COST}, **ask)
        assert failed.status_code == 502
        assert failed.json()["error"].startswith("openai:gpt-5-mini failed")
        streamed = httpx.post(json={"question": COST, "stream": True}, **ask)
        assert streamed.status_code == 200
        assert list(events_of(streamed))[-1] == ("error", failed.json())
        assert "assistant.server: POST /ask failed: ModelError\n" in server.log
        assert environment["OPENAI_API_KEY"] not in server.log + failed.text
        assert server.stop() == 0
