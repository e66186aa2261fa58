"""The client: asks a running server, using only the standard library, so that it starts fast.

Importing this module is cheap. Answers are the server's JSON as simple objects with the attributes of
`schema.Answer`, because creating its models takes longer than everything here.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import SplitResult, urlsplit

from assistant.errors import ServerError
from assistant.server.tokens import VARIABLE, known_token

if TYPE_CHECKING:
    from assistant.schema import Answer, SearchAnswer

VERSION = 2
"""The version of `schema` that is understood."""

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 900.0
"""A capable model may search several times, and each call may take a minute or more."""

LARGEST = 64 * 1024 * 1024
"""Bytes of an answer that are read."""

STREAM = "text/event-stream"
CAPABLE = "X-Assistant-Capable"
"""Header of an answer: whether the model is a capable one, which changes what a person is advised."""

OK = HTTPStatus.OK
UNREADABLE = "the server's answer cannot be read; is it one of assistant serve?"

DAYS = ("date", "as_of", "corpus_ends")
"""Keys whose values are days."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server answered: its JSON as it came, and whether its model is a capable one."""

    text: str
    capable: bool

    def answer(self) -> Answer:
        """The reply to a question, as an object. Raises ServerError."""
        return cast("Answer", self._read("claims"))

    def found(self) -> SearchAnswer:
        """The reply to a search, as an object. Raises ServerError."""
        return cast("SearchAnswer", self._read("passages"))

    def _read(self, needed: str) -> SimpleNamespace:
        try:
            read = json.loads(self.text, object_hook=_object)
            version = read.version
            getattr(read, needed)
        except (ValueError, TypeError, AttributeError, RecursionError):
            raise ServerError(UNREADABLE) from None
        if version != VERSION:
            raise ServerError(
                f"the server answers in version {version}, not {VERSION}; install the same here"
            )
        return cast("SimpleNamespace", read)


Watching = Callable[[str, Any], None]
"""Is told the name and the data of each event before the answer."""


def post(url: str, path: str, asked: dict[str, Any], watching: Watching | None = None) -> Reply:
    """Asks the server at the URL; with `watching`, by a stream. Raises ServerError, with the remedy."""
    place = _place(url)
    given = {name: value for name, value in asked.items() if value is not None}
    headers = {"Content-Type": "application/json"}
    if watching is not None:
        headers["Accept"] = STREAM
    try:
        body = json.dumps(given, default=str).encode()
        with _connected(place, url) as connection:
            # Only now: where nobody answers, no token would help.
            token = _token(place, url)
            headers["Authorization"] = f"Bearer {token}"
            connection.request("POST", f"{place.path.rstrip('/')}{path}", body, headers)
            response = connection.getresponse()
            kind = response.getheader("Content-Type", "").partition(";")[0]
            if watching is not None and response.status == OK and kind == STREAM:
                text = _last(response, watching)
            else:
                text = response.read(LARGEST).decode()
            if response.status != OK:
                raise ServerError(_refusal(response.status, text, url).replace(token, "…"))
            return Reply(text, response.getheader(CAPABLE) == "yes")
    except TimeoutError:
        raise ServerError(f"{url} said nothing for {ANSWER_SECONDS:.0f} seconds; ask again") from None
    except (HTTPException, UnicodeError):
        raise ServerError(f"{url} is no assistant's server, or broke off; check the address") from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise ServerError(f"{url} broke off ({reason}); is the server still running?") from None


def _token(place: SplitResult, url: str) -> str:
    """The token to send there. Raises ServerError."""
    host = place.hostname or ""
    token = known_token(here=host in ("localhost", "::1") or host.startswith("127."))
    if token is None:
        raise ServerError(f"no token for {url}; set {VARIABLE} to the one that the server asks for")
    return token


@contextmanager
def _connected(place: SplitResult, url: str) -> Iterator[HTTPConnection]:
    """A connection to the server, which follows no redirects: they would take the token along."""
    kind = HTTPSConnection if place.scheme == "https" else HTTPConnection
    connection = kind(place.hostname or "", place.port, timeout=CONNECT_SECONDS)
    try:
        try:
            connection.connect()
        except OSError as error:
            reason = error.strerror or str(error)
            raise ServerError(f"no server at {url} ({reason}); start one with: assistant serve") from None
        connection.sock.settimeout(ANSWER_SECONDS)
        yield connection
    finally:
        connection.close()


def _last(response: HTTPResponse, watching: Watching) -> str:
    """The data of the event that is the answer; those before it are told. Raises ServerError."""
    name = ""
    while line := response.readline(LARGEST).decode():
        field, _, value = line.rstrip("\n").partition(": ")
        if field == "event":
            name = value
        elif field == "data" and name == "answer":
            return value
        elif field == "data":
            try:
                data = json.loads(value)
                if name == "error":
                    raise ServerError(str(data["error"]))
                watching(name, data)
            except (ValueError, TypeError, KeyError, RecursionError):
                raise ServerError(UNREADABLE) from None
    raise HTTPException("the stream ended without an answer")


def _refusal(status: int, text: str, url: str) -> str:
    """What a person is told of an answer with this status."""
    if status == HTTPStatus.UNAUTHORIZED:
        return f"{url} refuses the token; set {VARIABLE} to the one that the server asks for"
    try:
        message = json.loads(text)["error"]
    except (ValueError, TypeError, KeyError, RecursionError):
        message = None
    return message if isinstance(message, str) else f"{url} is no assistant's server; check the address"


def _place(url: str) -> SplitResult:
    """The parts of the URL; "127.0.0.1:8421" will do. Raises ServerError."""
    try:
        place = urlsplit(url if "://" in url else f"http://{url}")
        usable = place.scheme in ("http", "https") and place.hostname and (place.port or True)
    except ValueError:
        usable = False
    if not usable or place.username is not None or place.query or place.fragment:
        raise ServerError(f"--server {url!r} is no address; write it as http://127.0.0.1:8421")
    return place


def _object(values: dict[str, Any]) -> SimpleNamespace:
    """A JSON object, its days as dates. Raises ValueError for what is none."""
    for name in DAYS:
        if isinstance(values.get(name), str):
            values[name] = dt.date.fromisoformat(values[name])
    return SimpleNamespace(**values)
