"""Messages as one prompt in ChatML, the format of Qwen2.5, in which no text can pass for a control token.

llama.cpp looks for control tokens in the whole prompt, so an article that spells `<|im_end|>` would end the
message it is quoted in, and could go on as the system.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from langchain_core.messages import BaseMessage

from assistant.errors import ModelError

ROLES = {"system": "system", "human": "user", "ai": "assistant"}

CONTROL = re.compile(r"<(?=\|\w+\|>|/?tool_call>|/s>)")
"""Where text spells a token of Qwen2.5's vocabulary that is not text; llama.cpp adds `</s>` to them."""


def chatml(messages: Sequence[BaseMessage]) -> str:
    """The prompt, up to where the answer begins. Raises ModelError for a tool's messages."""
    turns = []
    for message in messages:
        if message.type not in ROLES:
            raise ModelError(
                f"an embedded model reads no {message.type} messages; send {', '.join(ROLES)} only"
            )
        turns.append(f"<|im_start|>{ROLES[message.type]}\n{neutral(message.text)}<|im_end|>\n")
    return "".join(turns) + "<|im_start|>assistant\n"


def neutral(text: str) -> str:
    """The text with a space in each spelled-out control token (`< |im_end|>`) and "?" for lone surrogates."""
    return CONTROL.sub("< ", text.encode("utf-8", "replace").decode())
