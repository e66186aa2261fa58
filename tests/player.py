"""A provider's server that plays a part for each question, by a mark in it such as "#cut"."""

import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fake_server import FakeServer, Handler, openai_stream, serving

Part = Callable[["Player", str], None]
"""What is done with a request, whose prompt is given."""


class Player(Handler):
    """Each request is played by the part that the question's mark names."""

    server: "Stage"

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        prompt = "\n".join(str(message["content"]) for message in asked["messages"])
        mark = re.findall(r"#(\w+)", prompt)[-1]
        with self.server.lock:
            self.server.times[prompt] += 1
            self.server.keys.append(self.headers["Authorization"])
        self.server.parts[mark](self, prompt)

    def time(self, prompt: str) -> int:
        """How often this has been asked, from 1."""
        return self.server.times[prompt]


class Stage(FakeServer):
    """`parts` by mark; `times` that each prompt came."""

    parts: dict[str, Part]
    times: Counter[str]
    lock: threading.Lock


@contextmanager
def playing(**parts: Part) -> Iterator[Stage]:
    """A server that plays these parts, and `good`, which answers with a sentence of the articles."""
    with serving() as server:
        stage: Stage = server  # type: ignore[assignment]
        stage.RequestHandlerClass = Player
        stage.parts = {"good": good, **parts}
        stage.times, stage.lock = Counter(), threading.Lock()
        yield stage


def good(player: Player, prompt: str) -> None:
    """The first sentence that has the words which the question has in quotation marks, and its id."""
    wanted = re.findall(r'Question:.*?"([^"]+)"', prompt)[-1]
    found = re.findall(rf"(?m)^(\d+\.\d+) (.*{re.escape(wanted)}.*)$", prompt)
    said = [{"text": text, "cites": [place]} for place, text in found[:1]]
    reply = {"verdict": "answered" if said else "not_stated", "sentences": said}
    openai_stream(json.dumps(reply))(player)


def part(reply: Callable[[Handler], None]) -> Part:
    """A reply of `fake_server` as a part, whatever the prompt says."""
    return lambda player, prompt: reply(player)
