"""haiku.rag, to compare with: an environment of its own, how it is set up, and the articles it is given.

It comes from PyPI, on first use, into the cache folder, and never into this project's environment. Otherwise
it is as it comes, except that it embeds by way of `endpoint`; that its chunker counts the tokens of that
embedder, as the tokenizer it would take has to be downloaded; and that Docling, which reads Markdown for it,
is without its models of pages.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from assistant.corpus.articles import Article, read_corpus
from assistant.errors import AssistantError
from assistant.models.encoders.embeddings import BGE, BGE_QUERY
from assistant.text.dates import in_words
from eval.benchmarks.command import notice

VERSION = "0.101.1"
# Not its extra "docling", which brings torch for pages of PDF: articles are Markdown.
PACKAGES = (f"haiku.rag-slim=={VERSION}", "docling-slim[convert-core,feat-chunking,format-markdown]==2.142.0")

VARIABLES = {"HF_HUB_OFFLINE": "1", "LOGFIRE_IGNORE_NO_CONFIG": "1", "NO_PROXY": "127.0.0.1"}
"""It asks for nothing but the endpoint; its telemetry sends nothing unless it is configured."""

OPEN = """
import asyncio, json, sys, time
from haiku.rag.client import HaikuRAG
from haiku.rag.client.documents import DocumentImport
from haiku.rag.config import AppConfig
config, store, file, *questions = sys.argv[1:]
config = AppConfig.model_validate(json.loads(config))
"""

INDEX = """
async def main():
    async with HaikuRAG(store, config=config, create=True) as client:
        imports = []
        for article in json.load(open(file)):
            document = await client.convert(article["content"])
            chunks = await client.chunk(document)
            imports.append(DocumentImport(document, chunks, uri=article["id"], title=article["title"]))
        await client.import_documents(imports)
asyncio.run(main())
"""

SEARCH = """
async def main():
    rows = []
    async with HaikuRAG(store, config=config, read_only=True) as client:
        for question in questions:
            start = time.perf_counter()
            found = [result.document_uri for result in await client.search(question, limit=5)]
            rows.append([time.perf_counter() - start, found])
    json.dump(rows, open(file, "w"))
asyncio.run(main())
"""


def configuration(address: str, tokenizer: Path) -> str:
    """The endpoint, which embeds a text as it comes, so with the prompt of a question; and the tokenizer."""
    width = json.loads((tokenizer / "config.json").read_text(encoding="utf-8"))["hidden_size"]
    model = {"provider": "openai", "name": BGE, "vector_dim": width, "base_url": address, "api_key": "none"}
    embeddings = {"model": model | {"query_prefix": BGE_QUERY}}
    return json.dumps({"embeddings": embeddings, "processing": {"chunking_tokenizer": str(tokenizer)}})


def write_articles(corpus: Path, file: Path) -> int:
    """Writes the articles in Markdown, into a file of JSON; how many they are."""
    rows = [
        {"id": article.id, "title": article.title, "content": _page(article)}
        for article in read_corpus(corpus)
    ]
    file.write_text(json.dumps(rows), encoding="utf-8")
    return len(rows)


def _page(article: Article) -> str:
    """As a page shows it, headline and day before the text."""
    day = f"{in_words(article.published)}\n\n" if article.published else ""
    return f"# {article.title}\n\n{day}{article.text}"


def installed(cache: Path, python: str | None = None) -> Path:
    """The Python of an environment with haiku.rag, which is made where it is not there yet, or not whole.

    Raises AssistantError.
    """
    folder = cache / "bench" / f"haiku.rag-{VERSION}"
    interpreter, ready = folder / "bin" / "python", folder / "ready"
    if not (ready.is_file() and ready.read_text(encoding="utf-8") == repr(PACKAGES)):
        base = new_enough([python] if python else [sys.executable, "python3.13", "python3.12"])
        notice(f"peer: installing haiku.rag {VERSION} into {folder}: about 1.3 GB, once")
        _run([base, "-m", "venv", "--clear", str(folder)])
        _run([str(interpreter), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES])
        ready.write_text(repr(PACKAGES), encoding="utf-8")
    return interpreter


def new_enough(candidates: Iterable[str]) -> str:
    """The first of these commands that is a Python which haiku.rag runs on. Raises AssistantError."""
    asked = ["-c", "import sys; sys.exit(sys.version_info < (3, 12))"]
    for name in candidates:
        found = shutil.which(name)
        # One that a version manager lays on the path may be none that it has.
        if found and subprocess.run([found, *asked], capture_output=True, check=False).returncode == 0:
            return found
    raise AssistantError("haiku.rag needs Python 3.12 or newer; name one with --python PATH")


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().rpartition("\n")[2]
        raise AssistantError(f"haiku.rag cannot be installed: {said}")
