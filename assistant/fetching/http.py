"""The polite client: one page at a time, no faster than the site allows, and within a time limit.

Every host is resolved once, checked, and connected to at the checked address; redirects are checked again.
Proxies from the environment are not used, because a proxy would resolve the name itself.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, MutableMapping
from functools import cached_property
from http.client import HTTPException
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from assistant.errors import FetchError, FetchRefused
from assistant.extras import own_version
from assistant.fetching.addresses import Resolver, Target, reachable, resolved, target_of
from assistant.fetching.replies import HEADER, WAITING, Known, Limits, Reply, content_type, judged, seconds_of
from assistant.fetching.robots import AGENT, LONGEST, Robots

if TYPE_CHECKING:
    from urllib3.connection import HTTPConnection
    from urllib3.response import BaseHTTPResponse

REDIRECTS = {301, 302, 303, 307, 308}
FAILURES = 3
"""Connections to a host that fail one after the other, before it is left alone for this run."""

_CHUNK = 65_536


class Client:
    """Fetches pages; for one thread."""

    def __init__(
        self,
        *,
        allow_private: bool = False,
        closed: MutableMapping[str, float] | None = None,
        limits: Limits | None = None,
        pause: float = 1.0,
        resolve: Resolver = resolved,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`closed` has the hosts that asked to be left alone, each with the time (epoch) until which; it is
        kept up to date. `pause` is the least time between two requests to a host, in seconds."""
        self._allow_private, self._resolve, self._sleep = allow_private, resolve, sleep
        self._limits = limits or Limits()
        self._pause = pause
        self._closed: MutableMapping[str, float] = {} if closed is None else closed
        self._next: dict[str, float] = {}
        self._failures: dict[str, int] = {}
        self._robots = Robots(lambda url: self._follow(url, robots=False))

    def get(self, url: str, known: Known | None = None, *, head: bool = False) -> Reply:
        """The page, or status 304 where it is as `known`; with `head`, without its data.

        Raises FetchRefused, PageGone, and FetchError for what may go better another time.
        """
        return self._follow(url, known, head=head)

    def _follow(
        self, url: str, known: Known | None = None, *, head: bool = False, robots: bool = True
    ) -> Reply:
        target = target_of(url)
        for _ in range(self._limits.redirects + 1):
            reply = self._ask(target, known, head=head, robots=robots)
            if not reply.location:
                return reply
            target = _led_to(target, reply.location)
        raise FetchRefused(
            f"{url}: more than {self._limits.redirects} redirects; give the address they end at", "redirects"
        )

    def _ask(self, target: Target, known: Known | None, *, head: bool, robots: bool) -> Reply:
        """One request, again when the site asks to wait for a time that can be waited."""
        self._check_open(target)
        delay = self._robots.check(target) if robots else 0.0
        for last in (False, False, True):
            self._wait(target, delay)
            reply = self._send(target, known, head=head, cut=not robots)
            # From the end of one request to the beginning of the next, so that a slow site is left its time.
            self._next[target.host] = time.monotonic() + max(self._pause, delay)
            seconds = seconds_of(reply.retry_after)
            if reply.status not in WAITING or not seconds:
                break
            if last or seconds > self._limits.wait:
                self._closed[target.host] = time.time() + min(seconds, 86_400)
                self._check_open(target)
            self._next[target.host] = time.monotonic() + seconds
        return judged(target, reply, asked=known is not None)

    def _check_open(self, target: Target) -> None:
        until = self._closed.get(target.host, 0)
        if until > time.time():
            clock = dt.datetime.fromtimestamp(until).astimezone()
            raise FetchError(
                f"{target.url}: {target.host} asks to be left alone until {clock:%Y-%m-%d %H:%M}; try then",
                "asked to wait",
            )
        if self._failures.get(target.host, 0) >= FAILURES:
            raise FetchError(
                f"{target.url}: {target.host} failed {FAILURES} times in a row; try again later",
                "left alone after failures",
            )

    def _wait(self, target: Target, delay: float) -> None:
        self._check_open(target)
        pause = self._next.get(target.host, 0) - time.monotonic()
        if pause > 0:
            self._sleep(pause)
        self._next[target.host] = time.monotonic() + max(self._pause, delay)

    def _send(self, target: Target, known: Known | None, *, head: bool, cut: bool) -> Reply:
        """One request and its answer; `cut` reads as much as a robots.txt may have and leaves the rest."""
        from urllib3.exceptions import HTTPError

        headers = {
            "Host": target.site,
            "User-Agent": f"{AGENT}/{own_version() or 0} (reads articles for one person's own collection)",
            "Accept": "text/html,application/xhtml+xml,application/rss+xml,application/atom+xml,"
            "application/feed+json,application/xml;q=0.9,*/*;q=0.1",
            "Accept-Encoding": "gzip, deflate",
            "Connection": "close",
        }
        if known is not None and target.url == known.url:
            headers |= {"If-None-Match": known.etag} if known.etag else {}
            headers |= {"If-Modified-Since": known.modified} if known.modified else {}
        started = time.monotonic()
        try:
            with self._connection(target) as connection:
                connection.request(
                    "HEAD" if head else "GET", target.path, headers=headers, preload_content=False
                )
                response = connection.getresponse()
                reply = self._read(target, response, cut=cut)
        except (HTTPError, HTTPException, OSError, ValueError) as error:
            self._failures[target.host] = self._failures.get(target.host, 0) + 1
            late = time.monotonic() - started >= self._limits.seconds
            if late or isinstance(error, TimeoutError):
                raise self._too_slow(target) from None
            why = " ".join(str(error).split())[:200] or type(error).__name__
            raise FetchError(f"{target.url}: cannot be fetched ({why}); try later", "no connection") from None
        if time.monotonic() - started >= self._limits.seconds:
            raise self._too_slow(target)  # what came last may be only what the end of time let through
        self._failures.pop(target.host, None)
        return reply

    def _too_slow(self, target: Target) -> FetchError:
        return FetchError(
            f"{target.url}: took longer than {self._limits.seconds:g} seconds; try later", "too slow"
        )

    @contextlib.contextmanager
    def _connection(self, target: Target) -> Iterator[HTTPConnection]:
        """A connection to a checked address, which ends with the time that a page may take."""
        connection = self._connected(target)
        # A timeout is of one read, and a site may send a byte a second for ever.
        ending = threading.Timer(self._limits.seconds, _end, [connection.sock])
        ending.daemon = True
        ending.start()
        try:
            yield connection
        finally:
            ending.cancel()
            connection.close()

    def _connected(self, target: Target) -> HTTPConnection:
        from urllib3.connection import HTTPConnection, HTTPSConnection
        from urllib3.exceptions import HTTPError

        addresses = reachable(target, self._resolve, allow_private=self._allow_private)
        seconds = self._limits.seconds / len(addresses[:3])
        problem: Exception = OSError("no address")
        for address in addresses[:3]:
            if target.scheme == "https":
                connection: HTTPConnection = HTTPSConnection(
                    address,
                    target.port,
                    timeout=seconds,
                    server_hostname=target.host,
                    ssl_context=self._certificates,
                )
            else:
                connection = HTTPConnection(address, target.port, timeout=seconds)
            try:
                connection.connect()
            except (HTTPError, OSError) as error:
                connection.close()
                problem = error
            else:
                return connection
        raise problem

    @cached_property
    def _certificates(self) -> ssl.SSLContext:
        """The system's authorities, and certifi's, since some Pythons come without the former."""
        import certifi

        context = ssl.create_default_context()
        context.load_verify_locations(certifi.where())
        return context

    def _read(self, target: Target, response: BaseHTTPResponse, *, cut: bool) -> Reply:
        headers = response.headers
        location = headers.get("Location", "") if response.status in REDIRECTS else ""
        with contextlib.suppress(UnicodeError):  # headers are read as Latin-1, and written in UTF-8
            location = location.encode("latin-1").decode()
        data = b"" if location or response.status != 200 else self._body(target, response, cut=cut)
        kind, charset = content_type(headers.get("Content-Type", ""))
        return Reply(
            url=target.url,
            status=response.status,
            kind=kind,
            charset=charset,
            data=data,
            etag=_sendable(headers.get("ETag", "")),
            modified=_sendable(headers.get("Last-Modified", "")),
            location=location,
            retry_after=headers.get("Retry-After", ""),
        )

    def _body(self, target: Target, response: BaseHTTPResponse, *, cut: bool) -> bytes:
        most = LONGEST if cut else self._limits.size
        length = response.headers.get("Content-Length", "")
        data = bytearray()
        if cut or not length.isdecimal() or int(length) <= most:
            while len(data) <= most and (chunk := response.read1(_CHUNK)):
                data += chunk
            if cut or len(data) <= most:
                return bytes(data[:most])
        raise FetchRefused(
            f"{target.url}: more than {most:,} bytes; save the page and add the file", "too large"
        )


def _sendable(header: str) -> str:
    """A header's value that is sent back with the next request; empty where it cannot be."""
    return header if re.fullmatch(HEADER, header) else ""


def _led_to(target: Target, location: str) -> Target:
    """Where a redirect leads. Raises FetchRefused."""
    try:
        return target_of(urljoin(target.url, location))
    except ValueError:
        raise FetchRefused(
            f"{target.url}: leads to {location!r}, which is no address; give another", "no address"
        ) from None


def _end(connection: socket.socket) -> None:
    """Ends a connection in whatever state it is; a read that waits on it returns."""
    with contextlib.suppress(OSError):
        # Not the method of an SSL socket, which would go on reading without decrypting.
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
