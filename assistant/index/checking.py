"""Whether an index is whole: what is damaged in it, and where its parts do not agree."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from assistant.corpus.chunking import to_document
from assistant.errors import AssistantError, IndexOutdated
from assistant.index import manifest, snapshots
from assistant.index.catalogue import database
from assistant.index.catalogue.lexical import CATALOGUE, Catalogue
from assistant.index.vectors import chroma, served
from assistant.index.vectors.connection import Server
from assistant.index.vectors.writing import Store

PART = 500
"""Articles compared at a time."""


def disagreements(path: Path, server: Server | None = None) -> list[str]:
    """What is damaged in the finished index at `path`, and where vectors, catalogue and manifest do not
    agree, a line each: nothing if all is well, or if no run was ever finished. `server` holds the vectors, if
    the index's folder does not.

    It reads everything, which takes some seconds for ten thousand articles.
    """
    state = snapshots.current(path)
    if state is None:
        named = (path / snapshots.CURRENT).exists()
        return [f"{path / snapshots.CURRENT} does not name a finished state"] if named else []
    try:
        layers = snapshots.layers(state)
        found = [fault for layer in layers for fault in _faults(layer, server)]
        # Chroma is given no damaged file: it may take the process with it.
        if found:
            return found
        # On a server are the vectors of both, but of the base's perhaps not all any more.
        alone = server is None and len(layers) > 1
        return [
            line
            for layer in (layers if alone else [state])
            for line in _parts(path, layer, server, alone=alone)
        ]
    except IndexOutdated:  # no damage: the next run makes it anew
        return []
    except AssistantError as error:
        return [str(error)]


def _faults(state: Path, server: Server | None) -> list[str]:
    """What is damaged of a state's files."""
    files = {state / CATALOGUE: "passages"}
    if server is None:
        files[state / chroma.STORE / "chroma.sqlite3"] = ""
    found = manifest.faults(state)
    found += [f"{file.name} is missing" for file in files if not file.is_file()]
    return found or [fault for file, table in files.items() for fault in database.faults(file, table)]


def _parts(path: Path, state: Path, server: Server | None, *, alone: bool) -> list[str]:
    """Where vectors and catalogue of a state do not agree, or `alone` what it holds itself of them."""
    with chroma.store_errors(path, OSError), ExitStack() as stack:
        catalogue = stack.enter_context(closing(Catalogue(state / CATALOGUE, alone=alone)))
        copy = chroma.copied(state) if server is None else None
        folder = Path(stack.enter_context(copy)) if copy else state
        store = served.store_of(path, folder, catalogue, server)
        stack.callback(store.close)
        return list(_differences(catalogue, store))


def _differences(catalogue: Catalogue, store: Store) -> Iterator[str]:
    """Where the vectors differ from the catalogue, and it from itself. Raises IndexMismatch for what cannot
    be read."""
    yield from (f"article {name} is of a run that did not finish" for name in catalogue.pending())
    if catalogue.torn():
        yield "the catalogue's articles, passages and full-text index do not belong together"
    seen = 0
    for names in chroma.in_parts(list(catalogue.fingerprints()), PART):
        wanted: dict[str, tuple[str, dict[str, Any]]] = {}
        for article in filter(None, map(catalogue.article, names)):
            for chunk in catalogue.chunks(article):
                document = to_document(chunk, article)
                name, metadata = store.record(document, article)
                wanted[name] = document.page_content, metadata
        got = store.get({"article": {"$in": names}}, ["documents", "metadatas", "embeddings"])
        held = dict(zip(got["ids"], zip(got["documents"], got["metadatas"], strict=True), strict=True))
        seen += len(held)
        if store.shared:
            held = {name: one for name, one in held.items() if name in wanted}
        for name in sorted(wanted.keys() | held.keys()):
            if name not in held:
                yield f"passage {name} has no vector"
            elif wanted.get(name) != held[name]:
                yield f"the vector of passage {name} is of another text"
    if (count := store.count()) != seen and not store.shared:
        yield f"{count - seen} vectors are of no article"
