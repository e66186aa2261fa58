"""Indexing on Ray: articles travel to the workers, chunks and vectors come back to the one that writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property, partial
from pathlib import Path

from assistant.api.opening import identity
from assistant.cluster.workers import Worker, check_installed, here, workers
from assistant.corpus.articles import Article
from assistant.errors import IndexMismatch
from assistant.index.encoding import Encode, EncodedArticle, Encoder
from assistant.index.vectors.chroma import Identity
from assistant.models import packaged
from assistant.settings import Settings


def encoding(address: str) -> Callable[[Settings], Encode]:
    """What encodes on the Ray cluster there, for `build_index`. Raises ExtraMissing.

    The workers start with the first batch, so a run without changes needs none.
    """
    check_installed()

    def with_settings(settings: Settings) -> Encode:
        return partial(_encode, address, settings)

    return with_settings


def _encode(
    address: str, settings: Settings, batches: Iterable[list[Article]]
) -> Iterator[list[EncodedArticle]]:
    # What runs without torch makes no use of a GPU.
    gpu = not packaged.is_light(settings.embedder)
    with workers(address, EncodingWorker, settings, identity(settings), gpu=gpu) as pool:
        yield from pool.map(partial(pool.call, "encode"), batches)


class EncodingWorker(Worker):
    """Encodes batches of articles; it reads no files but the embedder's."""

    def __init__(self, settings: Settings, folder: Path, wanted: Identity) -> None:
        super().__init__(settings, folder)
        self._wanted = wanted

    def load(self) -> None:
        """Loads the embedder. Raises ModelError, and IndexMismatch if it would encode differently here."""
        self._encoder  # noqa: B018

    def encode(self, articles: list[Article]) -> list[EncodedArticle]:
        """A batch. Raises ModelError."""
        return self._encoder(articles)

    @cached_property
    def _encoder(self) -> Encoder:
        from assistant.models.encoders.embeddings import load_embeddings

        wanted, found = self._wanted.metadata(), identity(self.settings).metadata()
        if found != wanted:
            raise IndexMismatch(
                f"the worker on {here()} would embed with {found}, not {wanted};"
                " install the same news-assistant and models there"
            )
        name, cache, threads = self.settings.embedder, self.settings.cache, self.settings.threads
        embeddings = load_embeddings(name, cache, for_queries=False, threads=threads)
        return Encoder(embeddings, self.settings.chunk_words)
