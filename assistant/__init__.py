"""A question-answering assistant over news articles, whose answers cite a quote for every sentence.

    import assistant

    with assistant.open("articles/", model="openai:gpt-5-mini") as news:
        answer = news.ask("Who resigned in November?")
        print(answer.answer, [citation.quote for citation in answer.citations])

Each package imports only from those above it:

    errors, extras, telemetry, schema, settings
    text/         spelling, numbers and dates
    corpus/       files to articles to chunks
    injection/    finds text in articles that addresses a machine
    models/       encoders and language models
    index/        Chroma and SQLite on disk
    retrieval/    a question to passages
    answering/    a question to a checked answer
    fetching/     pages and feeds into a corpus folder
    api/          what this module exports
    terminal/     answers and progress on the screen
    evaluation/   gold cases, scorers, the gate, reports
    chat/         the conversation
    server/       HTTP and MCP servers
    cluster/      indexing, batches and evaluation on Ray
    cli/          the commands
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

# onnxruntime reads this on import; from 1.29 on it sends usage data to its makers.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

if TYPE_CHECKING:
    from assistant.answering.query import Turn
    from assistant.api.assistant import Assistant
    from assistant.errors import AssistantError
    from assistant.schema import Answer, SearchAnswer

__all__ = ["Answer", "Assistant", "AssistantError", "SearchAnswer", "Turn", "__version__", "open"]

_HOMES = {
    "Answer": "schema",
    "Assistant": "api.assistant",
    "AssistantError": "errors",
    "SearchAnswer": "schema",
    "Turn": "answering.query",
}


def open(corpus: str | Path | None = None, **settings: Any) -> Assistant:
    """An assistant over a folder or file of articles, or over the built-in corpus.

    `settings` are those in the README's table, such as `model` or `index`; the others come from the
    environment and `assistant.toml`. Everything is loaded on first use. Raises AssistantError for an
    invalid setting.
    """
    from assistant.api.assistant import Assistant
    from assistant.settings import load_settings

    return Assistant(load_settings(corpus=Path(corpus) if corpus is not None else None, **settings))


def __getattr__(name: str) -> Any:
    """The public names, imported on first use to keep importing the package fast."""
    from importlib import import_module

    if name in _HOMES:
        return getattr(import_module(f"assistant.{_HOMES[name]}"), name)
    if name == "__version__":
        from assistant.extras import own_version

        return own_version() or "0"
    raise AttributeError(f"module 'assistant' has no attribute {name!r}")
