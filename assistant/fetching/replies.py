"""Replies: a site's response, and how to handle it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from email.message import Message
from email.utils import parsedate_to_datetime

from assistant.errors import FetchError, FetchRefused, PageGone
from assistant.fetching.addresses import Target

GONE = {404, 410}
WAITING = {429, 503}
"""Statuses that may come with a time after which to try again."""
HEADER = r"^[\t\x20-\x7e\u0080-\u00ff]*$"
"""What can be sent as a header's value: one line, in Latin-1."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one page may take."""

    size: int = 10_000_000
    """Bytes, when expanded."""
    seconds: float = 30.0
    """From the connection to the last byte, for one redirect or page."""
    redirects: int = 5
    wait: float = 120.0
    """Seconds that are waited when a site asks for it; after a longer time the next run tries again."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a page that was fetched before, to ask whether it changed."""

    url: str
    """Where it was found in the end; other addresses on the way are not asked."""
    etag: str = ""
    modified: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a site sent: status 200 with data, or 304 without."""

    url: str
    """Of the page itself, after redirects."""
    status: int
    kind: str = ""
    """The media type, as "text/html"."""
    charset: str = ""
    data: bytes = b""
    etag: str = ""
    modified: str = ""
    location: str = ""
    retry_after: str = ""


def judged(target: Target, reply: Reply, *, asked: bool) -> Reply:
    """The reply, where it is of use. Raises FetchRefused, PageGone, FetchError."""
    if reply.status == 200 or reply.location or (reply.status == 304 and asked):
        return reply
    said = f"{target.url}: the site answers {reply.status}"
    if reply.status in GONE:
        raise PageGone(f"{said}, there is no such page; check the address", f"{reply.status}")
    if 400 <= reply.status < 500 and reply.status not in {408, 425, *WAITING}:
        raise FetchRefused(f"{said}; save the page in a browser and add the file", f"{reply.status}")
    raise FetchError(f"{said}; try later", f"{reply.status}")


def content_type(header: str) -> tuple[str, str]:
    """The media type and the charset of a Content-Type header, in lower case."""
    message = Message()
    message["Content-Type"] = header.replace("\n", " ").replace("\r", " ") or "application/octet-stream"
    try:
        charset = message.get_content_charset() or ""
    except TypeError:  # a parameter in parts, not all of which are numbered
        charset = ""
    return message.get_content_type(), charset


def seconds_of(retry_after: str) -> float:
    """How long a Retry-After header asks to wait, 0 where it does not say."""
    try:
        if retry_after.strip().isdecimal():
            return float(min(int(retry_after), 10**9))
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time.time())
    except (ValueError, OverflowError):  # also a number that is too long to be read
        return 0.0
