"""Providers' servers, as scripts of replies: OpenAI's wire format and its like, Anthropic's and Ollama's.

A reply is what the server does with one request. `openai_stream`, `anthropic_stream` and `ollama_stream` give
a whole answer as it comes in pieces.
"""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def message(text: str) -> dict[str, Any]:
    return {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": "fake",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
    }


class Handler(BaseHTTPRequestHandler):
    """Plays one reply of the script a request, the last one again and again."""

    server: "FakeServer"

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.server.requests.append(json.loads(self.rfile.read(length)))
        self.server.keys.append(self.headers["Authorization"])
        self.server.paths.append(self.path)
        script = self.server.script
        reply = script.pop(0) if len(script) > 1 else script[0]
        reply(self)

    def send(self, status: int, body: str, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Connection": "close", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Tests print nothing."""


class FakeServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script: list[Callable[[Handler], None]] = []
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.paths: list[str] = []
        self.released = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


def answers(text: str) -> Callable[[Handler], None]:
    return lambda handler: handler.send(200, json.dumps(message(text)))


def fails(status: int, words: str = "no", **headers: str) -> Callable[[Handler], None]:
    body = json.dumps({"error": {"message": words, "type": "error", "code": None}})
    return lambda handler: handler.send(status, body, **headers)


def hangs(handler: Handler) -> None:
    handler.server.released.wait(20)


def breaks_off(handler: Handler) -> None:
    """Streams one word, promises more and closes the connection."""
    chunk = {
        "id": "1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "fake",
        "choices": [{"index": 0, "delta": {"role": "assistant", "content": "half"}, "finish_reason": None}],
    }
    data = f"data: {json.dumps(chunk)}\n\n".encode()
    handler.protocol_version = "HTTP/1.1"
    handler.send_response(200)
    handler.send_header("Content-Type", "text/event-stream")
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    handler.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
    handler.wfile.flush()
    handler.close_connection = True


@contextmanager
def serving() -> Iterator[FakeServer]:
    with FakeServer() as fake:
        thread = threading.Thread(target=fake.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield fake
        fake.released.set()
        fake.shutdown()
        thread.join()


@contextmanager
def unreachable() -> Iterator[str]:
    """The address of a server that a connection is never made to: as many wait for one as may."""
    with ExitStack() as stack:
        full = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        yield f"http://127.0.0.1:{full.getsockname()[1]}"


def pieces(text: str, size: int = 9) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


def sends(*events: dict[str, Any] | str, done: bool = True) -> Callable[["Handler"], None]:
    """Server-sent events of OpenAI's kind."""
    lines = [event if isinstance(event, str) else f"data: {json.dumps(event)}\n\n" for event in events]
    body = "".join(lines) + ("data: [DONE]\n\n" if done else "")
    return lambda handler: handler.send(200, body, Content_Type="text/event-stream")


def delta(finish: str | None = None, **values: Any) -> dict[str, Any]:
    chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "fake"}
    return {**chunk, "choices": [{"index": 0, "delta": values, "finish_reason": finish}]}


def usage(prompt: int = 30, completion: int = 5, cached: int = 0) -> dict[str, Any]:
    counts = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": cached},
    }
    return {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "fake", "choices": []} | {
        "usage": counts
    }


def openai_stream(
    text: str, finish: str | None = "stop", *, cached: int = 0, **first: Any
) -> Callable[["Handler"], None]:
    """`first` is what else the first piece holds, such as `reasoning_content`."""
    parts = [delta(role="assistant", content="", **first), *(delta(content=part) for part in pieces(text))]
    last = [delta(finish)] if finish else []
    return sends(*parts, *last, usage(cached=cached))


def openai_call(arguments: str, finish: str = "tool_calls") -> Callable[["Handler"], None]:
    """A call of the tool that was given, in pieces."""

    def reply(handler: "Handler") -> None:
        name = handler.server.requests[-1]["tools"][0]["function"]["name"]
        function = {"name": name, "arguments": ""}
        call = {"index": 0, "id": "c1", "type": "function", "function": function}
        more = [
            delta(tool_calls=[{"index": 0, "function": {"arguments": part}}]) for part in pieces(arguments)
        ]
        first = delta(role="assistant", content=None, tool_calls=[call])
        sends(first, *more, delta(finish), usage())(handler)

    return reply


def anthropic_stream(
    text: str, stop: str | None = "end_turn", *, thinking: str = "", tool: bool = False, cached: int = 0
) -> Callable[["Handler"], None]:
    def reply(handler: "Handler") -> None:
        counts = {"input_tokens": 30, "output_tokens": 1, "cache_read_input_tokens": cached}
        start = {"id": "m", "type": "message", "role": "assistant", "model": "claude", "content": []}
        events: list[dict[str, Any]] = [
            {"type": "message_start", "message": {**start, "stop_reason": None, "usage": counts}}
        ]
        blocks: list[tuple[dict[str, Any], list[dict[str, Any]]]] = []
        if thinking:
            thought = [{"type": "thinking_delta", "thinking": part} for part in pieces(thinking)]
            blocks.append(({"type": "thinking", "thinking": "", "signature": ""}, thought))
        if tool:
            name = handler.server.requests[-1]["tools"][0]["name"]
            inputs = [{"type": "input_json_delta", "partial_json": part} for part in pieces(text)]
            blocks.append(({"type": "tool_use", "id": "t", "name": name, "input": {}}, inputs))
        elif text:
            words = [{"type": "text_delta", "text": part} for part in pieces(text)]
            blocks.append(({"type": "text", "text": ""}, words))
        for index, (block, changes) in enumerate(blocks):
            events.append({"type": "content_block_start", "index": index, "content_block": block})
            events += [{"type": "content_block_delta", "index": index, "delta": change} for change in changes]
            events.append({"type": "content_block_stop", "index": index})
        if stop:
            ending = {"stop_reason": stop, "stop_sequence": None}
            used = {"input_tokens": 30, "output_tokens": 5, "cache_read_input_tokens": cached}
            events.append({"type": "message_delta", "delta": ending, "usage": used})
            events.append({"type": "message_stop"})
        body = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events)
        handler.send(200, body, Content_Type="text/event-stream")

    return reply


def anthropic_fails(status: int, kind: str, words: str, **headers: str) -> Callable[["Handler"], None]:
    body = json.dumps({"type": "error", "error": {"type": kind, "message": words}})
    return lambda handler: handler.send(status, body, **headers)


def ollama_stream(
    text: str, reason: str | None = "stop", *, thinking: str = "", tool: bool = False
) -> Callable[["Handler"], None]:
    def reply(handler: "Handler") -> None:
        base = {"model": "fake", "created_at": "2026-01-01T00:00:00Z"}
        said: list[dict[str, Any]] = [{"content": "", "thinking": thinking}] if thinking else []
        if tool:
            name = handler.server.requests[-1]["tools"][0]["function"]["name"]
            call = {"function": {"name": name, "arguments": json.loads(text)}}
            said.append({"content": "", "tool_calls": [call]})
        else:
            said += [{"content": part} for part in pieces(text)]
        lines = [{**base, "message": {"role": "assistant", **one}, "done": False} for one in said]
        if reason:
            counts = {"prompt_eval_count": 30, "eval_count": 5, "done_reason": reason}
            lines.append({**base, "message": {"role": "assistant", "content": ""}, "done": True, **counts})
        body = "".join(json.dumps(line) + "\n" for line in lines)
        handler.send(200, body, Content_Type="application/x-ndjson")

    return reply


def ollama_fails(status: int, words: str) -> Callable[["Handler"], None]:
    return lambda handler: handler.send(status, json.dumps({"error": words}))
