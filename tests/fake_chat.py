"""`assistant chat` with a model that says what it is told to: for tests that need a process of its own.

    python fake_chat.py REPLIES ARGUMENTS...

REPLIES is JSON: a list of [reply, seconds between its pieces].
"""

import json
import sys
import time
from typing import Any

from assistant import cli
from assistant.chat import loading
from assistant.index import Index
from assistant.settings import Settings

build = loading.build_assistant
replies = json.loads(sys.argv[1])


def build_fake(settings: Settings, index: Index, **more: Any) -> Any:
    """What is heavy is imported here, behind the prompt, as it is in the real one."""
    from fakes import CAPABLE, QueuedChat, with_chat

    class SlowChat(QueuedChat):
        def ask(self, messages: Any, schema: Any, *, on_text: Any = lambda text: None) -> Any:
            self.replies[0], seconds = self.replies[0]

            def slowly(text: str) -> None:
                time.sleep(seconds)
                on_text(text)

            return super().ask(messages, schema, on_text=slowly)

    made = build(settings.model_copy(update={"model": "extractive"}), index, **more)
    return with_chat(made, SlowChat(*replies), CAPABLE, model_name=settings.model, verify="exact")


loading.build_assistant = build_fake
sys.argv = ["assistant", *sys.argv[2:]]
cli.main()
