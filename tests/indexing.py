"""A corpus to index, and the whole of what an index of it holds."""

import datetime as dt
from contextlib import closing
from pathlib import Path

from langchain_core.embeddings import DeterministicFakeEmbedding
from pydantic import Field

from assistant.corpus.articles import Article
from assistant.index import snapshots
from assistant.index import sync as syncing
from assistant.index.catalogue import layers
from assistant.index.checking import disagreements
from assistant.index.filters import Filters
from assistant.index.opened import Index
from assistant.index.vectors import reading
from assistant.index.vectors.chroma import Identity

IDENTITY = Identity("fake@1", 40)
EVERYTHING = Filters()


class CountingEmbedding(DeterministicFakeEmbedding):
    """Counts the texts that it embeds, and is interrupted before those that are too many."""

    texts: list[str] = Field(default_factory=list)
    most: int | None = None

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        if self.most is not None and len(self.texts) + len(texts) > self.most:
            raise KeyboardInterrupt
        self.texts.extend(texts)
        return super().embed_documents(texts)


def embedding(most: int | None = None) -> CountingEmbedding:
    return CountingEmbedding(size=8, most=most)


def article(name: str, paragraphs: int = 2, word: str = "word") -> Article:
    text = "\n\n".join(f"{name} {n} {word} " + "and more words " * 9 for n in range(paragraphs))
    day = dt.date(2025, 1, 1) + dt.timedelta(days=sum(map(ord, name)) % 300)
    return Article(name, f"About {name}", text, day, "war" if name < "c" else "energy")


CORPUS = [article(name) for name in "abcdef"]
LATER = [article("a"), article("b", 1), article("c", 3, "changed"), article("e"), article("g")]


def lie_on_bases(outgrown: float) -> None:
    """Has runs in this process take every index for a large one; what lies on a base is made one with it
    beyond that share."""
    syncing.LARGE, layers.OUTGROWN = 0, outgrown


def whole(path: Path) -> dict[str, str]:
    """Everything both stores hold, once checked against each other: chunk id -> what is embedded."""
    state = snapshots.current(path)
    assert state
    chunks: dict[str, str] = {}
    with closing(Index.open(path, IDENTITY)) as index:
        for layer in snapshots.layers(state):
            with closing(reading.ByChroma(path, layer)) as chroma:
                stored = chroma._store.get()
            hidden = index.catalogue.gone() if layer != state else ()
            chunks |= {
                id: text
                for id, text in zip(stored["ids"], stored["documents"], strict=True)
                if id.rpartition("#")[0] not in hidden
            }
        articles = [index.catalogue.article(name) for name in index.catalogue.matching(EVERYTHING)]
        listed = [
            index.catalogue.chunk(one, position)
            for one in articles
            if one
            for position in range(sum(id.rpartition("#")[0] == one.id for id in chunks))
        ]
        assert sorted(chunk.id for chunk in listed if chunk) == sorted(chunks)
        assert all(chunk and chunk.text in chunks[chunk.id] for chunk in listed)
        assert index.catalogue.counts()[:2] == (len(articles), len(chunks))
        assert index.catalogue.pending() == []
    assert disagreements(path) == []
    return chunks
