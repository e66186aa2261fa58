"""What lies on a base is taken over when the two are made one, without being embedded again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import numpy as np

from assistant.corpus.article import Article, fingerprint
from assistant.errors import IndexMismatch
from assistant.index import manifest, snapshots
from assistant.index.catalogue.database import REBUILD
from assistant.index.catalogue.lexical import CATALOGUE, Catalogue
from assistant.index.encoding import EncodedArticle
from assistant.index.vectors import chroma, served
from assistant.index.vectors.chroma import Identity
from assistant.index.vectors.connection import Server
from assistant.index.vectors.writing import Store


class Upper:
    """The articles of a state that do not lie in its base."""

    def __init__(self, path: Path, catalogue: Catalogue, store: Store, known: dict[str, str]) -> None:
        self._path, self._catalogue, self._store = path, catalogue, store
        self._fingerprints = catalogue.fingerprints()
        self.known = known
        """The fingerprints of the articles of the whole state, by their ids."""

    def holds(self, article: Article) -> bool:
        """Whether the article is among them, as it is."""
        known = self._fingerprints.get(article.id)
        return known is not None and known == fingerprint(article)

    def encoded(self, batches: Iterable[list[Article]]) -> Iterator[list[EncodedArticle]]:
        """Articles that it holds, as they were encoded. Raises IndexMismatch where a vector is missing."""
        for batch in batches:
            chunks = {article.id: self._catalogue.chunks(article) for article in batch}
            names = {
                article.id: [self._store.name(chunk, article) for chunk in chunks[article.id]]
                for article in batch
            }
            vectors = self._store.vectors([name for own in names.values() for name in own])
            if any(name not in vectors for own in names.values() for name in own):
                raise IndexMismatch(f"the index at {self._path} has lost some of its vectors; {REBUILD}")
            yield [
                EncodedArticle(
                    article,
                    chunks[article.id],
                    np.array([vectors[name] for name in names[article.id]], np.float32),
                )
                for article in batch
            ]


def upper(path: Path, identity: Identity, server: Server | None, stack: ExitStack) -> Upper | None:
    """What lies on a base in the current state, closed by `stack`; None if it lies on none.

    Raises IndexMismatch when it is damaged, or was made with other settings.
    """
    state = snapshots.current(path)
    if state is None or snapshots.base(state) is None:
        return None
    if found := manifest.faults(state):
        raise IndexMismatch(f"the index at {path} is damaged: {found[0]}; {REBUILD}")
    catalogue = stack.enter_context(closing(Catalogue(state / CATALOGUE, alone=True)))
    store = served.store_of(path, state, catalogue, server)
    stack.callback(store.close)
    chroma.check_identity(store.metadata, identity, path)
    with closing(Catalogue(state / CATALOGUE)) as whole:
        return Upper(path, catalogue, store, whole.fingerprints())
