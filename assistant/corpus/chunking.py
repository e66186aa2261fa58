"""Chunks: the passages of an article that are embedded, found and shown to a model.

A chunk is a run of whole sentences from one paragraph or several short ones, with exact character offsets.
The chunk's text is embedded and searched with its article's headline and date before it; a quote is always
`article.text[start:end]`. The vector store's metadata keys are defined only here.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assistant.corpus.articles import Article
from assistant.text.dates import in_words
from assistant.text.languages import base, count_words, words_of

if TYPE_CHECKING:
    from langchain_core.documents import Document

CHUNKING = "sentences-2"
"""Name and version of the way of splitting; an index remembers it together with the most words."""

MIN_WORDS = 25
"""A shorter paragraph is joined to the next one: a lone line says too little to be found by."""

LONGEST = 5000
"""Characters that are split into sentences at a time: over more, unclosed quotation marks take too long."""

_BLANK_LINE = re.compile(r"\n\s*\n")

NEVER = dt.date.max.toordinal() + 1
"""In the vector store, the day on which the newest text is superseded: it cannot look for a lack."""

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Chunk:
    """`text == article.text[start:end]`; `position` counts the chunks of an article from 0."""

    article_id: str
    position: int
    start: int
    end: int
    text: str

    @property
    def id(self) -> str:
        """Deterministic, so that writing a chunk twice leaves one."""
        return f"{self.article_id}#{self.position}"


def sentence_spans(text: str, language: str = "") -> list[Span]:
    """Offsets of the sentences of `text`, in order, without the white space around them.

    `language` is a code such as "de"; empty is English.
    """
    from sentencex import get_sentence_boundaries

    spans: list[Span] = []
    for offset, part in _parts(text):
        for boundary in get_sentence_boundaries(base(language) or "en", part):
            raw = boundary["text"]
            start = offset + boundary["start_index"] + len(raw) - len(raw.lstrip())
            end = offset + boundary["start_index"] + len(raw.rstrip())
            if start >= end:
                continue
            if spans and spans[-1][1] == start and text[start - 1] == ".":
                start = spans.pop()[0]  # a full stop inside a name: Novosti.Live
            spans.append((start, end))
    return spans


def _parts(text: str) -> Iterator[tuple[int, str]]:
    """A text in parts of at most `LONGEST` characters with their offsets, cut at the end of a line, a
    sentence or a word as far as there is one."""
    start = 0
    while len(text) - start > LONGEST:
        half, most = start + LONGEST // 2, start + LONGEST
        ends = (text.rfind(mark, half, most) + 1 for mark in ("\n", ". ", " "))
        end = next(filter(None, ends), most)
        yield start, text[start:end]
        start = end
    yield start, text[start:]


def split_article(article: Article, most_words: int) -> list[Chunk]:
    """The chunks of an article, in order: non-empty, not overlapping, and of at most `most_words` words."""
    pieces = _paragraph_pieces(article.text, most_words, article.language)
    spans = _join_short(list(pieces), article.text, most_words)
    return [
        Chunk(article.id, position, start, end, article.text[start:end])
        for position, (start, end) in enumerate(spans)
    ]


def _paragraph_pieces(text: str, most_words: int, language: str) -> Iterator[Span]:
    """Each paragraph, cut between sentences into even pieces where it is too long."""
    breaks = [match.span() for match in _BLANK_LINE.finditer(text)]
    starts = [0, *(end for _, end in breaks)]
    ends = [*(start for start, _ in breaks), len(text)]
    for offset, end in zip(starts, ends, strict=True):
        body = text[offset:end]
        sentences = sentence_spans(body, language)
        units = [unit for span in sentences for unit in _cut_long(body, span, most_words)]
        total = sum(_words(body, unit) for unit in units)
        # Even pieces: a paragraph of 170 words becomes 85 + 85, not 160 and a stray sentence.
        target = total / -(-total // most_words) if total else 1
        for first, last in _pack(body, units, most_words, target):
            yield offset + first, offset + last


def _pack(text: str, units: list[Span], most_words: int, target: float) -> Iterator[Span]:
    piece: list[Span] = []
    words = 0
    for unit in units:
        more = _words(text, unit)
        if piece and (words + more > most_words or words >= target):
            yield piece[0][0], piece[-1][1]
            piece, words = [], 0
        piece.append(unit)
        words += more
    if piece:
        yield piece[0][0], piece[-1][1]


def _cut_long(text: str, span: Span, most_words: int) -> Iterator[Span]:
    """A sentence of more than `most_words` words in pieces; any other as it is."""
    words = words_of(text, *span)
    for first in range(0, len(words), most_words):
        part = words[first : first + most_words]
        yield part[0][0], part[-1][1]


def _join_short(spans: list[Span], text: str, most_words: int) -> list[Span]:
    joined: list[Span] = []
    for span in spans:
        if joined and _words(text, joined[-1]) < MIN_WORDS:
            both = (joined[-1][0], span[1])
            if _words(text, both) <= most_words:
                joined[-1] = both
                continue
        joined.append(span)
    return joined


def _words(text: str, span: Span) -> int:
    return count_words(text, *span)


def heading(article: Article) -> str:
    """The line before a chunk in what is embedded and matched: headline, and date where known."""
    day = article.published
    return f"{article.title} ({in_words(day)})" if day else article.title


def passage_text(chunk: Chunk, article: Article) -> str:
    """What is embedded of a chunk: its text under the article's heading."""
    return f"{heading(article)}\n{chunk.text}"


def to_document(chunk: Chunk, article: Article) -> Document:
    """The vector store's record of a chunk. `published`, `written` and `superseded` are ordinal days, so that
    they can be compared."""
    from langchain_core.documents import Document

    metadata: dict[str, Any] = {
        "article": article.id,
        "position": chunk.position,
        "start": chunk.start,
        "end": chunk.end,
        "title": article.title,
        "section": article.section,
        "superseded": article.superseded.toordinal() if article.superseded else NEVER,
    }
    if article.published:
        metadata["date"] = article.published.isoformat()
        metadata["published"] = article.published.toordinal()
    if article.written:
        metadata["written"] = article.written.toordinal()
    return Document(id=chunk.id, page_content=passage_text(chunk, article), metadata=metadata)
