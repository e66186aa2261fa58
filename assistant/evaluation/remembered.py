"""A reranker that scores no pair twice: logits are kept in the user's cache, by the content of the pair."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from langchain_core.cross_encoders import BaseCrossEncoder

from assistant import weights
from assistant.errors import SettingsError
from assistant.models.reranker import MAX_TOKENS
from assistant.settings import Settings

FILE = "scores.sqlite3"


@dataclass(frozen=True, slots=True)
class Remembered(BaseCrossEncoder):
    """Passes on to `reranker` only the pairs whose logits are not in the SQLite file.

    `identity` is what a logit depends on beside its pair. Raises SettingsError if the file cannot be used.
    """

    reranker: BaseCrossEncoder
    path: Path
    identity: str

    def score(self, text_pairs: list[tuple[str, str]]) -> list[float]:
        """One logit a pair, the same as without the memory."""
        keys = [self._key(pair) for pair in text_pairs]
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self.path, timeout=60)) as file, file:
                file.execute("CREATE TABLE IF NOT EXISTS logits (pair BLOB PRIMARY KEY, logit REAL)")
                known = _known(file, keys)
                new = {key: pair for key, pair in zip(keys, text_pairs, strict=True) if key not in known}
                scored = dict(zip(new, self.reranker.score(list(new.values())), strict=True)) if new else {}
                file.executemany("INSERT OR REPLACE INTO logits VALUES (?, ?)", scored.items())
        except (OSError, sqlite3.Error) as error:
            raise SettingsError(f"{self.path}: cannot be used ({error}); remove it") from error
        return [(scored if key in scored else known)[key] for key in keys]

    def _key(self, pair: tuple[str, str]) -> bytes:
        return hashlib.sha256(json.dumps([self.identity, *pair]).encode()).digest()[:16]


def remembered(reranker: BaseCrossEncoder | None, settings: Settings) -> BaseCrossEncoder | None:
    """The reranker of these settings with its memory; without one where its name does not say what it is."""
    known = weights.packaged(settings.reranker)
    if reranker is None or known is None:
        return reranker
    return Remembered(reranker, settings.cache / FILE, f"{known.sha256} {MAX_TOKENS}")


def _known(file: sqlite3.Connection, keys: list[bytes]) -> dict[bytes, float]:
    marks = ", ".join("?" * len(keys))
    return dict(file.execute(f"SELECT pair, logit FROM logits WHERE pair IN ({marks})", keys).fetchall())
