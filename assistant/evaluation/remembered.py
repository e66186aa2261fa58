"""A reranker and a reader that judge nothing twice: what they said is kept in the user's cache."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from langchain_core.cross_encoders import BaseCrossEncoder

from assistant import weights
from assistant.errors import SettingsError
from assistant.models import reader as reader_model
from assistant.models.onnx import ARITHMETIC
from assistant.models.reader import Reader, Reading
from assistant.models.reranker import MAX_TOKENS
from assistant.retrieval import Retriever
from assistant.settings import Settings

FILE = "scores.sqlite3"

Value = TypeVar("Value", float, str)


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
        keys = [_digest(self.identity, *pair) for pair in text_pairs]
        return _recalled(
            self.path, "scores", keys, lambda places: self.reranker.score([text_pairs[one] for one in places])
        )


@dataclass(frozen=True, slots=True)
class RememberedReader:
    """Passes on to `reader` only the passages whose readings for the question are not in the SQLite file.

    `identity` is what a reading depends on beside what is read. Raises SettingsError if the file cannot be
    used.
    """

    reader: Reader
    path: Path
    identity: str

    def read(
        self, question: str, passages: Sequence[str], headings: Sequence[str] | None = None
    ) -> list[Reading]:
        """One reading a passage, the same as without the memory."""
        before = headings or [""] * len(passages)
        keys = [_digest(self.identity, question, *row) for row in zip(before, passages, strict=True)]

        def read(places: list[int]) -> list[str]:
            chosen = [[texts[place] for place in places] for texts in (passages, before)]
            return [json.dumps(dataclasses.astuple(one)) for one in self.reader.read(question, *chosen)]

        return [_reading(value) for value in _recalled(self.path, "readings", keys, read)]


def with_memory(retriever: Retriever, settings: Settings) -> Retriever:
    """The retriever, its reranker and reader with their memories where their names say what they are."""
    path = settings.cache / FILE
    reader = retriever.reader
    if reader is not None:
        identity = f"{reader_model.reader_id(settings.reader)} {reader_model.MAX_TOKENS}"
        reader = RememberedReader(reader, path, identity)
    reranker = remembered(retriever.reranker, settings)
    return retriever.model_copy(update={"reranker": reranker, "reader": reader})


def remembered(reranker: BaseCrossEncoder | None, settings: Settings) -> BaseCrossEncoder | None:
    """The reranker of these settings with its memory; without one where its name does not say what it is."""
    known = weights.packaged(settings.reranker)
    if reranker is None or known is None:
        return reranker
    return Remembered(reranker, settings.cache / FILE, f"{known.sha256} {MAX_TOKENS} {ARITHMETIC}")


def _digest(*parts: str) -> bytes:
    return hashlib.sha256(json.dumps(parts).encode()).digest()[:16]


def _reading(value: str) -> Reading:
    start, end, answers, span, starts = json.loads(value)
    return Reading(start, end, answers, span, tuple((place, chance) for place, chance in starts))


def _recalled(
    path: Path, table: str, keys: list[bytes], make: Callable[[list[int]], list[Value]]
) -> list[Value]:
    """The value of each key: from the table, else made, of the first place of the key, and put there."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path, timeout=60)) as file, file:
            file.execute(f"CREATE TABLE IF NOT EXISTS {table} (key BLOB PRIMARY KEY, value)")
            marks = ", ".join("?" * len(keys))
            values = dict(file.execute(f"SELECT key, value FROM {table} WHERE key IN ({marks})", keys))
            new = {key: keys.index(key) for key in keys if key not in values}
            made = dict(zip(new, make(list(new.values())), strict=True)) if new else {}
            file.executemany(f"INSERT OR REPLACE INTO {table} VALUES (?, ?)", made.items())
    except (OSError, sqlite3.Error) as error:
        raise SettingsError(f"{path}: cannot be used ({error}); remove it") from error
    return [(values | made)[key] for key in keys]
