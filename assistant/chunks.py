"""Chunks: the passages of an article that are embedded, found and shown to a model.

A chunk is a run of whole sentences from one article, with exact character offsets. What is embedded is the
chunk's text behind its article's headline and date; what is quoted is always `article.text[start:end]`.
"""

from __future__ import annotations

from dataclasses import dataclass


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
