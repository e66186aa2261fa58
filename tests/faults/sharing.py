"""Writers and readers of one index, in processes of their own, for some seconds.

    python sharing.py JOB      JSON: index, corpora, writers, readers, seconds, and outgrown for a large index

Each process prints a line of JSON at its end: its kind, how often it did its work, and what went wrong.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any


def write(news: list[Any], turn: int) -> str:
    """Indexes the corpora in turn, every third time from nothing."""
    from assistant.errors import IndexBusy

    try:
        news[turn % 2].index(rebuild=turn % 3 == 2)
    except IndexBusy:
        return "busy"
    return "done"


def read(news: list[Any], turn: int) -> str:
    """Searches, and goes through the articles: each time all are of one generation."""
    reader = news[0]
    found = {generation(one.text) for one in reader.search("a passage of a generation", k=10).passages}
    stored = {generation(one.text) for one in reader.articles()}
    assert len(found) == len(stored) == 1, (found, stored)
    if turn % 7 == 6:
        reader.close()
    return "done"


def generation(text: str) -> str:
    """Which the text says it is of."""
    return text.split("generation ")[1].partition(".")[0]


def work(kind: str, job: dict[str, Any]) -> None:
    """One process: the same again until its time is over."""
    from assistant.api.assistant import Assistant
    from assistant.settings import load_settings

    if "outgrown" in job:
        from indexing import lie_on_bases

        lie_on_bases(job["outgrown"])
    wrong, counts = "", {"done": 0, "busy": 0}
    try:
        limits: dict[str, Any] = {"reranker": "none", "reader": "none", "threads": 1}
        places = [{"index": Path(job["index"]), "corpus": Path(corpus)} for corpus in job["corpora"]]
        news = [Assistant(load_settings(model="extractive", **limits, **place)) for place in places]
        until, turn = time.monotonic() + job["seconds"], 0
        while time.monotonic() < until:
            counts[(write if kind == "writer" else read)(news, turn)] += 1
            turn += 1
    except BaseException as error:
        wrong = f"{type(error).__name__}: {error}"
    os.write(1, f"{json.dumps([kind, counts, wrong])}\n".encode())  # in one piece, as others write too


def main() -> None:
    """Forks them all from one process that has imported everything and opened nothing."""
    import chromadb
    import chromadb_rust_bindings
    import langchain_chroma
    import onnxruntime

    import assistant.api.build
    import assistant.api.search
    import assistant.retrieval.retriever

    del chromadb, chromadb_rust_bindings, langchain_chroma, onnxruntime, assistant
    job = json.loads(sys.argv[1])
    for kind in ["writer"] * job["writers"] + ["reader"] * job["readers"]:
        if os.fork() == 0:
            try:
                work(kind, job)
            finally:
                os._exit(0)
    for _ in range(job["writers"] + job["readers"]):
        os.wait()


if __name__ == "__main__":
    main()
