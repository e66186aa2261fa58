"""Adding: puts pages, feeds and files into a store and counts the results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from functools import partial
from pathlib import Path

from assistant.corpus.readers.registry import COMMON, SUFFIXES
from assistant.corpus.report import Notice
from assistant.errors import FetchError, FetchRefused, PageGone, reason
from assistant.fetching.addresses import is_url, target_of
from assistant.fetching.feeds import Feed, Item, feed_of, is_feed
from assistant.fetching.http import Client
from assistant.fetching.pages import Page, page_of, page_of_fragment
from assistant.fetching.replies import Known, Reply
from assistant.fetching.store import FeedState, Store

Progress = Callable[[int, int], None]

FEED_FILES = (".xml", ".rss", ".atom", ".json")


@dataclass(slots=True)
class Tally:
    """What came of it, in articles; what was refused or failed is counted by its reason."""

    fetched: int = 0
    unchanged: int = 0
    changed: int = 0
    withdrawn: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)

    @property
    def well(self) -> bool:
        """Whether all that was asked for is there."""
        return not self.refused and not self.failed

    @property
    def news(self) -> int:
        """How many articles are other than before."""
        return self.fetched + self.changed + self.withdrawn

    def add(self, other: Tally) -> None:
        """Counts the other's articles too."""
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))

    def __str__(self) -> str:
        """One line, as "3 fetched, 9 unchanged, ..., 2 refused (2 robots.txt), 0 failed"."""
        counts = [
            f"{getattr(self, name)} {name}" for name in ("fetched", "unchanged", "changed", "withdrawn")
        ]
        for name, kinds in (("refused", self.refused), ("failed", self.failed)):
            why = ", ".join(f"{number} {kind}" for kind, number in kinds.most_common())
            counts.append(f"{kinds.total()} {name}{f' ({why})' if why else ''}")
        return ", ".join(counts)


class Adder:
    """Adds what it is given to a store; a problem with one thing is told and costs nothing else."""

    def __init__(
        self, store: Store, client: Client, notice: Notice, on_progress: Progress = lambda done, total: None
    ) -> None:
        self._store, self._client, self._notice, self._on_progress = store, client, notice, on_progress
        self.tally = Tally()

    def add(self, origins: list[str]) -> None:
        """Adds each URL of a page or feed, and each file. What is there already is asked for changes."""
        for number, origin in enumerate(origins):
            self._on_progress(number, len(origins))
            if is_url(origin):
                self._guarded(partial(self._url, origin))
            else:
                self._guarded(partial(self._file, Path(origin)))
        self._on_progress(len(origins), len(origins))

    def follow(self, feed: str) -> None:
        """Adds what a feed says that it did not say before; the rest is not asked for."""
        self._guarded(partial(self._followed, feed))

    def _guarded(self, work: Callable[[], str]) -> bool:
        """Counts what `work` gives ("" is not counted), or its error; whether trying again is of no use."""
        try:
            outcome = work()
        except FetchRefused as error:
            self.tally.refused[error.kind] += 1
            self._notice(str(error))
        except FetchError as error:
            self.tally.failed[error.kind] += 1
            self._notice(str(error))
            return isinstance(error, PageGone)
        else:
            if outcome:
                setattr(self.tally, outcome, getattr(self.tally, outcome) + 1)
        return True

    # Files

    def _file(self, file: Path) -> str:
        kind = "no such file" if not file.exists() else "folder" if file.is_dir() else ""
        if kind == "folder":
            raise FetchRefused(
                f"{file}: a folder; index it where it is: assistant index --corpus {file}", kind
            )
        if kind or not file.is_file():
            raise FetchRefused(f"{file}: no such file; give a URL with https://, or correct the path", kind)
        try:
            data = file.read_bytes()
        except OSError as error:
            raise FetchRefused(
                f"{file}: cannot be read ({reason(error)}); check its permissions", "unreadable"
            ) from None
        suffix = file.suffix.lower()
        local = Reply(url=file.resolve().as_uri(), status=200, kind="application/xml", data=data)
        if suffix in FEED_FILES and is_feed(local):
            return self._items(local.url, feed_of(local), FeedState(), thorough=True)
        if suffix not in SUFFIXES:
            raise FetchRefused(
                f"{file}: {suffix or 'a file without a suffix'} is not read; use one of {COMMON}",
                suffix or "no suffix",
            )
        return self._store.copy(file, data)

    # Pages

    def _url(self, url: str) -> str:
        asked = target_of(url).url
        return (
            self._feed(asked, thorough=True) if asked in self._store.feeds else self._page(asked, Item(asked))
        )

    def _page(self, asked: str, item: Item, feed: Feed | None = None) -> str:
        """Fetches a page, unless its site says that it is as it was."""
        entry = self._store.entry(asked)
        known = Known(entry.url, entry.etag, entry.modified) if entry and not entry.from_feed else None
        if known and not known.etag and not known.modified:
            known = None
        try:
            reply = self._client.get(asked, known)
        except PageGone:
            return self._gone(asked)
        if reply.status == 304:
            return "unchanged"
        if is_feed(reply):
            if feed is not None:
                raise FetchRefused(f"{asked}: a feed in a feed; add it by itself", "feed in a feed")
            return self._read_feed(asked, reply, thorough=True)
        other = self._store.owner(reply.url, asked) if reply.url != asked else ""
        if other:
            self._notice(f"{asked}: leads to the same page as {other}, which is there")
            return "unchanged"
        return self._store.keep(
            asked, page_of(reply), _extra(item, feed), etag=reply.etag, modified=reply.modified
        )

    def _gone(self, asked: str) -> str:
        entry = self._store.entry(asked)
        if entry is None:
            raise PageGone(f"{asked}: there is no such page; check the address", "no such page")
        if not self._store.withdraw(asked):
            return "unchanged"
        self._notice(f"{asked}: withdrawn by its site; {entry.file} is kept and marked")
        return "withdrawn"

    # Feeds

    def _followed(self, feed: str) -> str:
        return self._feed(target_of(feed).url, thorough=False)

    def _feed(self, url: str, *, thorough: bool) -> str:
        state = self._store.feeds.get(url, FeedState())
        known = Known(state.url, state.etag, state.modified) if state.etag or state.modified else None
        reply = self._client.get(url, known)
        if reply.status == 304:
            if thorough:
                self._all(url, [(Item(one), None) for one in state.items], state, thorough=True)
            return ""
        return self._read_feed(url, reply, thorough=thorough)

    def _read_feed(self, url: str, reply: Reply, *, thorough: bool) -> str:
        """Adds the items; the feed's state is kept only once all of them are done."""
        state = self._store.feeds.get(url, FeedState())
        feed = feed_of(reply)
        if feed.problem:
            self._notice(
                f"{url}: not spelled as a feed should be ({feed.problem}); {len(feed.items)} items read"
            )
        return self._items(url, feed, state, thorough=thorough, reply=reply)

    def _items(
        self, url: str, feed: Feed, state: FeedState, *, thorough: bool, reply: Reply | None = None
    ) -> str:
        stamps, complete = self._all(url, [(one, feed) for one in feed.items], state, thorough=thorough)
        for left in state.items.keys() - {one.url for one in feed.items}:
            # Whether it was withdrawn, or other news only took its place, is looked at once.
            if not self._guarded(partial(self._left, left)):
                stamps[left], complete = state.items[left], False
        if reply is not None:
            etag, modified = (reply.etag, reply.modified) if complete else ("", "")
            self._store.feeds[url] = FeedState(etag, modified, reply.url, stamps)
            self._store.save()
        return ""

    def _all(
        self, url: str, items: list[tuple[Item, Feed | None]], state: FeedState, *, thorough: bool
    ) -> tuple[dict[str, str], bool]:
        """Adds items; gives the stamps of those that are done, and whether all are."""
        stamps: dict[str, str] = {}
        for number, (item, feed) in enumerate(items):
            self._on_progress(number, len(items))
            as_it_was = not thorough and state.items.get(item.url) == item.stamp
            if as_it_was or self._guarded(partial(self._item, url, item, feed)):
                stamps[item.url] = item.stamp
        return stamps, len(stamps) == len(items)

    def _item(self, url: str, item: Item, feed: Feed | None) -> str:
        asked = target_of(item.url).url
        entry = self._store.entry(asked)
        # An article stays with what it was read from first: two feeds, or a feed and its pages, seldom have
        # the very same text, and each would change it back.
        if feed is not None and item.full_text and (entry is None or entry.from_feed):
            extra = _extra(item, feed)
            page = page_of_fragment(item.content, asked).filled(extra)
            return self._store.keep(asked, page, extra, feed=url)
        if entry and entry.from_feed:
            return "unchanged"
        return self._page(asked, item, feed)

    def _left(self, url: str) -> str:
        asked = target_of(url).url
        entry = self._store.entry(asked)
        if entry is None or entry.withdrawn:
            return ""
        if not entry.from_feed:
            return self._page(asked, Item(asked))
        try:
            self._client.get(asked, head=True)
        except PageGone:
            return self._gone(asked)
        except FetchRefused:
            return ""  # the page was never needed
        return ""


def _extra(item: Item, feed: Feed | None) -> Page:
    """What a feed says of an article."""
    return Page(
        url=item.url,
        text="",
        title=item.title,
        date=item.date,
        updated=item.updated if item.updated > item.date else "",
        source=feed.title if feed else "",
        author=item.author,
    )
