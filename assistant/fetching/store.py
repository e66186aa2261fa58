"""The store: a folder of fetched articles, one Markdown file each, and their fetch state.

Markdown with YAML front matter is readable by people and programs, and the text that quotes are checked
against stays fixed, however a later version extracts the same page.
Response data (ETag, Last-Modified, digests) is kept in STATE. A file is named after its title and a digest of
its URL, so that no page can write outside the folder, and the name can be found again if STATE is lost.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import re
import time
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Annotated

from filelock import FileLock, Timeout
from pydantic import Field, TypeAdapter

from assistant.corpus.readers.registry import SUFFIXES
from assistant.corpus.readers.text import markdown_of
from assistant.errors import CorpusError, FetchError
from assistant.fetching.pages import Page, line, markdown, with_host
from assistant.fetching.replies import HEADER

STATE = ".assistant-fetched.json"
LOCK = ".assistant-fetched.lock"
EARLIER = ".earlier"
"""The folder of the texts that articles had before they changed; hidden, so that each is read once."""

SAVE_EVERY = 1.0
"""Seconds between two writes of the state; a run that is killed does as much again."""

_ACCENTS = re.compile(r"[\u0300-\u036f]")
_SLUG = re.compile(r"[\W_]+")
_LONGEST_SLUG = 50
"""Letters, of up to four bytes each; names may have 255."""

Header = Annotated[str, Field(pattern=HEADER)]


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of a page: its file, the digest of what it said, and what its site said of it."""

    file: str
    digest: str
    url: str = ""
    """Where it was found in the end."""
    etag: Header = ""
    modified: Header = ""
    fetched_at: str = ""
    withdrawn: str = ""
    """The day on which it was found to be gone; empty while it is there."""
    from_feed: bool = False
    """Whether the text stood in a feed, and the page was not fetched."""


@dataclass(frozen=True, slots=True)
class FeedState:
    """What is known of a feed: the stamp of each item that was there at the last reading, by address."""

    etag: Header = ""
    modified: Header = ""
    url: str = ""
    items: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _State:
    """What STATE holds; checked, as it may come with a folder from somebody else."""

    pages: dict[str, Entry]
    feeds: dict[str, FeedState]
    closed: dict[str, Annotated[float, Field(ge=0, lt=1e11)]]


class Store:
    """Keeps articles in a folder. Made by `opened`, which keeps others from doing so meanwhile."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pages: dict[str, Entry] = {}
        self.feeds: dict[str, FeedState] = {}
        self.closed: dict[str, float] = {}
        """Hosts that asked to be left alone, and until when (epoch)."""
        self._saved = 0.0
        self._load()

    def _load(self) -> None:
        file = self.folder / STATE
        try:
            read = TypeAdapter(_State).validate_json(file.read_bytes(), strict=True)
        except FileNotFoundError:
            return
        except (OSError, ValueError):
            raise FetchError(
                f"{file}: cannot be read; remove it, and the articles are compared with their pages anew"
            ) from None
        if any(Path(one.file).name != one.file or one.file[:1] in ("", ".") for one in read.pages.values()):
            raise FetchError(f"{file}: names files outside its folder; remove it")
        self.pages, self.feeds, self.closed = read.pages, read.feeds, read.closed

    def save(self, *, now: bool = True) -> None:
        """Writes the state; unless `now`, only if that was not done for a while. Raises FetchError."""
        if not now and time.monotonic() - self._saved < SAVE_EVERY:
            return
        state = {
            "version": 1,
            "pages": {url: asdict(one) for url, one in self.pages.items()},
            "feeds": {url: asdict(one) for url, one in self.feeds.items()},
            "closed": {host: until for host, until in self.closed.items() if until > time.time()},
        }
        data = json.dumps(state, ensure_ascii=False, indent=1).encode()
        file = self.folder / STATE
        # Feeds are looked at often and change seldom; a file that is as it was is not written.
        if not (file.is_file() and file.read_bytes() == data):
            self._write(file, data)
        self._saved = time.monotonic()

    def entry(self, url: str) -> Entry | None:
        """What is known of a page whose file is still there."""
        entry = self.pages.get(url)
        return entry if entry and (self.folder / entry.file).is_file() else None

    def owner(self, url: str, asked: str) -> str:
        """The other address that led to this page before; empty where none did."""
        return next((one for one, entry in self.pages.items() if entry.url == url and one != asked), "")

    def keep(
        self, asked: str, page: Page, extra: Page, *, etag: str = "", modified: str = "", feed: str = ""
    ) -> str:
        """Writes an article that was asked for at an address: "fetched", "changed" or "unchanged".

        `extra` has what to say where the page does not. An article whose text, title, date and outlet are as
        they were is not written. Raises FetchError.
        """
        now = dt.datetime.now(dt.UTC).replace(microsecond=0)
        known = self.entry(asked) or self._adopted(asked, page, extra)
        entry = Entry(
            file=known.file if known else self._name(asked, page.title or extra.title),
            digest=page.digest,
            url=page.url,
            etag=etag,
            modified=modified,
            fetched_at=now.isoformat(),
            from_feed=bool(feed),
        )
        if known and known.digest == page.digest and not known.withdrawn:
            self.pages[asked] = replace(entry, fetched_at=known.fetched_at)
            self.save(now=False)
            return "unchanged"
        # A feed that has not changed is not read again, and what it said of the article stands in the file.
        old = self._written(known.file, page.url) if known else extra
        # From a feed's text to the page's is no change of the article.
        changed = known is not None and known.digest != page.digest and known.from_feed == bool(feed)
        if changed:
            old = replace(old, updated="")
        whole = with_host(page.filled(extra).filled(old))
        if known and changed:
            self._keep_earlier(known.file)
            seen = known.fetched_at[:10]
            # A page that was seen after the day it gives did not say then what it says now.
            if not whole.updated or whole.updated < seen:
                whole = replace(whole, updated=now.date().isoformat())
        self._write(self.folder / entry.file, markdown(whole, entry.fetched_at, feed))
        self.pages[asked] = entry
        self.save(now=False)
        return "changed" if known else "fetched"

    def withdraw(self, asked: str) -> bool:
        """Marks an article whose page is gone; False where it was so before. Its text stays."""
        entry = self.entry(asked)
        if entry is None or entry.withdrawn:
            return False
        today = dt.datetime.now(dt.UTC).date().isoformat()
        file = self.folder / entry.file
        head, fence, rest = file.read_bytes().partition(b"\n---\n")
        if fence:  # not so in a file that somebody wrote anew
            self._write(file, head + f"\nwithdrawn: '{today}'".encode() + fence + rest)
        self.pages[asked] = replace(entry, withdrawn=today, etag="", modified="")
        self.save(now=False)
        return True

    def copy(self, source: Path, data: bytes) -> str:
        """Keeps a file as it is: "fetched", "changed" or "unchanged". Raises FetchError."""
        asked = source.resolve().as_uri()
        digest = hashlib.sha256(data).hexdigest()
        if source.resolve().parent.is_relative_to(self.folder.resolve()):
            return "unchanged"
        known = self.entry(asked)
        if known and known.digest == digest:
            return "unchanged"
        if known:
            self._keep_earlier(known.file)
        # Of "a.jsonl.gz", the reader needs both suffixes.
        inner = Path(source.stem).suffix if source.suffix.lower() == ".gz" else ""
        inner = inner if inner.lower() in SUFFIXES else ""
        name, suffix = source.stem.removesuffix(inner), f"{inner}{source.suffix}".lower()
        file = known.file if known else self._name(asked, name, suffix)
        same = (self.folder / file).is_file() and (self.folder / file).read_bytes() == data
        if not same:
            self._write(self.folder / file, data)
        now = dt.datetime.now(dt.UTC).replace(microsecond=0).isoformat()
        self.pages[asked] = Entry(file, digest, fetched_at=now)
        self.save(now=False)
        return "changed" if known else "unchanged" if same else "fetched"

    def _name(self, asked: str, title: str, suffix: str = ".md") -> str:
        plain = unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFKD", title))).lower()
        slug = _SLUG.sub("-", plain)[:_LONGEST_SLUG].strip("-") or "article"
        return f"{slug}-{_short(asked)}{suffix}"

    def _adopted(self, asked: str, page: Page, extra: Page) -> Entry | None:
        """The entry of a file that was written when the state was not, as when a run was killed."""
        file = next(iter(sorted(self.folder.glob(f"*-{_short(asked)}.md"))), None)
        if file is None:
            return None
        old, read = self._written(file.name, page.url), self._fields(file.name)
        same = old.digest == with_host(page.filled(extra)).digest
        return Entry(
            file.name,
            page.digest if same else "",
            fetched_at=line(read.get("fetched_at")),
            withdrawn=line(read.get("withdrawn")),
            from_feed=bool(read.get("feed")),
        )

    def _written(self, name: str, url: str) -> Page:
        """An article as its file has it; empty where the file cannot be read."""
        read = self._fields(name)
        names = ("title", "date", "updated", "source", "author", "section", "language")
        words = {one: line(read.get(one)) for one in names}
        return Page(url=url, text=str(read.get("text") or "").strip(), **words)

    def _fields(self, name: str) -> Mapping[str, object]:
        try:
            return markdown_of((self.folder / name).read_bytes(), name)
        except (OSError, CorpusError):
            return {}

    def _keep_earlier(self, name: str) -> None:
        file = self.folder / name
        number = 1
        while (earlier := self.folder / EARLIER / f"{file.stem}.{number}{file.suffix}").exists():
            number += 1
        try:
            earlier.parent.mkdir(exist_ok=True)
            data = file.read_bytes()
        except OSError as error:
            why = f"its earlier text cannot be kept ({error.strerror}); correct {earlier.parent}"
            raise FetchError(f"{file}: {why}") from None
        self._write(earlier, data)

    def _write(self, file: Path, data: bytes) -> None:
        """All of it or nothing, under a hidden name until it is whole."""
        part = file.with_name(f".{file.name}.part")
        try:
            # Made anew, since what lies there may be a link to elsewhere.
            part.unlink(missing_ok=True)
            with part.open("xb") as out:
                out.write(data)
            part.replace(file)
        except OSError as error:
            why = f"cannot be written ({error.strerror}); make room, or correct the folder"
            raise FetchError(f"{file}: {why}") from None


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[Store]:
    """The store of a folder, which is made where there is none; its state is written at the end.

    Raises FetchError when another run is at it, or it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / LOCK, timeout=0)
        lock.acquire()
    except Timeout:
        raise FetchError(f"{folder}: another run of add or watch is writing there; wait for it") from None
    except OSError as error:
        raise FetchError(f"{folder}: cannot be written ({error.strerror}); give another folder") from None
    try:
        store = Store(folder)
        try:
            yield store
        finally:
            store.save()
    finally:
        lock.release()


def _short(asked: str) -> str:
    return hashlib.sha256(asked.encode("utf-8", "surrogatepass")).hexdigest()[:12]
