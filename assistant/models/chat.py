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
from langchain_core.messages import AIMessage

from assistant import weights
from assistant.errors import AssistantError, ModelError
from assistant.interface import Tokens

EMBEDDED = tuple(model.name for model in weights.TABLE if model.role == "language model")

EXTRAS = ("openai", "anthropic", "ollama")
"""Providers that are optional dependency groups of this project."""

KEYS = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}

RETRIES = 2
"""Times a hosted model is asked again after a time-out, a refused connection or a busy server."""

CONTEXT = 8192
"""Tokens Ollama is to read: it cuts what goes beyond its small default without a word."""

TIMEOUT = "no answer in time; try again, or set a longer timeout"
UNREACHABLE = "it cannot be reached; check the network and base_url"
UNAUTHENTICATED = "it does not accept the API key; export the right one"
FORBIDDEN = "the API key may not use it; choose another model or key"
UNKNOWN = "there is no such model or address; correct the model's name or base_url"
LIMITED = "too many requests, or no credit left; wait, or check the account"
REFUSED = "the server refuses the request; correct the model's name, or choose another model"
BROKEN = "the server fails; try again later"
UNREADABLE = "its answer cannot be used; check base_url, or choose another model"

FAILURES: tuple[tuple[type[Exception], str], ...] = (
    # LangChain's own classes, which its provider packages raise
    (exceptions.ModelAuthenticationError, UNAUTHENTICATED),
    (exceptions.ModelPermissionDeniedError, FORBIDDEN),
    (exceptions.ModelNotFoundError, UNKNOWN),
    (exceptions.ModelRateLimitError, LIMITED),
    (exceptions.ContextOverflowError, "the prompt is too long; set fewer or shorter passages"),
    (exceptions.ModelInvalidRequestError, REFUSED),
    (exceptions.ModelTimeoutError, TIMEOUT),
    (exceptions.ModelConnectionError, UNREACHABLE),
    (exceptions.ModelAPIError, BROKEN),
)

TRANSPORT = {
    "TimeoutException": TIMEOUT,
    "TimeoutError": TIMEOUT,
    "TransportError": UNREACHABLE,
    "ConnectionError": UNREACHABLE,
}
"""Errors of HTTP clients, which come unchanged from within a stream; by name, as these clients differ."""

STATUSES = {400: REFUSED, 401: UNAUTHENTICATED, 403: FORBIDDEN, 404: UNKNOWN, 429: LIMITED}
"""For providers whose errors have only a status."""


def load_chat_model(
    name: str,
    cache: Path,
    *,
    base_url: str | None = None,
    timeout: float = 60,
    requests_per_minute: float | None = None,
    max_tokens: int = 400,
    threads: int | None = None,
    repeatable: bool = False,
) -> BaseChatModel:
    """The chat model of that name, greedy (temperature 0); an embedded one loads its weights on first use.

    Args:
        name: an embedded model, or "provider:model" with a provider that `init_chat_model` knows.
        cache: folder of joined weights.
        base_url: address of an OpenAI-compatible server; its key is OPENAI_API_KEY if that is set.
        timeout: seconds that a hosted model may be silent, for each of three attempts.
        requests_per_minute: how often a hosted model is asked at most; a question waits for its turn.
        repeatable: whether an embedded model keeps nothing of earlier calls, which sway its rounding.

    Raises:
        ModelError: an unknown name, or a missing package or key.
    """
    if name in EMBEDDED:
        from assistant.models.embedded import EmbeddedChat

        return EmbeddedChat(
            model=name, folder=cache, max_tokens=max_tokens, threads=threads, cache_prompt=not repeatable
        )
    provider, _, model = name.partition(":")
    if not provider or not model:
        raise ModelError(
            f"unknown model {name!r}; choose {', '.join(EMBEDDED)}, or provider:model such as "
            "openai:gpt-4.1-mini"
        )
    options: dict[str, Any] = {"temperature": 0}
    if provider == "ollama":
        options |= {"client_kwargs": {"timeout": timeout}, "num_predict": max_tokens, "num_ctx": CONTEXT}
    else:
        options |= {"timeout": timeout, "max_retries": RETRIES, "max_tokens": max_tokens}
    if requests_per_minute is not None:
        from langchain_core.rate_limiters import InMemoryRateLimiter

        options["rate_limiter"] = InMemoryRateLimiter(requests_per_second=requests_per_minute / 60)
    if base_url is not None:
        options["base_url"] = base_url
    if provider in KEYS and not os.environ.get(KEYS[provider]):
        if base_url is None:
            raise ModelError(f"{name} needs a key; set it with: export {KEYS[provider]}=...")
        options["api_key"] = "none"  # a server of one's own seldom asks for a key, but the client insists
    return _hosted(provider, model, options)


@contextmanager
def model_errors(name: str) -> Iterator[None]:
    """Turns whatever a call of the model `name` raises into a `ModelError`; put nothing but the call inside.

    Errors of this project pass unchanged, and so does an interrupt.
    """
    try:
        yield
    except AssistantError:
        raise
    except Exception as error:
        raise ModelError(f"{name} failed ({_line(error)}): {_explanation(error)}") from error


def _explanation(error: Exception) -> str:
    for failure, explanation in FAILURES:
        if isinstance(error, failure):
            return explanation
    for kind in type(error).__mro__:
        if kind.__name__ in TRANSPORT:
            return TRANSPORT[kind.__name__]
    status = getattr(error, "status_code", None)
    if isinstance(status, int):
        return STATUSES.get(status, BROKEN if status >= 500 else REFUSED)
    return UNREADABLE


def _line(error: BaseException) -> str:
    """The error on one line, short enough to read."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 200 else text[:199] + "…"


def _hosted(provider: str, model: str, options: dict[str, Any]) -> BaseChatModel:
    from langchain.chat_models import init_chat_model

    name = f"{provider}:{model}"
    try:
        hosted: BaseChatModel = init_chat_model(model, model_provider=provider, **options)
    except ImportError as error:
        # LangChain names its own package whatever is missing; the cause knows better.
        missing = getattr(error.__cause__, "name", None) or str(error)
        package = missing.replace("_", "-")
        message = f"{name} needs the package {missing}; install it with: pip install {package}"
        raise ModelError(message) from error
    except Exception as error:
        if str(error).startswith("Unsupported provider"):
            raise ModelError(
                f"unknown provider {provider!r} in {name!r}; choose one of {', '.join(EXTRAS)}, "
                "or another that LangChain knows"
            ) from error
        raise ModelError(
            f"cannot set up {name} ({_line(error)}); correct its name, key or base_url"
        ) from error
    return hosted


def tokens_of(message: AIMessage) -> Tokens:
    """What a model read and wrote for its message; none where it does not say."""
    usage = message.usage_metadata
    return Tokens(prompt=usage["input_tokens"], completion=usage["output_tokens"]) if usage else Tokens()
