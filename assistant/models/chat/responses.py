"""A streamed reply: the answer without thoughts, the finish reason and the token counts."""

from __future__ import annotations

import json
import re
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.ai import UsageMetadata, add_usage

from assistant.schema import Tokens

_THOUGHT = re.compile(
    r"\s*(?:<(think|thinking|thought|reasoning)>.*?(?:</\1>|\Z)|\[THINK\].*?(?:\[/THINK\]|\Z))\s*", re.DOTALL
)
_UNOPENED = re.compile(r"[^{\[]((?!</?think>).)*</think>\s*", re.DOTALL)
"""Some servers' templates open the thoughts before the model writes, so that it only closes them."""
_TAGS = ("<think>", "<thinking>", "<thought>", "<reasoning>", "[THINK]")

_REASONS = ("finish_reason", "stop_reason", "done_reason", "stopReason")
"""Where providers put why the model stopped."""

_FINISHES = {
    "max_tokens": "length",
    "max_output_tokens": "length",
    "model_length": "length",
    "refusal": "content_filter",
    "content_filtered": "content_filter",
    "guardrail_intervened": "content_filter",
    "safety": "content_filter",
    "recitation": "content_filter",
    "prohibited_content": "content_filter",
    "blocklist": "content_filter",
    "spii": "content_filter",
    "model_context_window_exceeded": "context",
}
"""Their words for the same."""


class Heard:
    """All that came of one answer so far."""

    def __init__(self) -> None:
        self.finish: str | None = None
        """Why the model stopped; "length" and "content_filter" whatever the provider calls them."""
        self.refusal = ""
        self.hosted = False
        """Whether a provider's package sent it, which all tell why a model stopped."""
        self._words: list[str] = []
        self._arguments: list[str] = []
        self._call: Any = None
        self._usage: UsageMetadata | None = None

    @property
    def text(self) -> str:
        """The arguments of a tool's call, or else the text without thoughts."""
        return "".join(self._arguments) or without_thoughts("".join(self._words))

    @property
    def tokens(self) -> Tokens:
        """What was read and written, thoughts included; none where the server does not say."""
        usage = self._usage
        return Tokens(prompt=usage["input_tokens"], completion=usage["output_tokens"]) if usage else Tokens()

    @property
    def cached(self) -> int:
        """How many of the tokens read came from a cache."""
        details = self._usage.get("input_token_details", {}) if self._usage else {}
        return details.get("cache_read") or 0

    def add(self, message: AIMessage) -> None:
        """A piece, or the whole where a server does not stream."""
        self._words.append(message.text)
        self._add_calls(message)
        extra = message.additional_kwargs
        if isinstance(extra.get("refusal"), str):
            self.refusal += extra["refusal"]
        for block in message.content if isinstance(message.content, list) else ():
            kind = block.get("type") if isinstance(block, dict) else None
            if kind == "refusal" and isinstance(block, dict):
                self.refusal += str(block.get("refusal", ""))
        if message.usage_metadata:
            self._usage = add_usage(self._usage, message.usage_metadata)
        self._add_finish(message.response_metadata)

    def _add_calls(self, message: AIMessage) -> None:
        """The first call of a tool; a model may make more."""
        if isinstance(message, AIMessageChunk):
            for call in message.tool_call_chunks:
                if not self._arguments or call.get("index") == self._call:
                    self._call = call.get("index")
                    self._arguments.append(call.get("args") or "")
        elif message.tool_calls:
            self._arguments = [json.dumps(message.tool_calls[0]["args"], ensure_ascii=False)]
        elif message.invalid_tool_calls:
            self._arguments = [message.invalid_tool_calls[0]["args"] or ""]

    def _add_finish(self, metadata: dict[str, Any]) -> None:
        self.hosted |= "model_provider" in metadata
        details = metadata.get("incomplete_details")
        reason = details.get("reason") if isinstance(details, dict) else None
        for said in (reason, *(metadata.get(name) for name in _REASONS), metadata.get("status")):
            if isinstance(said, str) and said:
                word = said.rpartition(".")[2].lower()
                self.finish = _FINISHES.get(word, word)
                return


def without_thoughts(text: str) -> str:
    """The text without the thoughts before it, as far as they have been written."""
    while match := _THOUGHT.match(text):
        text = text[match.end() :]
    if match := _UNOPENED.match(text):
        text = text[match.end() :]
    return "" if text.strip() and any(tag.startswith(text.strip()) for tag in _TAGS) else text
