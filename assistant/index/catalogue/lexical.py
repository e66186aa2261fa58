"""The catalogue: a SQLite file that holds the stored articles, their chunks, and a BM25 index over them.

It records what has been indexed: an article counts as indexed once its row is committed.
Full-text search is SQLite's FTS5, which is updated incrementally and needs no loading on a cold start.

The catalogue of a state that lies on a base (see `snapshots`) holds what is new, and which of the base's
articles are gone. It is read as if it held all.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from assistant.corpus.articles import Article, Source, fingerprint
from assistant.corpus.chunking import Chunk, heading
from assistant.index.catalogue import bm25
from assistant.index.catalogue.bm25 import query_terms
from assistant.index.catalogue.layers import Layered
from assistant.index.filters import Filters, Hidden
from assistant.text.languages import bigrams

CATALOGUE = "catalogue.sqlite3"
SCHEMA_VERSION = 2

LARGE = 20_000
"""Chunks from which on an index is searched with an eye on the time."""

AMONG = 8
"""How many times as many chunks are looked for in a large index, before a filter leaves some of them out."""

COMMON = 0.1
"""Share of a large index's chunks from which on a word that stands in them is not looked up, because each of
them would be scored. Over 21,000 chunks of six sets the first 50 lose one of 692 answers by it, the first
five four; with a share of .02 they lose 24 and 38."""

_SCHEMA = f"""
CREATE TABLE articles (
    id TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, title TEXT NOT NULL, published INTEGER,
    section TEXT NOT NULL, sources TEXT NOT NULL, url TEXT, text TEXT NOT NULL, updated INTEGER,
    written INTEGER, superseded INTEGER, author TEXT NOT NULL, language TEXT NOT NULL);
CREATE INDEX main.versions ON articles(superseded) WHERE superseded IS NOT NULL;
CREATE TABLE chunks (
    rowid INTEGER PRIMARY KEY, article TEXT NOT NULL, position INTEGER NOT NULL,
    start INTEGER NOT NULL, "end" INTEGER NOT NULL);
CREATE INDEX main.chunks_of ON chunks(article, position);
CREATE VIRTUAL TABLE passages USING fts5(heading, body, {bm25.TOKENIZER});
CREATE TABLE pending (article TEXT PRIMARY KEY);
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""

_DAYS = "CREATE INDEX IF NOT EXISTS main.days ON articles(written, superseded, published)"
"""Of what filters by day ask, which stands behind the text in a row. Added to an index without it."""


class Catalogue(Layered):
    """One open catalogue file (see `Database`)."""

    def __init__(
        self, path: Path, *, writable: bool = False, outdated: bool = False, alone: bool = False
    ) -> None:
        """`outdated` opens an earlier version's too, to read its facts; `alone` leaves out what the base
        holds.

        Raises IndexMissing when a reader finds none, IndexMismatch for one that cannot be read.
        """
        super().__init__(path, _SCHEMA, SCHEMA_VERSION, writable=writable, outdated=outdated, alone=alone)
        if writable:
            with self._readable():
                self._db.execute(_DAYS)

    # Reading

    def fingerprints(self) -> dict[str, str]:
        """Article id -> fingerprint of what was indexed."""
        return dict(self._rows("SELECT id, fingerprint FROM articles"))

    def fingerprints_of(self, articles: Iterable[str]) -> dict[str, str]:
        """Those of the articles that are there."""
        query = "SELECT id, fingerprint FROM articles WHERE id IN (SELECT value FROM json_each(?))"
        return dict(self._rows(query, (json.dumps(list(articles)),)))

    def fact(self, name: str) -> str | None:
        """A remembered value, such as the corpus's stamp at the last complete run."""
        rows = self._rows("SELECT value FROM facts WHERE name = ?", (name,))
        return str(rows[0][0]) if rows else None

    def article(self, article_id: str) -> Article | None:
        """An article exactly as stored. Raises IndexMismatch when what is there is not what was stored."""
        query = (
            "SELECT id, title, text, published, section, sources, url, updated, superseded, author, language,"
            " fingerprint FROM articles WHERE id = ?"
        )
        rows = self._rows(query, (article_id,))
        if not rows:
            return None
        with self._readable():
            *row, known = rows[0]
            row[3], row[7], row[8] = map(_day, (row[3], row[7], row[8]))
            row[5] = tuple(Source(outlet, url) for outlet, url in json.loads(row[5]))
            article = Article(*row)
            if article.id != article_id or fingerprint(article) != known:
                raise ValueError(f"article {article_id} has changed since it was stored")
        return article

    def chunk(self, article: Article, position: int) -> Chunk | None:
        """A chunk of a stored article by its position."""
        rows = self._rows(
            'SELECT start, "end" FROM chunks WHERE article = ? AND position = ?', (article.id, position)
        )
        with self._readable():
            return next(
                (Chunk(article.id, position, start, end, article.text[start:end]) for start, end in rows),
                None,
            )

    def chunks(self, article: Article) -> list[Chunk]:
        """The chunks of a stored article, in order."""
        rows = self._rows("SELECT position FROM chunks WHERE article = ? ORDER BY 1", (article.id,))
        return [chunk for (position,) in rows if (chunk := self.chunk(article, position))]

    def matching(self, filters: Filters) -> list[str]:
        """Ids of the articles that pass the filters."""
        return [row[0] for row in self._of_articles("id", *filters.sql())]

    def newest(self, filters: Filters = Filters()) -> dt.date | None:
        """The day of the newest article that passes the filters."""
        days = self._of_articles("max(published)", *filters.sql())
        with self._readable():
            return _day(max((day for (day,) in days if day is not None), default=None))

    def hidden(self, filters: Filters) -> Hidden:
        """How many articles the days of these filters hide for what is not known of them."""
        if filters.as_of is None and filters.since is None:
            return Hidden()
        changed = (
            "SELECT count(*) FROM articles AS one"
            " WHERE one.published <= ?1 AND one.written > ?1 AND one.superseded IS NULL"
            # An earlier version of it may be there.
            " AND NOT EXISTS (SELECT 1 FROM articles AS other WHERE other.superseded > ?1"
            " AND other.written <= ?1 AND (other.url = one.url OR instr(other.id, one.id || '@') = 1))"
        )
        day = filters.as_of.toordinal() if filters.as_of else 0
        return Hidden(self.counts()[2], self._rows(changed, (day,))[0][0])

    def has_versions(self) -> bool:
        """Whether some articles are earlier versions of others."""
        query = "SELECT EXISTS (SELECT 1 FROM articles WHERE superseded IS NOT NULL)"
        return bool(self._rows(query)[0][0])

    def headlines(self) -> list[tuple[str, str, dt.date | None]]:
        """Id, title and day of every article, the newest first."""
        rows = self._of_articles("published, id, title", "superseded IS NULL")
        with self._readable():
            return [(name, title, _day(day)) for day, name, title in sorted(rows, key=_newest_first)]

    def page(self, filters: Filters, limit: int, offset: int) -> tuple[list[Article], int]:
        """At most `limit` of the articles that pass the filters, the newest first and those without a date
        last, behind the first `offset`; and how many pass in all."""
        condition, values = filters.sql()
        total = sum(count for (count,) in self._of_articles("count(*)", condition, values))
        first = "ORDER BY published DESC, id LIMIT ?"
        rows = self._of_articles("published, id", condition, [*values, offset + limit], first)
        with self._readable():
            names = [name for _, name in sorted(rows, key=_newest_first)[offset : offset + limit]]
        return [article for name in names if (article := self.article(name))], total

    def known(self, column: str, filters: Filters = Filters()) -> list[str]:
        """Every section or outlet of the articles that pass the filters, for the message that one asked for
        is not among them."""
        condition, values = filters.sql()
        if column == "section":
            rows = self._of_articles("DISTINCT section", f"section <> '' AND {condition}", values)
        else:
            outlet, beside = "json_extract(named.value, '$[0]')", ", json_each(articles.sources) AS named"
            rows = self._of_articles(f"DISTINCT {outlet}", condition, values, beside=beside)
        with self._readable():
            return sorted({row[0] for row in rows})

    def search(self, query: str, k: int, filters: Filters) -> list[tuple[str, int, float]]:
        """The k best chunks by BM25: (article id, position, score), best first, ties broken by id."""
        terms = query_terms(query)
        best = partial(bm25.best, self._rows, self._layers, k=k, filters=filters)
        if self.most_chunks() > LARGE:
            found = best(self._rare(terms), most=AMONG * k)
            if len(found) >= k:
                return found
        return best(terms)

    def _rare(self, terms: list[str]) -> list[str]:
        """Those that stand in few chunks."""
        most = COMMON * self.most_chunks()
        return [
            term
            for term in terms
            if sum(bm25.standing(self._rows, term, layer.name) for layer in self._layers) <= most
        ]

    # Writing

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of what is written inside, or nothing."""
        with self._db:
            yield

    def set_fact(self, name: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO main.facts VALUES (?, ?)", (name, value))

    def mark_pending(self, articles: Iterable[str]) -> None:
        """Remembers that the vector store is about to hold chunks of these articles."""
        self._db.executemany("INSERT OR IGNORE INTO pending VALUES (?)", ((article,) for article in articles))

    def pending(self) -> list[str]:
        """Articles of a run that did not finish."""
        return [row[0] for row in self._rows("SELECT article FROM pending ORDER BY 1")]

    def note_replaced(self, fingerprints: Iterable[str]) -> None:
        """Remembers texts that were replaced, whose vectors others may still read (see `served`)."""
        with self.transaction():
            self._db.execute("CREATE TABLE IF NOT EXISTS main.replaced (fingerprint TEXT PRIMARY KEY)")
            marks = ((mark,) for mark in fingerprints)
            self._db.executemany("INSERT OR IGNORE INTO main.replaced VALUES (?)", marks)

    def replaced(self) -> list[str]:
        """The fingerprints of texts that were replaced, but for what came back, or what a base holds."""
        if not self._rows("SELECT 1 FROM main.sqlite_master WHERE name = 'replaced'"):
            return []
        query = "SELECT fingerprint FROM main.replaced" + "".join(
            f" EXCEPT SELECT fingerprint FROM {layer.name}.articles" for layer in self._layers
        )
        return [row[0] for row in self._rows(f"{query} ORDER BY 1")]

    def forget_replaced(self, fingerprints: Iterable[str]) -> None:
        with self.transaction():
            marks = ((mark,) for mark in fingerprints)
            self._db.executemany("DELETE FROM main.replaced WHERE fingerprint = ?", marks)

    def add(self, article: Article, chunks: list[Chunk]) -> None:
        """Stores an article with its chunks, in place of what was there, and clears its pending mark."""
        self.remove(article.id)
        days = (article.published, article.updated, article.written, article.superseded)
        published, *later = [day.toordinal() if day else None for day in days]
        sources = json.dumps([[source.outlet, source.url] for source in article.sources], ensure_ascii=False)
        known = (article.id, fingerprint(article), article.title, published, article.section, sources)
        values = (*known, article.url, article.text, *later, article.author, article.language)
        self._db.execute(f"INSERT INTO main.articles VALUES ({', '.join('?' * len(values))})", values)
        for chunk in chunks:
            place = (article.id, chunk.position, chunk.start, chunk.end)
            insert = 'INSERT INTO main.chunks (article, position, start, "end") VALUES (?, ?, ?, ?)'
            row = self._db.execute(insert, place).lastrowid
            passage = (row, bigrams(heading(article)), bigrams(chunk.text))
            self._db.execute("INSERT INTO passages (rowid, heading, body) VALUES (?, ?, ?)", passage)

    def remove(self, article_id: str) -> None:
        """Removes an article, its chunks and its pending mark; one that is not there is no error."""
        of_chunks = "rowid IN (SELECT rowid FROM main.chunks WHERE article = ?)"
        for place in (f"passages WHERE {of_chunks}", "chunks WHERE article = ?", "articles WHERE id = ?"):
            self._db.execute(f"DELETE FROM main.{place}", (article_id,))
        self._hide(article_id)
        self._db.execute("DELETE FROM pending WHERE article = ?", (article_id,))


def _day(ordinal: int | None) -> dt.date | None:
    return dt.date.fromordinal(ordinal) if ordinal is not None else None


def _newest_first(row: tuple[Any, ...]) -> tuple[bool, int, str]:
    """By the day, and then by the id, that a row begins with; without a day last."""
    day, name, *_ = row
    return day is None, -(day or 0), name
