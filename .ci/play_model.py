"""Runs a command beside an OpenAI-compatible server that plays a language model, at ASSISTANT_BASE_URL.

    python play_model.py WORDS COMMAND...

It answers with the first numbered sentence of a prompt that holds all the WORDS, and cites it.
"""

import json
import os
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

WORDS = sys.argv[1].lower().split()


def reply(prompt: str) -> str:
    """A prompt's answer, as the assistant asks for it in `prompts/answer.md`."""
    sentences = re.findall(r"(?m)^(\d+\.\d+) (.+)$", prompt)
    found = [(place, text) for place, text in sentences if all(word in text.lower() for word in WORDS)]
    cited = [{"text": text, "cites": [place]} for place, text in found[:1]]
    return json.dumps({"verdict": "answered" if cited else "not_stated", "sentences": cited})


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        text = reply("\n".join(str(message["content"]) for message in asked["messages"]))
        pieces = [self._piece(asked, {"role": "assistant", "content": text}), self._piece(asked, {}, "stop")]
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for piece in (*map(json.dumps, pieces), "[DONE]"):
            self.wfile.write(f"data: {piece}\n\n".encode())

    def _piece(self, asked: Any, delta: Any, finish: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        head = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": asked["model"]}
        return {**head, "choices": [choice]}

    def log_message(self, *_: object) -> None:
        """Prints nothing."""


with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}/v1"
    done = subprocess.run(sys.argv[2:], env=os.environ | {"ASSISTANT_BASE_URL": address}, check=False)
    server.shutdown()
sys.exit(done.returncode)
