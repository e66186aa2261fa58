"""`assistant chat` with a model that says what it is told to: for tests that need a process of its own.

    python fake_chat.py REPLIES ARGUMENTS...

REPLIES is JSON: a list of [reply, seconds between its pieces].
"""

import json
import sys
import time
from typing import Any

from assistant.api import build
from assistant.cli import main as cli
from assistant.settings import Settings

build_pipeline = build.build_pipeline
replies = json.loads(sys.argv[1])


def build_fake(settings: Settings, retriever: Any, **more: Any) -> Any:
    """What is heavy is imported here, behind the prompt, as it is in the real one."""
    from fakes import CAPABLE, QueuedChat, with_chat

    class SlowChat(QueuedChat):
        def ask(self, messages: Any, schema: Any, *, on_text: Any = lambda text: None) -> Any:
            self.replies[0], seconds = self.replies[0]

            def slowly(text: str) -> None:
                time.sleep(seconds)
                on_text(text)

            return super().ask(messages, schema, on_text=slowly)

    made = build_pipeline(settings.model_copy(update={"model": "extractive"}), retriever, **more)
    return with_chat(made, SlowChat(*replies), CAPABLE, model_name=settings.model, verify="exact")


build.build_pipeline = build_fake
sys.argv = ["assistant", *sys.argv[2:]]
cli.main()
