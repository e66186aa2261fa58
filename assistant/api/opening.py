"""The index that the settings mean: what it is made with, and where its vectors lie."""

from __future__ import annotations

import os

from assistant.api.remembered import embedder_of
from assistant.index.opened import Index
from assistant.index.vectors.chroma import Identity
from assistant.index.vectors.connection import Server
from assistant.settings import Settings

CHROMA_TOKEN = "ASSISTANT_CHROMA_TOKEN"
"""The variable that holds the token for the Chroma server."""


def identity(settings: Settings) -> Identity:
    """The embedder and chunking of an index built with these settings."""
    from assistant.models.encoders.embeddings import embedder_id

    return Identity(embedder_id(embedder_of(settings)), settings.chunk_words)


def chroma_server(settings: Settings) -> Server | None:
    """The Chroma server that holds the vectors, if one does. Raises SettingsError."""
    return Server(settings.chroma, os.environ.get(CHROMA_TOKEN, "")) if settings.chroma else None


def opened(settings: Settings) -> Index:
    """The index as it is. Raises what `Index.open` does."""
    return Index.open(settings.index_path, identity(settings), chroma_server(settings))
