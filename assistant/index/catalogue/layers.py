"""A catalogue read together with its base: that of the state on which its own lies (see `snapshots`).

The catalogue holds what is new, and in a table `gone` which articles of the base are not to be seen. The base
is attached, and temporary views stand in place of both tables of one name. A view of two tables is slower
than either, so what every search asks is asked of each layer.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from assistant.errors import IndexMismatch
from assistant.index import snapshots
from assistant.index.catalogue.database import REBUILD, Database, check_version

OUTGROWN = 0.03
"""Share of a base from which on what lies on it is made one with it. Until then each run copies what lies on
it: with 5 of 50,000 articles changed a run, about as much is copied by all of them as by making it one."""

_GONE = "rowid IN (SELECT number FROM main.gone)"

_VIEWS = f"""
CREATE TEMP VIEW articles AS
    SELECT * FROM main.articles UNION ALL SELECT * FROM base.articles WHERE NOT {_GONE};
CREATE TEMP VIEW chunks AS
    SELECT * FROM main.chunks UNION ALL SELECT * FROM base.chunks
    WHERE article NOT IN (SELECT id FROM base.articles WHERE {_GONE});
CREATE VIRTUAL TABLE temp.places USING fts5vocab(main, passages, instance);
"""
"""The last says where each word stands in the passages of the upper layer."""


class Layer(NamedTuple):
    """A database that the connection reads."""

    name: str
    live: str
    """A condition on its `articles`: those that are to be seen."""


class Layered(Database):
    """A catalogue file, and the one on which it lies."""

    def __init__(
        self, path: Path, schema: str, version: int, *, writable: bool, outdated: bool, alone: bool
    ) -> None:
        """As `Database`; with `outdated` or `alone` the base is left out."""
        below = None if alone or outdated else snapshots.base(path.parent)
        self._base = (below / path.name).resolve() if below else None
        self._version = version
        super().__init__(path, schema, version, writable=writable, outdated=outdated)
        on_base = self._rows("SELECT 1 FROM main.sqlite_master WHERE name = 'gone'")
        if on_base and self._base is None and not (alone or outdated):
            self.close()
            raise self._lost()
        if writable and self._base is not None:
            with self._readable(), self._db:
                self._db.execute("CREATE TABLE IF NOT EXISTS main.gone (number INTEGER PRIMARY KEY)")
                self._db.execute("INSERT OR IGNORE INTO main.facts SELECT * FROM base.facts")

    def _lost(self) -> IndexMismatch:
        return IndexMismatch(f"the index at {self._path.parent.parent} has lost its base; {REBUILD}")

    def _prepare(self, db: sqlite3.Connection) -> None:
        super()._prepare(db)
        if self._base is not None:
            if not self._base.is_file():
                raise self._lost()
            db.execute("ATTACH ? AS base", (f"{self._base.as_uri()}?mode=ro",))
            check_version(self._base, db.execute("PRAGMA base.user_version").fetchone()[0], self._version)
            db.executescript(_VIEWS)

    @property
    def _layers(self) -> tuple[Layer, ...]:
        """The catalogue, and its base behind it."""
        upper = Layer("main", "1")
        return (upper,) if self._base is None else (upper, Layer("base", f"NOT articles.{_GONE}"))

    def _of_articles(
        self, columns: str, condition: str, values: Sequence[Any] = (), more: str = "", *, beside: str = ""
    ) -> list[Any]:
        """Columns of the articles that meet a condition, one layer behind the other; `beside` is what they
        are joined with, `more` what stands behind the condition."""
        return [
            row
            for name, live in self._layers
            for row in self._rows(
                f"SELECT {columns} FROM {name}.articles AS articles{beside}"
                f" WHERE {condition} AND {live} {more}",
                values,
            )
        ]

    def _hide(self, article_id: str) -> None:
        """Has an article of the base not be seen any more."""
        if self._base is not None:
            gone = "INSERT OR IGNORE INTO main.gone SELECT rowid FROM base.articles WHERE id = ?"
            self._db.execute(gone, (article_id,))

    def gone(self) -> frozenset[str]:
        """Ids of the articles that the base holds and this state does not, or has anew."""
        if self._base is None:
            return frozenset()
        return frozenset(row[0] for row in self._rows(f"SELECT id FROM base.articles WHERE {_GONE}"))

    def gone_chunks(self) -> int:
        """How many chunks these have in the base."""
        return 0 if self._base is None else self._counts("base", _GONE)[1]

    def counts(self, *, alone: bool = False) -> tuple[int, int, int]:
        """How many articles, chunks, and articles without a date there are; `alone` leaves out the base."""
        articles, chunks, undated = self._counts("main")
        if self._base is not None and not alone:
            below, gone = self._counts("base"), self._counts("base", _GONE)
            articles += below[0] - gone[0]
            chunks += below[1] - gone[1]
            undated += below[2] - gone[2]
        return articles, chunks, undated

    def _counts(self, layer: str, condition: str = "1") -> tuple[int, int, int]:
        """As `counts`, of the articles of a layer that meet a condition."""
        of_these = (
            "1" if condition == "1" else f"article IN (SELECT id FROM {layer}.articles WHERE {condition})"
        )
        query = (
            f"SELECT (SELECT count(*) FROM {layer}.articles WHERE {condition}),"
            f" (SELECT count(*) FROM {layer}.chunks WHERE {of_these}),"
            f" (SELECT count(*) FROM {layer}.articles WHERE {condition} AND published IS NULL)"
        )
        articles, chunks, undated = self._rows(query)[0]
        return articles, chunks, undated

    def most_chunks(self) -> int:
        """At least as many as there are chunks, and hardly more; unlike a count, it takes no time."""
        return sum(self._most_chunks(layer.name) for layer in self._layers)

    def _most_chunks(self, layer: str) -> int:
        return int(self._rows(f"SELECT coalesce(max(rowid), 0) FROM {layer}.chunks")[0][0])

    def outgrown(self) -> bool:
        """Whether there is a base, and too much lies on it, or is gone of it."""
        if self._base is None:
            return False
        return self._most_chunks("main") + self.gone_chunks() > OUTGROWN * self._most_chunks("base")

    def outgrown_by(self, articles: int) -> bool:
        """Whether there is a base, and too much would lie on it with so many articles more."""
        return self._base is not None and articles > OUTGROWN * self._counts("base")[0]

    def torn(self) -> bool:
        """Whether there are chunks without an article, or not the same ones in the full-text index."""
        queries = (
            "SELECT 1 FROM {0}.chunks WHERE article NOT IN (SELECT id FROM {0}.articles)",
            "SELECT rowid FROM {0}.chunks EXCEPT SELECT rowid FROM {0}.passages",
            "SELECT rowid FROM {0}.passages EXCEPT SELECT rowid FROM {0}.chunks",
        )
        return any(
            self._rows(f"SELECT EXISTS ({query.format(layer.name)})")[0][0]
            for layer in self._layers
            for query in queries
        )
