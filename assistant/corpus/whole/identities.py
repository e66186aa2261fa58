"""Which articles are one: exact repeats, several under one id, and versions of the same article.

An exact repeat is skipped where it has the same id, address or file, or is named as a copy. Versions are told
by one address or one id, different days and much the same text; each but the newest knows the day on which
the next took its place. What else shares an id gets another.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.corpus.article import Article
from assistant.corpus.fields.making import Made
from assistant.corpus.near_duplicates import containment, trigrams
from assistant.corpus.report import Report

SIMILAR = 0.3
"""Share of the shorter text's word triples that two versions have in common at least."""

MOST_VERSIONS = 50
"""More articles at one address are no versions: it is the address of a section or a search."""

_COPY = re.compile(
    r"(?: copy(?: \d+)?| - (?:copy|kopie|copie|copia)(?: \(\d+\))?| ?\(\d+\)|\.sync-conflict.*"
    r"| ?\((?=[^()]*conflict)[^()]*\)| \d)$",
    re.IGNORECASE,
)
"""What programs put behind the name of a copy."""

Load = Callable[[int], tuple[Article, str]]
"""Gives the article that was read as the nth, and where it stands."""


@dataclass(slots=True)
class Entry:
    """What is remembered of an article while others are read."""

    id: str
    number: int
    written: int
    """The ordinal day of its text; 0 where it is not known."""
    address: int
    """A hash of its url; 0 where there is none that names an article."""
    superseded: int = 0


class Repeats:
    """Finds the articles that were read before, word for word."""

    def __init__(self) -> None:
        self._first: dict[bytes, list[tuple[int, int, int, int]]] = {}

    def first(self, made: Made, file: str, number: int) -> int | None:
        """The number of the article that this one repeats; if there is none, it is remembered as `number`."""
        article = made.article
        outlets = [source.outlet for source in article.sources]
        same = "\0".join((*article.text.split(), article.title, str(article.published), *outlets))
        digest = hashlib.blake2b(same.encode("utf-8", "replace"), digest_size=16).digest()
        # Ids, addresses, the file's name without what a copy has behind it, and files of several articles.
        name = hash(_COPY.sub("", file.rpartition(".")[0] or file))
        here = (hash(article.id), hash(article.url) if article.url else 0, 0 if made.named else name, number)
        for there in self._first.setdefault(digest, []):
            if any(one and one == other for one, other in zip(here[:3], there[:3], strict=True)):
                return there[3]
        self._first[digest].append(here)
        return None


def resolve(entries: Sequence[Entry], load: Load, report: Report) -> None:
    """Gives each entry an id of its own, and the versions of one article the days they ended on."""
    _versions_by_address(entries, load)
    taken = {entry.id for entry in entries}
    by_id: dict[str, list[Entry]] = {}
    for entry in entries:
        by_id.setdefault(entry.id, []).append(entry)
    for same in by_id.values():
        if len(same) > 1:
            _apart(same, taken, load, report)


def _versions_by_address(entries: Sequence[Entry], load: Load) -> None:
    by_address: dict[int, list[Entry]] = {}
    for entry in entries:
        if entry.address and entry.written:
            by_address.setdefault(entry.address, []).append(entry)
    for same in by_address.values():
        if 1 < len(same) <= MOST_VERSIONS:
            _chain(same, load)


def _chain(same: list[Entry], load: Load) -> list[Entry]:
    """The entries that are versions of one article, the oldest first, each with the day it ended on."""
    ordered = sorted(same, key=lambda entry: (entry.written, entry.number))
    newest = ordered[-1]
    words = trigrams(load(newest.number)[0].text)
    versions = [
        entry for entry in ordered[:-1] if containment(trigrams(load(entry.number)[0].text), words) >= SIMILAR
    ]
    for entry, later in zip(versions, [*versions, newest][1:], strict=True):
        entry.superseded = later.written
    return [*versions, newest] if versions else []


def _apart(same: list[Entry], taken: set[str], load: Load, report: Report) -> None:
    """Other ids for all but one of the articles that share theirs, versions named by their day."""
    days = {entry.written for entry in same}
    versions = _chain(same, load) if 0 not in days and len(days) == len(same) else []
    keeps = versions[-1] if versions else same[0]
    name = keeps.id
    first = load(keeps.number)[1]
    for entry in same:
        if entry is keeps:
            continue
        article, where = load(entry.number)
        if entry.superseded and article.written:
            entry.id = _free(f"{name}@{article.written}", taken)
            report.count("earlier versions of articles")
            continue
        entry.id = _free(name, taken)
        message = f"{first} and {where} both have the id {name!r}; the second is called {entry.id!r} here"
        report.notice(message, "same id, renamed")


def _free(name: str, taken: set[str]) -> str:
    number = 2
    free = name if "@" in name and name not in taken else f"{name}-{number}"
    while free in taken:
        number += 1
        free = f"{name}-{number}"
    taken.add(free)
    return free


def day(ordinal: int) -> dt.date | None:
    """The day of an ordinal; None for 0."""
    return dt.date.fromordinal(ordinal) if ordinal else None
