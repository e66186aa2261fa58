"""The guard: checks a request before anything else sees it, and handles errors last.

A web page can make a visitor's browser send requests to this machine. It cannot know the token. In addition,
requests with another host name (DNS rebinding) or from another site are refused, and no CORS header ever lets
another site's page read an answer.
"""

from __future__ import annotations

import hmac
import ipaddress
import logging
import re
import socket
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from assistant.errors import AssistantError, ModelError, SettingsError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger("assistant.server")

OPEN = ("/health",)
"""Paths that need no token."""

LEFT = 499
"""The status, seen in the log alone, of an answer that nobody waited for."""

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
WILDCARDS = frozenset({"0.0.0.0", "::"})


class Refused(Exception):
    """A request that is not answered: the status, and one line that says why."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.headers = status, dict(headers or {})


class Guard:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, *, token: str, host: str) -> None:
        """`host` is where the server listens; `token` what it asks for."""
        self._app = app
        self._token = token.encode()
        self._anywhere = host in WILDCARDS
        self._names = (
            LOOPBACK | {host.lower()} | ({socket.gethostname().lower()} if self._anywhere else set())
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message.setdefault("headers", []).append((b"cache-control", b"no-store"))
            await send(message)

        try:
            self._check(scope)
            await self._app(scope, receive, noting)
        except Exception as error:
            if not status:  # else it was answered already, or half an answer is out
                await problem(scope, error)(scope, receive, noting)
        finally:
            passed = time.perf_counter() - started
            # Somebody may take the token for a part of the address.
            place = _place(scope).replace(self._token.decode(), "…")
            log.info("%s %s %d %.2f s", scope["method"], place, status, passed)

    def _check(self, scope: Scope) -> None:
        """Raises Refused."""
        headers = _headers(scope)
        host = headers.get("host", "")
        if not self._known(name_of(host)):
            raise Refused(421, "this server does not answer under that Host; use its own address")
        origin = headers.get("origin")
        if origin is not None and origin.lower() != f"{scope['scheme']}://{host.lower()}":
            raise Refused(403, "requests from other sites are refused")
        if scope["path"] in OPEN:
            return
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), self._token):
            message = "the token is missing or wrong; send it as Authorization: Bearer TOKEN"
            raise Refused(401, message, {"WWW-Authenticate": "Bearer"})

    def _known(self, name: str) -> bool:
        if name in self._names:
            return True
        # Who listens everywhere cannot know its addresses; a number is no name that somebody could rebind.
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return self._anywhere


def name_of(host: str) -> str:
    """The name in a Host header, without its port; empty for what is no name with at most a port."""
    match = re.fullmatch(r"(?:\[([^\[\]]+)\]|([^:\[\]]+))(?::\d*)?", host)
    return (match[1] or match[2]).lower() if match else ""


def problem(scope: Scope, error: Exception) -> JSONResponse:
    """The answer that says what went wrong."""
    from starlette.exceptions import HTTPException
    from starlette.responses import JSONResponse

    headers: Mapping[str, str] | None = None
    match error:
        case Refused():
            status, message, headers = error.status, str(error), error.headers
        case HTTPException():
            status, message, headers = error.status_code, error.detail.lower(), error.headers
        case SettingsError():
            status, message = 400, words_of(error)
        case ModelError():
            status, message = 502, words_of(error)
        case _:
            status, message = 500, words_of(error)
    if status >= 500:
        note(scope, error)
    return JSONResponse(as_json(scope["path"], status, message), status, headers)


def words_of(error: Exception) -> str:
    """What a client is told of an error, in one line; of a defect, nothing."""
    known = isinstance(error, AssistantError)
    return " ".join(str(error).split()) if known else "a defect of the server; its log says where"


def as_json(path: str, status: int, message: str) -> dict[str, Any]:
    """The object that says what went wrong: under /v1 as clients of OpenAI's API read it."""
    line = " ".join(message.split())
    if not path.startswith("/v1/"):
        return {"error": line}
    kind = "invalid_request_error" if status < 500 else "server_error"
    return {"error": {"message": line, "type": kind, "param": None, "code": None}}


def answer_problem(request: Request, error: Exception) -> JSONResponse:
    """`problem`, as Starlette calls it."""
    return problem(request.scope, error)


def note(scope: Scope, error: Exception) -> None:
    """A line in the log: an error's kind and, of a defect, its place; its words may quote an article."""
    kind, trace = type(error).__name__, error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    code = trace.tb_frame.f_code if trace is not None else None
    where = "" if isinstance(error, AssistantError) or code is None else f" in {code.co_qualname}"
    log.error("%s %s failed: %s%s", scope["method"], _place(scope), kind, where)


def _place(scope: Scope) -> str:
    """The path as it was sent, without its query: in ASCII, so that it is one line."""
    raw: bytes = scope.get("raw_path") or b""
    return raw.partition(b"?")[0].decode("ascii", "backslashreplace")


def _headers(scope: Scope) -> dict[str, str]:
    """The headers; a repeated one counts as all of its values, and so is none that is allowed."""
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers
