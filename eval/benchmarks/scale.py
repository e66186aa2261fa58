"""Time, size and memory of retrieval over more and more articles.

Each size is indexed and searched in processes of their own, whose memory nothing else has used. Articles get
pseudo-embeddings, which are as large as real ones and cost nothing: what is measured is searching, and a
question is embedded, and the paragraphs found reranked, for real.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import ParamSpec, TypeVar

import numpy as np
from langchain_core.embeddings import DeterministicFakeEmbedding

from assistant.api.build import build_retriever
from assistant.api.opening import identity
from assistant.api.remembered import embedder_of
from assistant.corpus.articles import read_corpus
from assistant.evaluation.report import table
from assistant.index.opened import Index
from assistant.index.sync import sync
from assistant.models.encoders.embeddings import load_embeddings
from assistant.settings import Settings
from eval.benchmarks.data import PublicQuestion, digest, gold_questions, many_articles

if sys.platform != "win32":
    import resource

SIZES = (100, 1_000, 10_000)
QUESTIONS = 30
HEAD = (
    "articles",
    "paragraphs",
    "seconds to index",
    "MB on disk",
    "search ms, median",
    "90th percentile",
    "peak MB, searching",
)


def scale_table(
    settings: Settings, work: Path, fillers: Sequence[Path], gold: Path, notice: Callable[[str], None]
) -> str:
    """The section of the report. `fillers` are corpora that follow the assistant's own, where they are there.

    Raises CorpusError, GoldError and ModelError.
    """
    articles = {article.id: article for article in read_corpus(settings.corpus_path)}
    questions = sorted(gold_questions(gold, articles), key=lambda question: digest(question.id))[:QUESTIONS]
    corpora = [settings.corpus_path, *(path for path in fillers if path.is_file())]
    rows = []
    for size in SIZES:
        path = work / f"scale-{size}"
        chunks, seconds = _alone(index_size, settings, corpora, size, path)
        times, peak = _alone(search_size, settings, path, questions)
        disk = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
        middle, ninth = np.percentile(times, [50, 90])
        figures = (size, chunks, seconds, disk / 1e6, middle, ninth, peak)
        rows.append([f"{figure:,.0f}" for figure in figures])
        notice(f"scale: {size} articles done")
    body = table(HEAD, rows, right=0)
    return (
        "## Retrieval over many articles\n\n"
        f"The built-in corpus, then {'articles of the public sets, then ' * bool(fillers)}articles made of "
        f"its shuffled sentences; {QUESTIONS} gold questions, once warm. Articles have pseudo-embeddings, so "
        "indexing is without embedding; questions are embedded and paragraphs reranked for real.\n\n"
        f'`make bench-retrieval {"BENCH=FOLDER " * bool(fillers)}A="--scale"`\n\n{body}'
    )


P = ParamSpec("P")
R = TypeVar("R")


def _alone(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """What `work` returns in a process that does nothing else."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *args, **kwargs).result()


def index_size(settings: Settings, corpora: Sequence[Path], count: int, path: Path) -> tuple[int, float]:
    """Indexes `count` articles afresh at `path`; how many chunks they make, and the seconds it took."""
    real = load_embeddings(embedder_of(settings), settings.cache, for_queries=True, threads=settings.threads)
    pseudo = DeterministicFakeEmbedding(size=len(real.embed_query("How long is a vector?")))
    articles = many_articles(corpora, count)
    # An index keeps its last state beside the new one, which would be weighed as well.
    shutil.rmtree(path, ignore_errors=True)
    start = perf_counter()
    changes = sync(path, articles, pseudo, identity(settings))
    return changes.chunks, perf_counter() - start


def search_size(
    settings: Settings, path: Path, questions: Sequence[PublicQuestion]
) -> tuple[list[float], float]:
    """The milliseconds of each question once warm, and this process's peak memory in MB."""
    index = Index.open(path, identity(settings))
    retriever = build_retriever(settings, index)
    retriever.retrieve(questions[0].text, questions[0].filters)
    times = []
    for question in questions:
        start = perf_counter()
        retriever.retrieve(question.text, question.filters)
        times.append(1000 * (perf_counter() - start))
    index.close()
    return times, peak_memory()


def peak_memory() -> float:
    """MB that this process has held at most; not a number where the system does not tell."""
    if sys.platform == "win32":
        return float("nan")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)  # bytes there, kilobytes elsewhere
