"""What lies on a base is taken over when the two are made one, without being embedded again."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assistant.corpus.article import Article, fingerprint
from assistant.index import snapshots
from assistant.index.catalogue.lexical import CATALOGUE, Catalogue
from assistant.index.encoding import EncodedArticle
from assistant.index.manifest import Manifest, check
from assistant.index.vectors import chroma, served
from assistant.index.vectors.chroma import Identity
from assistant.index.vectors.connection import Server
from assistant.index.vectors.writing import Store


@dataclass(frozen=True, slots=True)
class Upper:
    """What a state holds that its base does not, in memory: a few hundredths of what the base holds."""

    encoded: Mapping[str, EncodedArticle]
    known: dict[str, str]
    """The fingerprints of all articles of the state, those of the base among them, by their ids."""

    def holds(self, article: Article) -> bool:
        """Whether the article is among them, as it is."""
        known = self.encoded.get(article.id)
        return known is not None and fingerprint(known.article) == fingerprint(article)


def read_upper(path: Path, identity: Identity, server: Server | None) -> Upper | None:
    """What lies on a base in the current state; None if it lies on none.

    Raises IndexMismatch when it is damaged, or was made with other settings.
    """
    state = snapshots.current(path)
    if state is None or snapshots.base(state) is None:
        return None
    check(path, Manifest(state))
    with (
        closing(Catalogue(state / CATALOGUE)) as whole,
        closing(Catalogue(state / CATALOGUE, alone=True)) as catalogue,
        closing(served.store_of(path, state, catalogue, server)) as store,
    ):
        chroma.check_identity(store.metadata, identity, path)
        articles = filter(None, map(catalogue.article, catalogue.fingerprints()))
        encoded = {article.id: _encoded(article, catalogue, store) for article in articles}
        kept = {name: one for name, one in encoded.items() if len(one.vectors) == len(one.chunks)}
        return Upper(kept, whole.fingerprints())


def _encoded(article: Article, catalogue: Catalogue, store: Store) -> EncodedArticle:
    """An article with the vectors of its chunks, as far as they are there."""
    chunks = catalogue.chunks(article)
    names = [store.name(chunk, article) for chunk in chunks]
    vectors = store.vectors(names)
    found = [vectors[name] for name in names if name in vectors]
    return EncodedArticle(article, chunks, np.array(found, np.float32))
