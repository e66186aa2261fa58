"""Interprets provider errors: an unsupported parameter, how long to wait, or input that is too long.

Providers agree on neither codes nor wording, so most is read from the message, as worded by OpenAI,
Anthropic, Ollama, llama.cpp, vLLM and similar servers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal

from langchain_core import exceptions

Part = Literal[
    "temperature", "max_tokens", "max_completion_tokens", "too_many", "system", "usage", "stream", "cache",
    "forced", "way",
]  # fmt: skip
"""A part of a request that a server may not take: among them its usage statistics (`stream_options`), a tool
that has to be called, and the way in which JSON is asked for."""

UNSUITABLE = (400, 404, 415, 422, 500, 501)
"""Statuses of a refused part. Those of other errors among them (404, 500) need plainer words."""

BUSY = (429, 503, 529)
FAILING = (408, 500, 502, 504)

_STATUS_OF_TYPE = {
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "overloaded_error": 529,
    "overloaded": 529,
    "api_error": 500,
    "server_error": 500,
    "timeout_error": 504,
}
"""Errors in the middle of a stream come with their type alone."""

_UNABLE = (
    r"(?:un|not[ -]|n't |does not |no )support|unsupport|unrecogni[sz]ed|unknown|unexpected|not permitted"
    r"|not allowed|not available|unavailable|extra|deprecated|only the default|invalid|not implemented"
    r"|cannot|can't|must|may not|use '|requires|not enabled|disabled"
)

_PATTERNS: tuple[tuple[Part, str], ...] = (
    ("usage", r"stream_options|include_usage"),
    ("stream", r"verified to stream|stream(?:ing)?\b.{0,40}(?:not |un|n't )support|'stream'"),
    ("temperature", r"\btemperature\b"),
    ("forced", r"tool_choice|tool choice|forces tool use"),
    ("system", r"\b(?:system|developer)\W{0,3}\s*(?:role|message|instruction|prompt)"
               r"|\broles?\b.{0,60}\b(?:system|developer|alternate)\b"),
    ("cache", r"cache_control"),
    ("way", r"response_?format|json_?\s?schema|json_?\s?(?:object|mode)|structured.?output|output_config"
            r"|output_format|\bschema\b|grammar|\btools?\b|functions?\b|\bformat\b|word 'json'"),
)  # fmt: skip

_OVERFLOW = re.compile(
    r"context.{0,12}(?:length|window|size)|context_length_exceeded|maximum context|too many (?:input )?tokens"
    r"|prompt is too long|prompt too long|input (?:is|length|tokens).{0,40}(?:too long|exceed)"
    r"|exceed.{0,40}(?:context|input token)|reduce the length|too large for model",
    re.IGNORECASE,
)
_FILTERED = re.compile(
    r"content_filter|content management policy|content policy|safety system", re.IGNORECASE
)
_NO_CREDIT = re.compile(
    r"insufficient_quota|exceeded your current quota|credit balance|insufficient (?:balance|credit)|billing",
    re.IGNORECASE,
)
_MOST = (
    r"at most (\d+)",
    r"> (\d+), which is the maximum",
    r"less than or equal to (\d+)",
    r"<= ?(\d+)",
    r"\[\d+, ?(\d+)\]",
    r"(?:maximum|limit)\D{0,40}(\d+)",
)


def words(error: BaseException) -> str:
    """All that the error says, on one line: its message, and the body that it may have kept apart."""
    body = getattr(error, "body", None)
    said = str(error) if body is None or str(body) in str(error) else f"{error} {body}"
    return " ".join(said.split())


def status_of(error: BaseException) -> int | None:
    """The HTTP status, or what stands for it when the error came in the middle of a stream."""
    status = getattr(error, "status_code", None)
    if isinstance(status, int) and status >= 400:
        return status
    for kind in _types(getattr(error, "body", None)):
        if kind in _STATUS_OF_TYPE:
            return _STATUS_OF_TYPE[kind]
    text = str(error)
    if isinstance(error, exceptions.ModelRateLimitError):
        return 429
    if status is not None or hasattr(error, "body"):  # an error that a server sent
        return 529 if re.search(r"overload|try again|capacity|busy", text, re.IGNORECASE) else None
    return None


def overflow(error: BaseException) -> bool:
    """Whether there was more to read than the model can."""
    if isinstance(error, exceptions.ContextOverflowError):
        return True
    if status_of(error) not in (400, 413, 422, 500):
        return False
    return bool(_OVERFLOW.search(words(error)))


def filtered(error: BaseException) -> bool:
    """Whether a filter of the provider kept the model from answering."""
    if isinstance(error, exceptions.ModelRefusalError):
        return True
    return status_of(error) in (400, 403, 422) and bool(_FILTERED.search(words(error)))


def without_credit(error: BaseException) -> bool:
    """Whether waiting is of no use, since the account has run out."""
    return bool(_NO_CREDIT.search(words(error)))


def complaints(error: BaseException) -> Iterator[Part]:
    """The parts of the request that the server may mean, the likeliest first."""
    if isinstance(error, NotImplementedError):
        yield "way"
        return
    status = status_of(error)
    text = _places(words(error).lower())
    local = isinstance(error, ValueError) and status is None  # what LangChain's packages check themselves
    if not local and status not in UNSUITABLE:
        return
    named = getattr(error, "param", None)
    if isinstance(named, str) and named:
        text = f"{named} {text}"
    if (local or status in (404, 500)) and not re.search(
        "support|no endpoints|grammar|not implemented", text
    ):
        return
    if "max_tokens" in text or "max_completion_tokens" in text or "max output tokens" in text:
        yield from _about_room(text)
    for part, pattern in _PATTERNS:
        if re.search(pattern, text):
            yield part


def _places(text: str) -> str:
    """The places that a validator complains of, where it does, without the request that it repeats."""
    places = re.findall(r"'loc': [\[(]([^\])]*)[\])]", text)
    return f"{' '.join(places)} are not permitted" if places else text


def _about_room(text: str) -> Iterator[Part]:
    if re.search(r"too (?:large|high|big)|maximum|at most|less than or equal|exceeds|<=", text):
        yield "too_many"
    # "Unsupported parameter: 'max_tokens' ... Use 'max_completion_tokens' instead.": the first is meant.
    places: list[tuple[int, Part]] = [
        (text.find(name), name) for name in ("max_tokens", "max_completion_tokens") if name in text
    ]
    if places and re.search(_UNABLE, text):
        yield min(places)[1]


def most_tokens(error: BaseException, asked: int) -> int | None:
    """The most tokens that an answer may have, where a server says that `asked` is too many."""
    text = words(error).lower()
    for pattern in _MOST:
        found = [int(number) for number in re.findall(pattern, text)]
        fitting = [number for number in found if 16 <= number < asked]
        if fitting:
            return max(fitting)
    return None


def retry_after(error: BaseException) -> float | None:
    """Seconds to wait, as the server's answer says: in milliseconds, in seconds, or as a date."""
    headers = getattr(getattr(error, "response", None), "headers", None)
    if headers is None:
        return None
    try:
        if said := headers.get("retry-after-ms"):
            return max(0.0, float(said) / 1000)
        if not (said := headers.get("retry-after")):
            return None
        try:
            seconds = float(said)
        except ValueError:
            until = parsedate_to_datetime(said)
            seconds = (until if until.tzinfo else until.replace(tzinfo=UTC)).timestamp() - _now()
        return max(0.0, seconds) if math.isfinite(seconds) else None
    except (TypeError, ValueError):
        return None


def _now() -> float:
    return datetime.now(UTC).timestamp()


def _types(body: Any) -> Iterator[str]:
    """The error's type and code, wherever the provider puts them."""
    while isinstance(body, dict):
        for name in ("type", "code"):
            if isinstance(body.get(name), str):
                yield body[name]
        body = body.get("error")
