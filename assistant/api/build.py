"""The composition root: builds index, models and pipeline from settings.

Heavy imports are inside the functions, so a command loads only what it needs.
"""

from __future__ import annotations

import platform
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from assistant.api.changed import changed_articles, sight, unchanged
from assistant.api.opening import chroma_server, identity, opened
from assistant.api.remembered import choose_embedder, last_options, with_embedder
from assistant.corpus.articles import Options, read_articles
from assistant.corpus.chunking import CHUNKING
from assistant.corpus.report import Notice, Report
from assistant.errors import IndexMissing, IndexOutdated
from assistant.index import snapshots
from assistant.index.opened import Index
from assistant.index.sync import Changes, sync
from assistant.models import packaged
from assistant.settings import EXTRACTIVE, Settings, prompts_folder

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from assistant.answering.pipeline import Pipeline
    from assistant.index.encoding import Encode
    from assistant.models.chat.profiles import Profile
    from assistant.models.encoders.kinds import Embeddings, Reranker
    from assistant.models.encoders.reader import Reader
    from assistant.models.prompts import Prompt
    from assistant.models.recordings import Recordings
    from assistant.retrieval.retriever import Retriever

Progress = Callable[[int, int], None]


def build_index(
    settings: Settings,
    notice: Notice,
    on_progress: Progress,
    *,
    rebuild: bool = False,
    strict: bool = False,
    options: Options = Options(),
    tell_all: bool = False,
    encoding: Callable[[Settings], Encode] | None = None,
) -> Changes:
    """Updates the index from the corpus; articles that cannot be read are skipped with a notice.

    Nothing is read where a run would change nothing. The first few notices of each kind are sent, or all with
    `tell_all`. The index stores `options` and the summary of the corpus. `encoding` makes what encodes
    elsewhere than in this process.

    Raises CorpusError, ModelError, IndexMismatch, IndexBusy.
    """
    from assistant.models.encoders.embeddings import load_embeddings

    now = sight(settings, options, tell_all=tell_all)
    if not (rebuild or strict or tell_all):
        done = unchanged(settings.index_path, identity(settings), chroma_server(settings), now)
        if done is not None and done.reading is not None:
            for line in done.reading.told:
                notice(line)
            choose_embedder(settings, done.reading, notice, rebuild=False)
            return done
    report = Report(notice, strict=strict, tell_all=tell_all)
    with closing(read_articles(settings.corpus_path, report, options)) as articles:
        embedder = choose_embedder(settings, report.summary, notice, rebuild=rebuild)
        settings = settings.model_copy(update={"embedder": embedder})
        embeddings = load_embeddings(embedder, settings.cache, for_queries=False, threads=settings.threads)
        changes = sync(
            settings.index_path,
            articles,
            embeddings,
            identity(settings),
            server=chroma_server(settings),
            encode=encoding(settings) if encoding else None,
            facts={
                **now.facts(),
                "reading": options.dump(),
                "summary": report.summary.dump(),
                "embedder": embedder,
            },
            rebuild=rebuild,
            on_progress=on_progress,
        )
    return replace(changes, reading=report.summary)


def open_index(settings: Settings, notice: Notice, on_progress: Progress) -> Index:
    """The index, built if missing or outdated; sends a notice if articles have changed since it was built."""
    try:
        index = opened(settings)
    except (IndexMissing, IndexOutdated) as why:
        outdated = isinstance(why, IndexOutdated)
        until_now = "; an earlier version wrote the present one" if outdated else ""
        notice(f"building the index of {settings.corpus_path} first{until_now}")
        summary = build_index(settings, notice, on_progress, options=last_options(settings)).reading
        if summary is not None and summary.passed_over:
            notice(next(summary.lines()))
        return opened(settings)
    changed = changed_articles(index, settings)
    if changed:
        notice(f"{changed} since the index was built; bring it up to date with: assistant index")
    return index


@dataclass(frozen=True, slots=True)
class Encoders:
    """The models that a search runs."""

    embeddings: Embeddings
    reranker: Reranker | None
    reader: Reader | None


def load_encoders(settings: Settings) -> Encoders:
    """The encoders for the settings; loads torch only for models that need it.

    Raises ModelError, and SettingsError for an unknown reader.
    """
    from assistant.models.encoders.embeddings import load_embeddings
    from assistant.models.encoders.reader import load_reader
    from assistant.models.encoders.reranker import load_reranker

    settings = with_embedder(settings)
    embedder, cache, threads = settings.embedder, settings.cache, settings.threads
    # Libraries that load with torch are not made for being imported by several threads.
    with ThreadPoolExecutor(2 if _without_torch(settings) else 1, "encoder") as pool:
        embeddings = pool.submit(load_embeddings, embedder, cache, for_queries=True, threads=threads)
        reranker = pool.submit(load_reranker, settings.reranker, cache, threads=threads)
        reader = pool.submit(load_reader, settings.reader, cache, threads=threads)
        return Encoders(embeddings.result(), reranker.result(), reader.result())


def _without_torch(settings: Settings) -> bool:
    names = settings.embedder, settings.reranker
    return all(packaged.is_light(name) for name in names if name != "none")


def begin_encoders(settings: Settings) -> Callable[[], Encoders]:
    """Starts loading the encoders in a thread, while the index is opened; the returned function waits, and
    raises as `load_encoders`. Exit waits too, so what may take long is loaded by the returned function."""
    if snapshots.current(settings.index_path) is None:  # which embedder it will have is not known yet
        return partial(load_encoders, settings)
    settings = with_embedder(settings)
    load = partial(load_encoders, settings)
    if not _without_torch(settings):
        return load
    pool = ThreadPoolExecutor(1, "encoders")
    loading = pool.submit(load)
    pool.shutdown(wait=False)
    return loading.result


def build_retriever(
    settings: Settings, index: Index, encoders: Callable[[], Encoders] | None = None
) -> Retriever:
    """A retriever over an open index; `encoders` returns those that were started earlier.

    Raises as `load_encoders`.
    """
    from assistant.retrieval.retriever import Retriever

    loaded = encoders() if encoders else load_encoders(settings)
    retriever = Retriever(
        index=index,
        embeddings=loaded.embeddings,
        reranker=loaded.reranker,
        reader=loaded.reader,
        candidates=settings.candidates,
        k=settings.k,
        most_words=settings.chunk_words,
    )
    return _deep_enough(retriever, settings)


def _deep_enough(retriever: Retriever, settings: Settings) -> Retriever:
    return retriever.thorough() if is_capable(settings) else retriever


def build_pipeline(
    settings: Settings,
    retriever: Retriever,
    recordings: Recordings | None = None,
    *,
    notice: Notice = lambda message: None,
) -> Pipeline:
    """The answering pipeline; with `recordings`, these wrap the language model.

    `notice` receives one-line messages for the user while a model is asked, such as how long it waits.

    Raises ModelError and PromptError.
    """
    from assistant.answering.pipeline import Pipeline

    prompts, profile, chat = load_prompts(), profile_for(settings), None
    if settings.model != EXTRACTIVE:
        from assistant.models.chat.structured_output import StructuredChat

        load = partial(load_model, settings, profile)
        model = recordings.chat_model(load) if recordings else load()
        chat = StructuredChat(model, settings.model, profile, notice, timeout=settings.timeout)
    return Pipeline(
        _deep_enough(retriever, settings),  # it may have been built for another model
        prompts,
        chat,
        profile,
        model_name=settings.model,
        verify=settings.verify,
        timeout=settings.answer_timeout,
    )


def settled(settings: Settings) -> Settings:
    """The settings, but extractive if no model was chosen and the default one is not installed."""
    if "model" in settings.model_fields_set or not packaged.lacking(settings.model, settings.cache):
        return settings
    return settings.model_copy(update={"model": EXTRACTIVE})


def without_a_model(settings: Settings) -> str:
    """The notice for when `settled` had to fall back to extractive answers."""
    return (
        "no language model is installed, so the articles' own sentences answer, as with --model extractive; "
        f"for a model: {packaged.lacking(settings.model, settings.cache)}, or --model openai:NAME"
    )


def load_prompts() -> dict[str, Prompt]:
    """The prompts that answering uses. Raises PromptError."""
    from assistant.models.prompts import SLOTS, load_prompt

    return {name: load_prompt(prompts_folder(), name) for name in SLOTS}


def load_model(settings: Settings, profile: Profile) -> BaseChatModel:
    """The language model for the settings; contacts no server until it is asked. Raises ModelError."""
    from assistant.models.chat.loading import load_chat_model

    return load_chat_model(
        settings.model,
        settings.cache,
        base_url=settings.base_url,
        timeout=min(settings.timeout, settings.answer_timeout or settings.timeout),
        requests_per_minute=settings.requests_per_minute,
        profile=profile,
        threads=settings.threads,
        repeatable=settings.repeatable,
    )


def profile_for(settings: Settings) -> Profile:
    """The limits and capabilities of the settings' model."""
    from assistant.models.chat.profiles import profile_of

    prices = settings.price_in, settings.price_out
    return profile_of(
        settings.model,
        base_url=settings.base_url,
        passages=settings.passages,
        rounds=settings.rounds,
        context=settings.context_tokens,
        output=settings.output_tokens,
        prices=(settings.price_in or 0.0, settings.price_out or 0.0) if any(prices) else None,
    )


def is_capable(settings: Settings) -> bool:
    """Whether the language model can request searches, write answers and check them."""
    return settings.model != EXTRACTIVE and profile_for(settings).capable


def provenance(settings: Settings, assistant: Pipeline) -> dict[str, str]:
    """The configuration that figures measured with this assistant depend on."""
    from assistant.models.encoders.reader import reader_id

    made = identity(settings)
    return {
        "model": settings.model,
        "embedder": made.embedder,
        "reranker": settings.reranker,
        "reader": reader_id(settings.reader),
        "chunking": f"{CHUNKING}/{made.most_words} words",
        "retrieval": f"{assistant.retriever.candidates} candidates, {settings.k} passages, "
        f"{assistant.profile.passages} read in {assistant.profile.rounds} rounds at most",
        "prompts": ", ".join(f"{name} {prompt.digest}" for name, prompt in assistant.prompts.items()),
        "platform": f"Python {platform.python_version()}, {platform.machine()}",
    }
