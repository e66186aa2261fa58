"""Runs of `assistant index` in processes of their own, each killed at a moment or at a file that it opens.

One process imports everything and opens no index; each run is a copy of it (fork), so that it starts at once.

    python killing.py < jobs      a job a line, as JSON (see `run`)
"""

import json
import os
import resource
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from forking import serve

OPERATIONS = {
    "open", "os.fsync", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "shutil.copyfile",
    "shutil.copytree", "shutil.rmtree", "sqlite3.connect",
}  # fmt: skip
"""What Python reports before it is done; fsync is reported by `reporting_fsync`."""


def kill_at(operation: int, seconds: float) -> None:
    """The process is killed so long after it has come to its file-system operation of that number; 0 is at
    once."""
    done = 0
    killed = threading.Event()

    def wait() -> None:
        killed.wait()
        time.sleep(seconds)
        os.kill(os.getpid(), signal.SIGKILL)

    def hook(event: str, _: object) -> None:
        nonlocal done
        done += event in OPERATIONS
        if done == operation and not killed.is_set():
            killed.set()
            if not seconds:
                os.kill(os.getpid(), signal.SIGKILL)

    fsync = os.fsync

    def reporting_fsync(descriptor: int) -> None:
        sys.audit("os.fsync", descriptor)
        fsync(descriptor)

    os.fsync = reporting_fsync
    threading.Thread(target=wait, daemon=True).start()
    sys.addaudithook(hook)


def run(job: dict[str, Any]) -> None:
    """One run, as `assistant index` does it, or with stand-in vectors of many articles, so many that Chroma
    writes files of its own."""
    path = Path(job["index"])
    if job["kill"]:
        kill_at(**job["kill"])
    if job["largest"]:
        resource.setrlimit(resource.RLIMIT_FSIZE, (job["largest"], job["largest"]))
    if "outgrown" in job:
        from indexing import lie_on_bases

        lie_on_bases(job["outgrown"])
    if "many" in job:
        from indexing import IDENTITY, article, embedding

        from assistant.index.sync import sync

        articles = [article(f"a{number:03}", 20, job["word"]) for number in range(job["many"])]
        sync(path, articles, embedding(), IDENTITY, rebuild=job["rebuild"])
        return
    from assistant.api.assistant import Assistant
    from assistant.settings import load_settings

    settings = load_settings(index=path, corpus=Path(job["corpus"]), model="extractive", **job["settings"])
    Assistant(settings).index(rebuild=job["rebuild"])


def main() -> None:
    """Forks a process for each job, and writes its exit status and what it printed as a line of JSON."""
    import chromadb
    import chromadb_rust_bindings
    import indexing
    import langchain_chroma
    import onnxruntime
    import tokenizers

    import assistant.api.build
    import assistant.index.sync
    import assistant.models.encoders.embeddings

    del chromadb, chromadb_rust_bindings, langchain_chroma, onnxruntime, tokenizers, indexing, assistant

    def work(line: str) -> str:
        run(json.loads(line))
        return ""

    serve(work)


if __name__ == "__main__":
    main()
