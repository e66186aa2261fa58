"""Addresses: which URLs may be fetched, and which hosts may be contacted."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from assistant.errors import FetchError, FetchRefused

PORTS = {"http": 80, "https": 443}
_TRACKING = re.compile(r"(?:utm_\w+|fbclid|gclid|mc_cid|mc_eid)", re.IGNORECASE)
"""Parameters that say where a reader came from; with and without them a page is the same."""

_INNER = [ipaddress.IPv6Network(one) for one in ("64:ff9b::/96", "::/96", "::ffff:0:0:0/96")]
"""Addresses that end in one of IPv4, for translators: NAT64, and two ways out of use."""

_LOCAL_NAT64 = ipaddress.IPv6Network("64:ff9b:1::/48")
"""A network's own translator; not in every Python's list of what is private."""

Resolver = Callable[[str, int], list[str]]
"""Takes a host and a port; gives IP addresses. Raises OSError or UnicodeError."""


@dataclass(frozen=True, slots=True)
class Target:
    """A URL in its parts; `host` has no brackets, and `path` its query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def site(self) -> str:
        """Host, and port where it is not the usual one, as a Host header has it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """Scheme, host and port: what one robots.txt is for."""
        return f"{self.scheme}://{self.site}"

    @property
    def url(self) -> str:
        """The whole, in the one spelling that this module gives it."""
        return self.origin + self.path


def is_url(text: str) -> bool:
    """Whether this is meant as an address and not as a file; `C:\\news` is none."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", text) is not None


def target_of(url: str) -> Target:
    """A URL's parts, without fragment and tracking parameters. Raises FetchRefused."""
    from urllib3.exceptions import LocationParseError
    from urllib3.util import parse_url

    try:
        parts = parse_url(url.strip())
    except (LocationParseError, ValueError):
        raise FetchRefused(f"{url}: no address; write it as https://site/page", "no address") from None
    if parts.scheme not in PORTS:
        raise FetchRefused(
            f"{url}: only http and https are fetched; save it as a file and add that", "scheme"
        )
    if parts.auth is not None:
        raise FetchRefused(f"{url}: a name or password in an address is not sent; leave it out", "password")
    if not parts.host:
        raise FetchRefused(f"{url}: no host; write it as https://site/page", "no address")
    query = parts.query or ""
    if _TRACKING.search(query):
        kept = [pair for pair in parse_qsl(query, keep_blank_values=True) if not _TRACKING.fullmatch(pair[0])]
        query = urlencode(kept)
    return Target(
        scheme=parts.scheme,
        host=parts.host.strip("[]").lower(),
        port=parts.port or PORTS[parts.scheme],
        path=(parts.path or "/") + (f"?{query}" if query else ""),
    )


def resolved(host: str, port: int) -> list[str]:
    """The IP addresses of a host, in the order in which the system would try them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def reachable(target: Target, resolve: Resolver, *, allow_private: bool) -> list[str]:
    """The IP addresses to connect to, none of them private unless that is allowed.

    Who connects uses these and asks no name server again: it could answer otherwise the second time.
    Raises FetchRefused when there are only private ones, FetchError when there are none.
    """
    try:
        addresses = resolve(target.host, target.port)
    except (OSError, UnicodeError):
        raise FetchError(f"{target.host}: no such host; check the address", "no such host") from None
    allowed = [one for one in addresses if allow_private or is_public(one)]
    if not allowed:
        raise FetchRefused(
            f"{target.url}: {target.host} is a private address; --allow-private fetches it all the same",
            "private address",
        )
    return allowed


def is_public(address: str) -> bool:
    """Whether an IP address is anybody's on the internet, also where one hides another."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        if inner is None and any(ip in network for network in _INNER):
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        if ip.is_site_local or ip in _LOCAL_NAT64:  # the former is out of use, and not in every list either
            return False
    return ip.is_global and not ip.is_multicast
