"""What an embedder and a reranker can do, as LangChain's `Embeddings` and `BaseCrossEncoder` can.

Said as protocols, because importing LangChain takes a question longer than answering it.
"""

from __future__ import annotations

from typing import Protocol


class Embeddings(Protocol):
    """Texts to vectors, of length 1 where this project makes them."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One vector a text."""

    def embed_query(self, text: str) -> list[float]:
        """The vector of a question."""


class Reranker(Protocol):
    """Reads a question and a passage together."""

    def score(self, text_pairs: list[tuple[str, str]]) -> list[float]:
        """One logit a pair of (question, passage), higher is better."""
