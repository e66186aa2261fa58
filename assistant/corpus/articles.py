"""Articles: reading a corpus.

`read_articles` reads a folder or a file of any type that `readers` supports, one article at a time. Articles
are spooled to disk and can then be iterated in id order, any number of times, so a corpus may be larger than
memory. `read_corpus` returns them as a list. Importing this module is cheap.
"""

from __future__ import annotations

import json
import pickle
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import IO

from assistant.corpus.article import Article, Source, fingerprint
from assistant.corpus.fields.making import Made, article_of
from assistant.corpus.readers.piece import Piece, stem_of
from assistant.corpus.readers.registry import COMMON, SUFFIXES, read
from assistant.corpus.report import Notice, PassedOver, Report
from assistant.corpus.walking import corpus_stamp, files_of, is_regular, look_at, shown
from assistant.corpus.whole.boilerplate import Boilerplate
from assistant.corpus.whole.identities import Entry, Repeats, day, resolve
from assistant.corpus.whole.suspects import suspicion
from assistant.errors import CorpusError
from assistant.text.languages import ENGLISH, base, is_english, language_of

__all__ = [
    "Article",
    "Articles",
    "CorpusDifference",
    "Options",
    "Source",
    "compare",
    "corpus_stamp",
    "fingerprint",
    "look_at",
    "read_articles",
    "read_corpus",
]

IN_MEMORY = 64 << 20
"""Bytes of articles that are kept in memory; more are kept in a temporary file."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a corpus is read, besides what its files say."""

    exclude: tuple[str, ...] = ()
    """Patterns of files to leave out, as in a .gitignore."""
    mapping: Mapping[str, str] = field(default_factory=dict)
    """What keys mean (see `metadata.mapping_of`)."""

    def dump(self) -> str:
        """As one line of JSON."""
        return json.dumps([self.exclude, dict(self.mapping)], ensure_ascii=False)

    @classmethod
    def load(cls, text: str | None) -> Options:
        """What `dump` wrote; nothing in particular for anything else."""
        try:
            exclude, mapping = json.loads(text or "")
            return cls(tuple(exclude), dict(mapping))
        except (ValueError, TypeError, RecursionError):
            return cls()


class Articles:
    """The articles of a corpus, by id; they can be gone through again and again, until closed."""

    def __init__(self) -> None:
        self._store: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115
        self._places: list[int] = []
        self._entries: list[Entry] = []
        self._boilerplate = Boilerplate()
        self._repeats = Repeats()

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Article]:
        for entry in self._entries:
            article = replace(self._load(entry.number)[0], id=entry.id, superseded=day(entry.superseded))
            yield self._boilerplate.without(article)

    def close(self) -> None:
        """Lets go of what is kept on disk."""
        self._store.close()

    def _take(self, made: Made, file: str, where: str, report: Report) -> None:
        """Keeps an article, unless it is one that was read before."""
        article = made.article
        if (first := self._repeats.first(made, file, len(self._entries))) is not None:
            entry = self._entries[first]
            message = f"{where}: the same article as {self._load(first)[1]}, skipped; remove one of them"
            report.notice(message, "exact repeat skipped")
            entry.id = min(entry.id, article.id, key=len)  # that of "a copy" and "a" is "a"
            return
        if not is_english(article.opening):
            # Called English is much that is not, and a list in English has few of its commonest words.
            declared = "" if base(article.language) == ENGLISH else article.language
            article = replace(article, language=declared or language_of(article.opening))
            report.summary.foreign += article.language != ENGLISH
        for lacking, what in (
            (article.published is None, "date"),
            (not article.sources, "outlet"),
            (not made.titled, "title of its own"),
        ):
            if lacking:
                report.lacks(what)
        if what := suspicion(article):
            report.suspect(f"{where}: looks like {what}", what)
        address = hash(article.url) if article.url and article.url.rstrip("/").count("/") > 2 else 0
        written = article.written.toordinal() if article.written else 0
        self._entries.append(Entry(article.id, len(self._places), written, address))
        self._store.seek(0, 2)
        self._places.append(self._store.tell())
        pickle.dump((article, where), self._store, pickle.HIGHEST_PROTOCOL)
        self._boilerplate.count(article)

    def _load(self, number: int) -> tuple[Article, str]:
        self._store.seek(self._places[number])
        article, where = pickle.load(self._store)
        return article, where

    def _finish(self, report: Report) -> None:
        resolve(self._entries, self._load, report)
        self._entries.sort(key=lambda entry: entry.id)
        report.summary.boilerplate = self._boilerplate.decide()
        report.summary.read = len(self._entries)


def read_articles(path: Path, report: Report, options: Options = Options()) -> Articles:
    """The articles of a folder and its sub-folders, or of one file.

    What is passed over, mended or missing is told to `report`; one bad file never costs the others.

    Raises:
        CorpusError: no such path, or no readable article; what a strict report raises.
    """
    articles = Articles()
    try:
        for file in files_of(path, report, options.exclude):
            name, suffix = stem_of(file.below)
            piece = Piece(
                name, suffix, shown(file.path), partial(_opened, file.path), report, options.mapping
            )
            if suffix in SUFFIXES and not is_regular(file.path):
                message = f"{piece.where}: not a file, or a broken link; remove it"
                report.passed_over(message, piece.kind, "no file")
                continue
            for raw in read(piece):
                try:
                    made = article_of(raw, report, options.mapping)
                except PassedOver as error:
                    kind = piece.kind if raw.where == piece.where else f"in {piece.kind}"
                    report.passed_over(str(error), kind, error.why)
                else:
                    articles._take(made, file.below, raw.where, report)
        if not len(articles):
            why = f": {report.first}" if report.first else f"; put articles there, such as {COMMON} files"
            raise CorpusError(f"{shown(path)}: no readable article{why}")
        articles._finish(report)
    except BaseException:
        articles.close()
        raise
    return articles


def read_corpus(path: Path, *, on_skip: Notice | None = None, strict: bool = False) -> list[Article]:
    """The articles of a folder or a file as a list, sorted by id; `on_skip` is told what is wrong, in one
    line each.

    Raises:
        CorpusError: no such path, or no readable article; when `strict`, any problem.
    """
    articles = read_articles(path, Report(on_skip, strict=strict))
    try:
        return list(articles)
    finally:
        articles.close()


def _opened(path: Path) -> IO[bytes]:
    return path.open("rb")


@dataclass(frozen=True, slots=True)
class CorpusDifference:
    """Ids of the articles that a corpus and an index of it do not have alike."""

    added: list[str]
    changed: list[str]
    removed: list[str]

    def __len__(self) -> int:
        return len(self.added) + len(self.changed) + len(self.removed)


def compare(known: Mapping[str, str], articles: Iterable[Article]) -> CorpusDifference:
    """How articles differ from what is known of them, as id -> fingerprint."""
    added, changed = [], []
    gone = dict.fromkeys(known)
    for article in articles:
        gone.pop(article.id, None)
        if article.id not in known:
            added.append(article.id)
        elif known[article.id] != fingerprint(article):
            changed.append(article.id)
    return CorpusDifference(added, changed, list(gone))
