"""Whether an index is whole: what is damaged in it, and where its parts do not agree."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.corpus.chunking import to_document
from assistant.errors import AssistantError, IndexOutdated
from assistant.index import database, manifest, snapshots, vectors
from assistant.index.lexical import CATALOGUE, Catalogue

if TYPE_CHECKING:
    from langchain_chroma import Chroma

PART = 500
"""Articles compared at a time."""


def disagreements(path: Path) -> list[str]:
    """What is damaged in the finished index at `path`, and where vectors, catalogue and manifest do not
    agree, a line each: nothing if all is well, or if no run was ever finished.

    It reads everything, which takes some seconds for ten thousand articles.
    """
    state = snapshots.current(path)
    if state is None:
        named = (path / snapshots.CURRENT).exists()
        return [f"{path / snapshots.CURRENT} does not name a finished state"] if named else []
    catalogue_file, chroma_file = state / CATALOGUE, state / vectors.STORE / "chroma.sqlite3"
    found = manifest.faults(state)
    found += [f"{file.name} is missing" for file in (catalogue_file, chroma_file) if not file.is_file()]
    # Chroma is given no damaged file: it may take the process with it.
    found = found or [*database.faults(catalogue_file, "passages"), *database.faults(chroma_file)]
    if found:
        return found
    try:
        with (
            vectors.store_errors(path, OSError),
            closing(Catalogue(catalogue_file)) as catalogue,
            vectors.copied(state) or nullcontext(state) as folder,
        ):
            store = vectors.open_store(path, Path(folder))
            try:
                return list(_differences(catalogue, store))
            finally:
                vectors.close_store(store)
    except IndexOutdated:  # no damage: the next run makes it anew
        return []
    except AssistantError as error:
        return [str(error)]


def _differences(catalogue: Catalogue, store: Chroma) -> Iterator[str]:
    """Where the vectors differ from the catalogue, and it from itself. Raises IndexMismatch for what cannot
    be read."""
    yield from (f"article {name} is of a run that did not finish" for name in catalogue.pending())
    if catalogue.torn():
        yield "the catalogue's articles, passages and full-text index do not belong together"
    seen = 0
    for names in vectors.in_parts(list(catalogue.fingerprints()), PART):
        articles = filter(None, map(catalogue.article, names))
        known = [to_document(chunk, one) for one in articles for chunk in catalogue.chunks(one)]
        wanted = {document.id: (document.page_content, document.metadata) for document in known}
        where: Any = {"article": {"$in": names}}
        got = store.get(where=where, include=["documents", "metadatas", "embeddings"])
        held = dict(zip(got["ids"], zip(got["documents"], got["metadatas"], strict=True), strict=True))
        seen += len(held)
        for name in sorted(map(str, wanted.keys() | held.keys())):
            if name not in held:
                yield f"passage {name} has no vector"
            elif wanted.get(name) != held[name]:
                yield f"the vector of passage {name} is of another text"
    if (count := store._collection.count()) != seen:
        yield f"{count - seen} vectors are of no article"
