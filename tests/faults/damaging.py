"""What is said of an index that may be damaged, in a process of its own, which it may take down.

    python damaging.py < indexes      for each path, a line of JSON (see `said`)

A process is made for each, as in `killing`.
"""

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from forking import serve


def ask(path: Path) -> None:
    """Everything that a question asks of an index."""
    from indexing import EVERYTHING, IDENTITY

    from assistant.index.filters import Filters
    from assistant.index.opened import Index

    with closing(Index.open(path, IDENTITY)) as index:
        catalogue = index.catalogue
        for filters in (EVERYTHING, Filters(section="energy")):
            hits = index.dense([1.0] * 8, 50, filters) + catalogue.search("word about", 50, filters)
            for name, position, _ in hits:
                article = catalogue.article(name)
                assert article is None or article.id == name
                if article is not None:
                    catalogue.chunk(article, position)
            catalogue.newest(filters)
            catalogue.page(filters, 100, 0)
        catalogue.headlines()
        catalogue.known("section")
        catalogue.known("outlet")
        for name in ("stamp", "reading", "summary", "embedder"):
            catalogue.fact(name)


def update(path: Path) -> None:
    """A run, as `assistant index` does it."""
    from indexing import IDENTITY, LATER, embedding

    from assistant.index.sync import sync

    sync(path, LATER, embedding(), IDENTITY)


def said(path: Path) -> dict[str, object]:
    """What the doctor finds, and what is said when the index is asked and updated: nothing if all is well."""
    from assistant.errors import AssistantError
    from assistant.index.checking import disagreements

    def message(work: Callable[[Path], None]) -> str:
        try:
            work(path)
        except AssistantError as error:
            return str(error)
        return ""

    return {"found": disagreements(path), "asked": message(ask), "updated": message(update)}


def main() -> None:
    """Imports what may be needed, and waits for indexes."""
    import chromadb
    import chromadb_rust_bindings
    import indexing
    import langchain_chroma

    del chromadb, chromadb_rust_bindings, indexing, langchain_chroma
    serve(lambda line: json.dumps(said(Path(line))))


if __name__ == "__main__":
    main()
