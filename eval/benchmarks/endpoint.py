"""Embeddings over HTTP, as OpenAI's `/v1/embeddings` gives them, for others to embed as this project does.

    python -m eval.benchmarks.endpoint

Prints its address once the embedder is loaded. Listens on 127.0.0.1 alone. Texts are embedded as articles
are: whoever asks puts the prompt of a question before it.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from subprocess import PIPE, Popen
from typing import Any

import numpy as np

from assistant.errors import AssistantError
from assistant.models.encoders.embeddings import BGE, load_embeddings
from assistant.models.encoders.kinds import Embeddings
from assistant.settings import load_settings
from eval.benchmarks.speed import HERE, environment

PATH = "/v1/embeddings"


class Endpoint(ThreadingHTTPServer):
    """Answers with the vectors of this embedder; on a port that is free."""

    daemon_threads = True

    def __init__(self, embeddings: Embeddings) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.embeddings = embeddings

    @property
    def address(self) -> str:
        """What a client calls its base URL."""
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class Handler(BaseHTTPRequestHandler):
    """One connection, on which a client may ask again and again."""

    server: Endpoint
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    """Or the body waits for the client to acknowledge the headers: 40 ms of every search."""

    def do_POST(self) -> None:
        """Texts to vectors; what is asked otherwise is an error, as OpenAI words it."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path != PATH:
            return self._send(404, {"error": {"message": f"there is only {PATH}"}})
        try:
            asked = json.loads(body)
            texts = [asked["input"]] if isinstance(asked["input"], str) else asked["input"]
            if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
                raise ValueError("input is neither a text nor a list of texts")
        except (ValueError, KeyError, TypeError) as error:
            return self._send(400, {"error": {"message": f"not a request for embeddings: {error}"}})
        as_text = asked.get("encoding_format") == "base64"
        vectors = self.server.embeddings.embed_documents(texts)
        data = [
            {"object": "embedding", "index": place, "embedding": _packed(vector) if as_text else vector}
            for place, vector in enumerate(vectors)
        ]
        usage = {"prompt_tokens": 0, "total_tokens": 0}  # not counted: nobody pays for them
        reply = {"object": "list", "model": asked.get("model", BGE), "data": data, "usage": usage}
        return self._send(200, reply)

    def _send(self, status: int, reply: dict[str, Any]) -> None:
        body = json.dumps(reply).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Tells nobody: whoever measures reads what is printed."""


def _packed(vector: list[float]) -> str:
    """Its numbers as OpenAI's client prefers them: little-endian floats of four bytes, in base64."""
    return base64.b64encode(np.array(vector, "<f4").tobytes()).decode("ascii")


@contextmanager
def served() -> Iterator[tuple[str, int]]:
    """The address and the process of an endpoint for as long as the block lasts. Raises AssistantError."""
    command = [sys.executable, "-m", "eval.benchmarks.endpoint"]
    with Popen(command, env=environment(HERE), cwd=HERE, stdout=PIPE, text=True) as process:
        try:
            assert process.stdout
            address = process.stdout.readline().strip()
            if not address:
                raise AssistantError("the embedder could not be served; the lines above say why")
            yield address, process.pid
        finally:
            process.terminate()


def main() -> int:
    """Serves until it is told to end."""
    embeddings = load_embeddings(BGE, load_settings().cache, for_queries=False)
    embeddings.embed_documents(["what is loaded on first use is loaded now"])
    with Endpoint(embeddings) as endpoint:
        print(endpoint.address, flush=True)
        endpoint.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
