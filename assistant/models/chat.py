"""Settings to a chat model: embedded, or hosted through LangChain's provider packages.

This module imports inside functions, so that an embedded model loads no provider package.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from langchain_core import exceptions
from langchain_core.language_models import BaseChatModel

from assistant import weights
from assistant.errors import AssistantError, ModelError

EMBEDDED = ("qwen2.5-coder-1.5b", "qwen2.5-coder-0.5b")

EXTRAS = ("openai", "anthropic", "ollama")
"""Providers that are optional dependency groups of this project."""

KEYS = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}

RETRIES = 2
"""Times a hosted model is asked again after a time-out, a refused connection or a busy server."""

CONTEXT = 8192
"""Tokens Ollama is to read: it cuts what goes beyond its small default without a word."""

EXPLANATIONS: tuple[tuple[type[Exception], str], ...] = (
    (exceptions.ModelAuthenticationError, "it does not accept the API key; export the right one"),
    (exceptions.ModelPermissionDeniedError, "the API key may not use it; choose another model or key"),
    (exceptions.ModelNotFoundError, "there is no such model or address; correct --model or base_url"),
    (exceptions.ModelRateLimitError, "too many requests, or no credit left; wait, or check the account"),
    (exceptions.ContextOverflowError, "the prompt is too long; set fewer or shorter passages"),
    (exceptions.ModelTimeoutError, "no answer in time; try again, or set a longer timeout"),
    (exceptions.ModelConnectionError, "it cannot be reached; check the network and base_url"),
    (exceptions.ModelAPIError, "the server failed; try again later"),
)
"""LangChain's own classes of failure, which current provider packages raise."""

STATUSES: dict[int, type[Exception]] = {
    401: exceptions.ModelAuthenticationError,
    403: exceptions.ModelPermissionDeniedError,
    404: exceptions.ModelNotFoundError,
    429: exceptions.ModelRateLimitError,
}


def load_chat_model(
    name: str,
    cache: Path,
    *,
    base_url: str | None = None,
    timeout: float = 60,
    max_tokens: int = 400,
    threads: int | None = None,
) -> BaseChatModel:
    """The chat model of that name, greedy (temperature 0); an embedded one loads its weights on first use.

    Args:
        name: an embedded model, or "provider:model" with a provider that `init_chat_model` knows.
        cache: folder of joined weights.
        base_url: address of an OpenAI-compatible server; its key is OPENAI_API_KEY if that is set.
        timeout: seconds that a hosted model may be silent, for each of three attempts.

    Raises:
        ModelError: an unknown name, or a missing package or key.
    """
    if name in EMBEDDED:
        from assistant.models.embedded import EmbeddedChat

        return EmbeddedChat(model=name, folder=cache, max_tokens=max_tokens, threads=threads)
    provider, _, model = name.partition(":")
    if not provider or not model:
        raise ModelError(
            f"unknown model {name!r}; choose {', '.join(EMBEDDED)} or provider:model, such as openai:gpt-4.1-mini"
        )
    options: dict[str, Any] = {"temperature": 0}
    if provider == "ollama":
        options |= {"client_kwargs": {"timeout": timeout}, "num_predict": max_tokens, "num_ctx": CONTEXT}
    else:
        options |= {"timeout": timeout, "max_retries": RETRIES, "max_tokens": max_tokens}
    if base_url is not None:
        options["base_url"] = base_url
    if provider in KEYS and not os.environ.get(KEYS[provider]):
        if base_url is None:
            raise ModelError(f"{name} needs a key; set it with: export {KEYS[provider]}=...")
        options["api_key"] = "none"  # a server of one's own seldom asks for a key, but the client insists
    return _hosted(provider, model, options)
