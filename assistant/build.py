"""The composition root: settings in, things that work out.

Everything heavy is imported inside these functions, when a command needs it and not before.
"""

from __future__ import annotations

import platform
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import Thread
from typing import TYPE_CHECKING

from assistant.articles import compare, corpus_stamp, read_corpus
from assistant.chunks import CHUNKING
from assistant.errors import IndexMissing, ModelError
from assistant.index import Changes, Identity, Index, sync
from assistant.resources import prompts_folder
from assistant.settings import Settings

if TYPE_CHECKING:
    from langchain_core.cross_encoders import BaseCrossEncoder
    from langchain_core.language_models import BaseChatModel

    from assistant.answer import Assistant
    from assistant.grounding import Support
    from assistant.models.reader import Reader
    from assistant.recordings import Recordings
    from assistant.retrieval import Retriever

Progress = Callable[[int, int], None]
Notice = Callable[[str], None]


def identity(settings: Settings) -> Identity:
    """What an index made with these settings is made with."""
    from assistant.models.embeddings import embedder_id

    return Identity(embedder_id(settings.embedder), settings.chunk_words)


def build_index(
    settings: Settings, notice: Notice, on_progress: Progress, *, rebuild: bool = False, strict: bool = False
) -> Changes:
    """Brings the index in line with the corpus; articles that cannot be read are passed over with a notice.

    Raises CorpusError, ModelError, IndexMismatch, IndexBusy.
    """
    from assistant.models.embeddings import load_embeddings

    stamp = corpus_stamp(settings.corpus_path)
    articles = read_corpus(settings.corpus_path, on_skip=notice, strict=strict)
    embeddings = load_embeddings(
        settings.embedder, settings.cache, for_queries=False, threads=settings.threads
    )
    return sync(
        settings.index_path,
        articles,
        embeddings,
        identity(settings),
        stamp=stamp,
        rebuild=rebuild,
        on_progress=on_progress,
    )


def open_index(settings: Settings, notice: Notice, on_progress: Progress) -> Index:
    """The index of the settings, built now if it is missing; says in one line when articles changed since."""
    wanted = identity(settings)
    try:
        index = Index.open(settings.index_path, wanted)
    except IndexMissing:
        notice(f"building the index of {settings.corpus_path} first")
        build_index(settings, notice, on_progress)
        return Index.open(settings.index_path, wanted)
    changed = _changed_articles(index, settings)
    if changed:
        notice(f"{changed} since the index was built; bring it up to date with: assistant index")
    return index


def _changed_articles(index: Index, settings: Settings) -> str:
    """What changed in the corpus, as "1 new, 2 changed articles"; read only if a file was touched."""
    if index.catalogue.fact("stamp") == corpus_stamp(settings.corpus_path):
        return ""
    changes = compare(index.catalogue.fingerprints(), read_corpus(settings.corpus_path))
    counts = {"new": changes.added, "changed": changes.changed, "removed": changes.removed}
    total = sum(len(ids) for ids in counts.values())
    listed = ", ".join(f"{len(ids)} {kind}" for kind, ids in counts.items() if ids)
    return f"{listed} article{'s' if total > 1 else ''}" if total else ""


def build_retriever(settings: Settings, index: Index) -> Retriever:
    """A retriever over an open index, on the light path: torch only for models that need it."""
    from assistant.models.embeddings import load_embeddings
    from assistant.models.reader import load_reader
    from assistant.models.reranker import load_reranker
    from assistant.retrieval import Retriever

    embeddings = load_embeddings(
        settings.embedder, settings.cache, for_queries=True, threads=settings.threads
    )
    reranker = load_reranker(settings.reranker, settings.cache, threads=settings.threads)
    return Retriever(
        index=index,
        embeddings=embeddings,
        reranker=reranker,
        reader=load_reader(settings.reader, settings.cache, threads=settings.threads),
        candidates=settings.candidates,
        k=settings.k,
        most_words=settings.chunk_words,
    )


def build_assistant(
    settings: Settings, index: Index, recordings: Recordings | None = None, *, preload: bool = False
) -> Assistant:
    """Everything a question needs; with `recordings`, these stand before the language model.

    With `preload`, what the first question would wait for is done at once: a small search, and then, in a
    thread, reading an embedded model's weights.

    Raises ModelError and PromptError.
    """
    from assistant.answer import EXTRACTIVE, Assistant
    from assistant.gate import load_gate
    from assistant.models.chat import EMBEDDED, load_chat_model
    from assistant.prompts import SLOTS, load_prompt

    retriever = build_retriever(settings, index)
    if preload:
        retriever.model_copy(update={"candidates": 1}).retrieve("news", k=1)
    prompts = {name: load_prompt(prompts_folder(), name) for name in SLOTS}
    model = None
    if settings.model != EXTRACTIVE:
        load = partial(
            load_chat_model,
            settings.model,
            settings.cache,
            base_url=settings.base_url,
            timeout=settings.timeout,
            requests_per_minute=settings.requests_per_minute,
            threads=settings.threads,
        )
        model = recordings.chat_model(load) if recordings else load()
        if preload:
            _preload(model)
    support = support_of(retriever.reader, retriever.reranker)
    return Assistant(
        retriever,
        support,
        prompts,
        model,
        model_name=settings.model,
        evidence=settings.evidence,
        gate=load_gate(),
        fill=settings.model in EMBEDDED,
        condenses=settings.model not in EMBEDDED,  # these are too small to reword a question well
    )


def _preload(model: BaseChatModel) -> None:
    """Begins to read the weights of a model that has some; what goes wrong is told by the first question."""
    load = getattr(model, "load", None)
    if load is None:
        return

    def run() -> None:
        with suppress(ModelError):
            load()

    Thread(target=run, name="weights", daemon=True).start()


def provenance(settings: Settings, assistant: Assistant) -> dict[str, str]:
    """What figures measured with this assistant depend on."""
    from assistant.models.reader import reader_id

    made = identity(settings)
    return {
        "model": settings.model,
        "embedder": made.embedder,
        "reranker": settings.reranker,
        "reader": reader_id(settings.reader),
        "chunking": f"{CHUNKING}/{made.most_words} words",
        "retrieval": f"{settings.candidates} candidates, {settings.k} passages, {settings.evidence} read",
        "prompts": ", ".join(f"{name} {prompt.digest}" for name, prompt in assistant.prompts.items()),
        "platform": f"Python {platform.python_version()}, {platform.machine()}",
    }


def support_of(reader: Reader | None, reranker: BaseCrossEncoder | None) -> Support:
    """Does a quote support a claim? The reader's probability; without one, the cross-encoder's; without
    either, the share of common words.

    Which is right more often stands in `eval/RESULTS.md`.
    """
    if reader is not None:
        return reader.support
    if reranker is None:
        from rapidfuzz.fuzz import token_set_ratio

        return lambda pairs: [token_set_ratio(claim, quote) / 100 for claim, quote in pairs]
    from assistant.models.reranker import probability

    return lambda pairs: [probability(logit) for logit in reranker.score(pairs)]
