"""What the small models say, kept: nothing is judged twice, and a replay is the same on every machine.

Reranker, reader and the search by vectors depend on a processor's last digits, and so does the evidence that
a language model is shown. What they say of gold is kept beside the recordings of its answers
(`scores.jsonl`), each value under a digest of everything it depends on, so that whatever changed is judged
anew. Other values are kept in the user's cache.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from assistant.api.opening import identity
from assistant.errors import SettingsError
from assistant.index.filters import Filters
from assistant.models import packaged
from assistant.models.encoders import reader as reader_model
from assistant.models.encoders.kinds import Reranker
from assistant.models.encoders.onnx import ARITHMETIC
from assistant.models.encoders.reader import Reader, Reading
from assistant.models.encoders.reranker import MAX_TOKENS
from assistant.retrieval.retriever import Retriever
from assistant.settings import Settings

FILE = "scores.sqlite3"
SHARED = "scores.jsonl"
"""Beside the recordings."""


class Memory:
    """Values by their keys in a SQLite file, those of a shared file first. Raises SettingsError if it cannot
    be used."""

    def __init__(self, path: Path, shared: Path | None = None) -> None:
        self._path = path
        self._shared: dict[str, Any] = {}
        self._used: dict[str, Any] = {}
        if shared is not None and shared.exists():
            try:
                lines = shared.read_text(encoding="utf-8").splitlines()
                self._shared = dict(map(json.loads, lines))
            except (OSError, ValueError, TypeError) as error:
                raise SettingsError(
                    f"{shared}: cannot be used ({error}); remove it, and record anew"
                ) from error

    def recall(self, keys: list[str], make: Callable[[list[int]], list[Any]]) -> list[Any]:
        """The value of each key: known, or else made, of the first place of the key, and kept."""
        known = {key: self._shared[key] for key in keys if key in self._shared}
        if len(known) < len(set(keys)):
            known |= self._kept([key for key in dict.fromkeys(keys) if key not in known], keys, make)
        self._used |= known
        return [known[key] for key in keys]

    def save(self, shared: Path) -> None:
        """Adds what was used since the start; one that is removed before is made anew. Raises
        SettingsError."""
        values = sorted((self._shared | self._used).items())
        lines = (json.dumps([key, value], ensure_ascii=False) for key, value in values)
        try:
            shared.parent.mkdir(parents=True, exist_ok=True)
            shared.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")
        except OSError as error:
            raise SettingsError(
                f"{shared}: cannot be written ({error.strerror}); make it writable"
            ) from error

    def _kept(
        self, wanted: list[str], keys: list[str], make: Callable[[list[int]], list[Any]]
    ) -> dict[str, Any]:
        """These keys' values from the SQLite file, or made and put there."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self._path, timeout=60)) as file, file:
                file.execute("CREATE TABLE IF NOT EXISTS kept (key TEXT PRIMARY KEY, value TEXT NOT NULL)")
                marks = ", ".join("?" * len(wanted))
                rows = file.execute(f"SELECT key, value FROM kept WHERE key IN ({marks})", wanted)
                values = {key: json.loads(value) for key, value in rows}
                new = [key for key in wanted if key not in values]
                made = dict(zip(new, make([keys.index(key) for key in new]), strict=True)) if new else {}
                kept = [(key, json.dumps(value)) for key, value in made.items()]
                file.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?)", kept)
        except (OSError, sqlite3.Error) as error:
            raise SettingsError(f"{self._path}: cannot be used ({error}); remove it") from error
        return {**values, **json.loads(json.dumps(made))}


@dataclasses.dataclass(frozen=True, slots=True)
class Remembered:
    """Passes on to `reranker` only the pairs whose logits are not known; `identity` is what else they depend
    on."""

    reranker: Reranker
    memory: Memory
    identity: str

    def score(self, text_pairs: list[tuple[str, str]]) -> list[float]:
        """One logit a pair, the same as without the memory."""
        keys = [_digest(self.identity, *pair) for pair in text_pairs]
        return self.memory.recall(
            keys, lambda places: self.reranker.score([text_pairs[place] for place in places])
        )


@dataclasses.dataclass(frozen=True, slots=True)
class RememberedReader:
    """Passes on to `reader` only what it has not read; `identity` is what else a reading depends on."""

    reader: Reader
    memory: Memory
    identity: str

    def read(
        self, question: str, passages: Sequence[str], headings: Sequence[str] | None = None
    ) -> list[Reading]:
        """One reading a passage, the same as without the memory."""
        before = headings or [""] * len(passages)
        keys = [_digest(self.identity, question, *row) for row in zip(before, passages, strict=True)]

        def read(places: list[int]) -> list[Any]:
            chosen = [[texts[place] for place in places] for texts in (passages, before)]
            return [dataclasses.astuple(reading) for reading in self.reader.read(question, *chosen)]

        return [_reading(*value) for value in self.memory.recall(keys, read)]

    def support(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """As the reader's."""
        keys = [_digest(self.identity, "support", *pair) for pair in pairs]
        return self.memory.recall(
            keys, lambda places: self.reader.support([pairs[place] for place in places])
        )


@dataclasses.dataclass(frozen=True, eq=False, kw_only=True)
class RememberedRetriever(Retriever):
    """A retriever that runs a vector search only for questions it has not seen."""

    memory: Memory
    identity: str

    def dense(self, question: str, count: int, filters: Filters) -> list[tuple[str, int, float]]:
        """As the retriever's."""
        key = _digest(self.identity, question, str(count), repr(filters))
        (found,) = self.memory.recall(
            [key], lambda _: [super(RememberedRetriever, self).dense(question, count, filters)]
        )
        return [(article, position, similarity) for article, position, similarity in found]


def with_memory(retriever: Retriever, settings: Settings, memory: Memory | None = None) -> Retriever:
    """The retriever with a memory, of those of its models whose names say what they are."""
    memory = memory or Memory(settings.cache / FILE)
    reader: Any = retriever.reader
    if reader is not None:
        read_by = f"{reader_model.reader_id(settings.reader)} {reader_model.MAX_TOKENS}"
        reader = RememberedReader(reader, memory, read_by)
    reranker = remembered(retriever.reranker, settings, memory)
    articles = json.dumps(sorted(retriever.index.catalogue.fingerprints().items()))
    fields = {field.name: getattr(retriever, field.name) for field in dataclasses.fields(Retriever)}
    return RememberedRetriever(
        **fields | {"reader": reader, "reranker": reranker},
        memory=memory,
        identity=_digest(repr(identity(settings)), articles),
    )


def remembered(
    reranker: Reranker | None, settings: Settings, memory: Memory | None = None
) -> Reranker | None:
    """The reranker of these settings with a memory; without one where its name does not say what it is."""
    known = packaged.known(settings.reranker)
    if reranker is None or known is None:
        return reranker
    memory = memory or Memory(settings.cache / FILE)
    return Remembered(reranker, memory, f"{known.sha256} {MAX_TOKENS} {ARITHMETIC}")


def _digest(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:24]


def _reading(start: int, end: int, answers: float, span: float, starts: Sequence[Sequence[Any]]) -> Reading:
    return Reading(start, end, answers, span, tuple((place, chance) for place, chance in starts))
