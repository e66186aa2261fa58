"""Somebody who asks a hosted model for JSON, of a server that plays a script."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fake_server import FakeServer, Handler, serving
from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage

from assistant.models.chat import structured_output
from assistant.models.chat.loading import load_chat_model
from assistant.models.chat.profiles import profile_of
from assistant.models.chat.structured_output import Reply, StructuredChat

SCHEMA = {
    "type": "object",
    "properties": {
        "verdict": {"type": "string", "maxLength": 40},
        "why": {"type": "string"},
    },
    "required": ["verdict"],
}
ANSWER = '{"verdict": "Yes, since May", "why": null}'
SAID: list[BaseMessage] = [SystemMessage("You judge."), HumanMessage("Is the bridge open? {as JSON}")]

Replies = Callable[[Handler], None]


class Asker:
    """Asks a model of a fake server, and keeps what was shown and noted."""

    def __init__(self, server: FakeServer, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self.shown: list[str] = []
        self.notices: list[str] = []

    def __call__(
        self, *script: Replies, name: str = "openai:some-model", timeout: float = 20, **more: Any
    ) -> Reply:
        self.server.script = list(script)
        self.server.requests.clear()
        self.shown.clear()
        base_url = self.server.url if name.startswith("openai") else self.server.url.removesuffix("/v1")
        profile = profile_of(name, base_url=base_url, **more.pop("profile", {}))
        model = load_chat_model(name, self.folder, base_url=base_url, timeout=timeout, profile=profile)
        chat = StructuredChat(model, name, profile, self.notices.append, timeout=timeout)
        more.setdefault("schema", SCHEMA)
        return chat.ask(SAID, on_text=self.shown.append, **more)

    @property
    def sent(self) -> list[dict[str, Any]]:
        return self.server.requests


@contextmanager
def asking(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Asker]:
    """Without anybody's keys and addresses, and without what was learned of a server before."""
    for name in ("OPENAI_API_KEY", "OPENAI_API_BASE", "OPENAI_BASE_URL", "ANTHROPIC_API_KEY", "OLLAMA_HOST"):
        monkeypatch.delenv(name, raising=False)
    with serving() as server:
        yield Asker(server, folder)
    structured_output.forget()
