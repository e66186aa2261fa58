"""The indexes of question sets, kept from run to run in a folder that is the benchmarks' own.

Nobody else's work is lost with them, so one that an earlier version of the program made is made anew where
`assistant index` would ask first.
"""

from __future__ import annotations

from pathlib import Path

from assistant.api.build import build_index
from assistant.api.opening import identity
from assistant.api.remembered import embedder_of
from assistant.corpus.articles import corpus_stamp
from assistant.errors import IndexMismatch, IndexMissing
from assistant.index.opened import Index
from assistant.settings import Settings
from assistant.terminal.progress import progress
from eval.benchmarks.command import notice


def indexed(
    settings: Settings, name: str, corpus: Path | None, work: Path | None = None
) -> tuple[Settings, Index]:
    """A set's index below `work`, in line with its corpus (None: the built-in one), and the settings it was
    opened with. Raises AssistantError.
    """
    embedder = Path(embedder_of(settings)).name
    place = (work or settings.cache / "bench") / f"{name}-{embedder}"
    settings = settings.model_copy(update={"corpus": corpus, "index": place})
    if not _is_current(settings):
        with progress(f"embedding {name}") as shown:
            try:
                build_index(settings, notice, shown)
            except IndexMismatch:
                build_index(settings, notice, shown, rebuild=True)
    return settings, Index.open(settings.index_path, identity(settings))


def _is_current(settings: Settings) -> bool:
    try:
        index = Index.open(settings.index_path, identity(settings))
    except (IndexMissing, IndexMismatch):
        return False
    stamp = index.catalogue.fact("stamp")
    index.close()
    return stamp == corpus_stamp(settings.corpus_path)
