"""BM25 (Robertson and Zaragoza 2009) over the passages of a catalogue and those of its base.

SQLite's FTS5 scores a table by the words of that table alone. So what lies on a base, few passages beside
very many, is scored here, as FTS5 would score it if one table held all.
"""

from __future__ import annotations

import json
import math
import re
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from typing import Any

from assistant.index.catalogue.layers import Layer
from assistant.index.filters import Filters
from assistant.text.languages import STOP_WORDS, bigrams
from assistant.text.normalize import acronyms

TOKENIZER = "tokenize = 'porter unicode61 remove_diacritics 2'"

HEADING_WEIGHT = 0.5
"""Weight of a word in the headline against one in the passage; set by judgement, not tuned."""

K1, B, LEAST = 1.2, 0.75, 1e-6
"""FTS5's: how soon repetition stops to count, how much length does, and what a word that stands in most
passages counts."""

_TERM = re.compile(r"\w+")

Rows = Callable[..., list[Any]]
"""Asks a catalogue: a query and its values."""


def query_terms(query: str) -> list[str]:
    """The words of a query that are worth looking up: lower case, without stop words, each once."""
    terms = dict.fromkeys(term.lower() for term in _TERM.findall(bigrams(query)))
    named = acronyms(query)
    kept = [term for term in terms if term not in STOP_WORDS or term in named]
    return kept or list(terms)


def any_of(terms: Iterable[str]) -> str:
    """An FTS5 expression for any of the words; every one is quoted, so none is an operator."""
    return " OR ".join(f'"{term}"' for term in terms)


def standing(rows: Rows, term: str, layer: str) -> int:
    """In how many passages of a layer a word stands."""
    return int(rows(f"SELECT count(*) FROM {layer}.passages WHERE passages MATCH ?", (any_of([term]),))[0][0])


def best(
    rows: Rows,
    layers: Sequence[Layer],
    terms: Sequence[str],
    k: int,
    filters: Filters,
    most: int | None = None,
) -> list[tuple[str, int, float]]:
    """The k best chunks with any of the words that pass the filters, of the `most` best of each layer or of
    all: (article id, position, score), best first, ties broken by id."""
    if not terms:
        return []
    condition, values = filters.sql()
    lowest = layers[-1].name
    limit, count = ("", []) if most is None else (" ORDER BY score DESC LIMIT ?", [most])
    found: list[tuple[str, int, float]] = []
    for name, live in layers:
        if name == lowest:
            scores = (
                "SELECT rowid AS number, -bm25(passages, ?, 1.0) AS score"
                f" FROM {name}.passages WHERE passages MATCH ?"
            )
            asked: list[object] = [HEADING_WEIGHT, any_of(terms)]
        else:
            scores = "SELECT CAST(key AS INTEGER) AS number, value AS score FROM json_each(?)"
            asked = [json.dumps(_scores(rows, terms, lowest))]
        found += rows(
            f"SELECT chunks.article, chunks.position, best.score FROM ({scores}{limit}) AS best"
            f" JOIN {name}.chunks AS chunks ON chunks.rowid = best.number"
            f" JOIN {name}.articles AS articles ON articles.id = chunks.article"
            f" WHERE {condition} AND {live}"
            " ORDER BY best.score DESC, chunks.article, chunks.position LIMIT ?",
            [*asked, *count, *values, k],
        )
    return sorted(found, key=lambda hit: (-hit[2], hit[0], hit[1]))[:k]


def _scores(rows: Rows, terms: Sequence[str], base: str) -> dict[int, float]:
    """The score of each passage on the base in which a word stands, by its number."""
    here, below = (
        list(_integers(rows(f"SELECT block FROM {layer}.passages_data WHERE id = 1")[0][0])) or [0]
        for layer in ("main", base)
    )
    count = here[0] + below[0]
    usual = sum(here[1:] + below[1:]) / max(count, 1)
    found = [
        (standing(rows, term, base), _weights(rows, stems))
        for term, stems in zip(terms, _stems(terms), strict=True)
    ]
    numbers = json.dumps(sorted({passage for _, weights in found for passage in weights}))
    lengths = {
        passage: sum(_integers(size))
        for passage, size in rows(
            "SELECT id, sz FROM main.passages_docsize WHERE id IN (SELECT value FROM json_each(?))",
            (numbers,),
        )
    }
    scores = defaultdict[int, float](float)
    for below_it, weights in found:
        held = below_it + len(weights)
        rarity = max(LEAST, math.log((count - held + 0.5) / (held + 0.5)))
        for passage, weight in weights.items():
            length = K1 * (1 - B + B * lengths[passage] / usual)
            scores[passage] += rarity * weight * (K1 + 1) / (weight + length)
    return scores


def _weights(rows: Rows, stems: Sequence[str]) -> dict[int, float]:
    """How often these stems stand in a row in each passage, those in the headline weighed."""
    found: list[tuple[int, str, int]] = []
    for place, stem in enumerate(stems):
        query = "SELECT doc, col, offset - ? FROM temp.places WHERE term = ?"
        starts = rows(query, (place, stem))
        found = starts if place == 0 else sorted(set(found).intersection(starts))
    weights = defaultdict[int, float](float)
    for passage, column, _ in found:
        weights[passage] += HEADING_WEIGHT if column == "heading" else 1.0
    return weights


def _stems(terms: Sequence[str]) -> list[list[str]]:
    """What the tokenizer makes of each word: one stem, or several where it is written together."""
    with closing(sqlite3.connect(":memory:")) as memory:
        memory.execute(f"CREATE VIRTUAL TABLE words USING fts5(word, {TOKENIZER})")
        memory.execute("CREATE VIRTUAL TABLE stems USING fts5vocab(words, instance)")
        memory.executemany("INSERT INTO words (rowid, word) VALUES (?, ?)", enumerate(terms))
        found: list[list[str]] = [[] for _ in terms]
        for number, stem in memory.execute("SELECT doc, term FROM stems ORDER BY doc, offset"):
            found[number].append(stem)
        return found


def _integers(block: bytes) -> Iterator[int]:
    """The integers that SQLite wrote one behind another, seven bits to a byte."""
    value = 0
    for byte in block:
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            yield value
            value = 0
