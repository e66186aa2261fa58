"""Settings to a chat model: embedded, or hosted through LangChain's provider packages.

This module imports inside functions, so that an embedded model loads no provider package.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from langchain_core import exceptions
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage

from assistant.errors import AssistantError, ContextExceeded, ModelError, reason, without_secrets
from assistant.extras import remedy as extra
from assistant.models import packaged
from assistant.models.chat import provider_errors
from assistant.models.chat.openai_api import CONNECTING
from assistant.models.chat.profiles import Profile
from assistant.models.table import TABLE
from assistant.schema import Tokens

NAMES = tuple(model.name for model in TABLE if model.role == "language model")

EXTRAS = ("openai", "anthropic", "ollama")
"""Providers that are optional dependency groups of this project."""

KEYS = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}

RETRIES = 2
"""Times a provider's client asks again by itself after a time-out, a refused connection or a busy server."""

CONTEXT = 8192
"""Tokens Ollama is to read: it cuts what goes beyond its small default without a word."""

MAX_TOKENS = 400
"""Of an answer, where neither a profile nor the caller says."""

TOO_LONG = "the prompt is too long; set fewer or shorter passages"
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
    (exceptions.ContextOverflowError, TOO_LONG),
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

NOT_TRANSIENT = ("UnsupportedProtocol", "InvalidURL", "LocalProtocolError", "SSLCertVerificationError")
"""Errors of HTTP clients that the next attempt would meet again."""

STATUSES = {400: REFUSED, 401: UNAUTHENTICATED, 403: FORBIDDEN, 404: UNKNOWN, 429: LIMITED}
"""For providers whose errors have only a status."""


def load_chat_model(
    name: str,
    cache: Path,
    *,
    base_url: str | None = None,
    timeout: float = 60,
    requests_per_minute: float | None = None,
    profile: Profile | None = None,
    max_tokens: int | None = None,
    threads: int | None = None,
    repeatable: bool = False,
) -> BaseChatModel:
    """The chat model of that name; an embedded one loads its weights on first use.

    It is greedy (temperature 0) unless its profile says otherwise.

    Args:
        name: an embedded model, or "provider:model" with a provider that `init_chat_model` knows.
        cache: folder of joined weights.
        base_url: address of an OpenAI-compatible server; its key is OPENAI_API_KEY if that is set.
        timeout: seconds that a hosted model may be silent.
        requests_per_minute: how often a hosted model is asked at most; a question waits for its turn.
        profile: what to expect of the model. With one, its client makes a single attempt, since
            `structured.StructuredChat` makes the others and says so; without, three.
        max_tokens: of an answer; None is what the profile says, or else `MAX_TOKENS`.
        threads: processor threads for an embedded model; None is every core.
        repeatable: whether an embedded model keeps nothing of earlier calls, which sway its rounding.

    Raises:
        ModelError: an unknown name, or a missing package or key.
    """
    room = max_tokens or (profile.room if profile else MAX_TOKENS)
    if name in NAMES:
        if remedy := packaged.lacking(name, cache):
            raise ModelError(
                f"{name} is not installed; for it: {remedy}; or choose extractive or a hosted model, such as "
                "openai:gpt-5-mini"
            )
        from assistant.models.chat.llama_cpp import EmbeddedChat

        return EmbeddedChat(
            model=name, folder=cache, max_tokens=room, threads=threads, cache_prompt=not repeatable
        )
    provider, _, model = name.partition(":")
    if not provider or not model:
        raise ModelError(
            f"unknown model {name!r}; choose {', '.join(NAMES)}, extractive for no model at all, or "
            "provider:model such as openai:gpt-4.1-mini"
        )
    temperature = profile.temperature if profile else 0
    options: dict[str, Any] = {} if temperature is None else {"temperature": temperature}
    if provider == "ollama":
        from httpx import Timeout

        context = profile.context if profile else CONTEXT
        patience = Timeout(timeout, connect=min(timeout, CONNECTING))
        options |= {"client_kwargs": {"timeout": patience}, "num_predict": room, "num_ctx": context}
    else:
        options |= {"timeout": timeout, "max_retries": 0 if profile else RETRIES, "max_tokens": room}
    if requests_per_minute is not None:
        from langchain_core.rate_limiters import InMemoryRateLimiter

        options["rate_limiter"] = InMemoryRateLimiter(requests_per_second=requests_per_minute / 60)
    if base_url is not None:
        options["base_url"] = base_url
    key = os.environ.get(KEYS[provider]) if provider in KEYS else None
    if key and not re.fullmatch(r"[!-~]+", key):
        variable = KEYS[provider]
        raise ModelError(f"{variable} is no key: it has a space, a line's end or the like; export it again")
    if provider in KEYS and not key:
        if base_url is None:
            raise ModelError(f"{name} needs a key; set it with: export {KEYS[provider]}=...")
        options["api_key"] = "none"  # a server of one's own seldom asks for a key, but the client insists
    logging.getLogger(f"langchain_{provider}").addHandler(
        logging.NullHandler()
    )  # else they reach the terminal
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
        kind = ContextExceeded if provider_errors.overflow(error) else ModelError
        raise kind(f"{name} failed ({_line(error)}): {_explanation(error)}") from error


def unreachable(error: BaseException) -> str | None:
    """ "timeout" or "connection" for what may be better the next time, None for other errors."""
    causes = list(_causes(error))
    names = {kind.__name__ for cause in causes for kind in type(cause).__mro__}
    if names.intersection(NOT_TRANSIENT) or any("CERTIFICATE_VERIFY" in str(cause) for cause in causes):
        return None
    if "ConnectTimeout" in names:  # to a client a time-out, but more time would not help
        return "connection"
    found = _transport(error)
    if isinstance(error, exceptions.ModelTimeoutError) or found == TIMEOUT:
        return "timeout"
    return "connection" if isinstance(error, exceptions.ModelConnectionError) or found else None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what led to it, each once: one that is raised again may be led to by itself."""
    seen: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in seen:
        seen.append(cause)
        cause = cause.__cause__ or cause.__context__
    return iter(seen)


def _transport(error: BaseException) -> str | None:
    return next(
        (TRANSPORT[kind.__name__] for kind in type(error).__mro__ if kind.__name__ in TRANSPORT), None
    )


def _explanation(error: Exception) -> str:
    if remedy := _lacking(error):
        return f"it {remedy}"
    if provider_errors.overflow(error):
        return TOO_LONG
    if known := UNREACHABLE if unreachable(error) == "connection" else _transport(error):
        return known
    for failure, explanation in FAILURES:
        if isinstance(error, failure):
            return explanation
    status = provider_errors.status_of(error)
    if status is not None:
        return STATUSES.get(status, BROKEN if status >= 500 else REFUSED)
    return UNREADABLE


def _line(error: BaseException) -> str:
    """The error on one line, short enough to read, without keys, passwords and the markup of web pages."""
    text = reason(error, most=None)
    if re.search(r"<(!doctype|html|body)\b", text, re.IGNORECASE):
        status = provider_errors.status_of(error)
        text = f"a web page instead of an answer{f', status {status}' if status else ''}"
    text = without_secrets(text)
    return text if len(text) <= 200 else text[:199] + "…"


def _lacking(error: BaseException, provider: str = "") -> str | None:
    """What to install where a package is missing, in the words that follow the model's name."""
    if not isinstance(error, ImportError):
        return None
    if "socks" in str(error).lower():
        return "needs a package for the SOCKS proxy that is set; install it with: pip install 'httpx[socks]'"
    # LangChain names its own package whatever is missing; the cause knows better.
    missing = str(getattr(error.__cause__, "name", None) or error.name or error).partition(".")[0]
    if provider in EXTRAS and missing in ("langchain", f"langchain_{provider}"):
        return f"needs the package {missing}; install it with: {extra(provider)}"
    return f"needs the package {missing}; install it with: pip install {missing.replace('_', '-')}"


def _hosted(provider: str, model: str, options: dict[str, Any]) -> BaseChatModel:
    name = f"{provider}:{model}"
    try:
        if provider in EXTRAS:
            import_module(f"langchain_{provider}")  # it says what is missing, which `init_chat_model` may not
        if provider == "openai":
            from assistant.models.chat.openai_api import openai_chat

            return openai_chat(model, **options)
        from langchain.chat_models import init_chat_model

        hosted: BaseChatModel = init_chat_model(model, model_provider=provider, **options)
    except ImportError as error:
        raise ModelError(f"{name} {_lacking(error, provider)}") from error
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
