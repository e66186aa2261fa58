"""OpenAI-compatible APIs through LangChain's client, working around its quirks.

The client parses JSON answers with a helper that fails on servers that differ slightly, such as those that
send no finish reason. It drops the text of a refusal. And it knows only one of the two names of the limit on
output tokens.
"""

from __future__ import annotations

from typing import Any

from langchain_core.language_models import BaseChatModel

CONNECTING = 10.0
"""Seconds in which a server must be connected to: one that cannot be reached stays silent."""


def openai_chat(model: str, timeout: float, **options: Any) -> BaseChatModel:
    """A chat model of LangChain's OpenAI package. Parameters of a call that are None are not sent.

    Raises ImportError without that package. The class is made anew each time, so that nothing here needs it.
    """
    from langchain_openai import ChatOpenAI
    from openai import Timeout

    class HostedOpenAI(ChatOpenAI):
        def _get_request_payload(self, *arguments: Any, **more: Any) -> dict[str, Any]:
            made = super()._get_request_payload(*arguments, **more)
            payload = {name: value for name, value in made.items() if value is not None}
            if "messages" in payload and isinstance(payload.get("response_format"), dict):
                body = {"response_format": payload.pop("response_format")}
                payload["extra_body"] = {**payload.get("extra_body", {}), **body}
            return payload

        def _convert_chunk_to_generation_chunk(self, chunk: dict[str, Any], *arguments: Any) -> Any:
            made = super()._convert_chunk_to_generation_chunk(chunk, *arguments)
            choices = chunk.get("choices") or [{}]
            delta = choices[0].get("delta") or {}
            if made is not None and isinstance(delta.get("refusal"), str):
                made.message.additional_kwargs["refusal"] = delta["refusal"]
            return made

    patience = Timeout(timeout, connect=min(timeout, CONNECTING))
    return HostedOpenAI(model=model, timeout=patience, **options)
