"""Robots: what a site's robots.txt allows this program to fetch (RFC 9309)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from assistant.errors import FetchError, FetchRefused, PageGone
from assistant.fetching.addresses import Target

if TYPE_CHECKING:
    from protego import Protego

    from assistant.fetching.replies import Reply

AGENT = "news-assistant"
"""The name that a robots.txt may speak to."""

LONGEST = 512_000
"""Bytes of a robots.txt that are read; the RFC asks for as many at least."""

LONGEST_DELAY = 60.0
"""Seconds; a longer Crawl-delay is cut down to this, else a feed would take days."""


class Robots:
    """The rules of each site, read once."""

    def __init__(self, fetch: Callable[[str], Reply]) -> None:
        """`fetch` gets a robots.txt; it raises FetchError."""
        self._fetch = fetch
        self._rules: dict[str, Protego | FetchError] = {}

    def check(self, target: Target) -> float:
        """Seconds that the site wants between two requests, 0 where it says nothing.

        Raises FetchRefused when the site does not want the page fetched, FetchError when its rules cannot
        be read: then nothing is.
        """
        rules = self._of(target)
        if isinstance(rules, FetchError):
            kind = "robots.txt unreadable" if rules.kind.isdecimal() else rules.kind
            raise FetchError(f"{target.url}: not fetched, for: {rules}", kind)
        if not rules.can_fetch(target.url, AGENT):
            raise FetchRefused(
                f"{target.url}: robots.txt of {target.site} forbids it; save the page and add the file",
                "robots.txt",
            )
        return min(float(rules.crawl_delay(AGENT) or 0), LONGEST_DELAY)

    def _of(self, target: Target) -> Protego | FetchError:
        from protego import Protego

        if target.origin not in self._rules:
            text = ""
            try:
                text = self._fetch(f"{target.origin}/robots.txt").data.decode("utf-8-sig", errors="replace")
            except (PageGone, FetchRefused):
                pass  # no rules, as the RFC reads every answer of 400 to 499
            except FetchError as error:
                self._rules[target.origin] = error
                return error
            self._rules[target.origin] = Protego.parse(text)
        return self._rules[target.origin]
