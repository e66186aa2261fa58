"""What an index remembers of its last run: how the corpus was read, and which embedder it was made with."""

from __future__ import annotations

from contextlib import closing

from assistant.corpus.articles import Options
from assistant.corpus.report import Notice, Summary
from assistant.errors import IndexMismatch, IndexMissing
from assistant.extras import present, remedy
from assistant.index import snapshots
from assistant.index.catalogue.lexical import CATALOGUE, Catalogue
from assistant.models.encoders.multilingual import USE
from assistant.settings import AUTO, Settings

ENGLISH = "bge-small-en-v1.5"
"""The embedder for articles in English."""

FOREIGN = 0.2
"""Share of articles in other languages from which the multilingual embedder is chosen; set by judgement."""


def open_catalogue(settings: Settings, *, outdated: bool = False) -> Catalogue | None:
    """The catalogue without the vectors, which take longer to open; None if there is no index yet.

    `outdated` as `Catalogue`. Raises IndexMismatch.
    """
    state = snapshots.current(settings.index_path)
    return Catalogue(state / CATALOGUE, outdated=outdated) if state else None


def last_options(settings: Settings) -> Options:
    """How the last run read the corpus; the defaults where there was none, or its index cannot be read."""
    return Options.load(_fact(settings, "reading"))


def embedder_of(settings: Settings) -> str:
    """The embedder's name: as set, else that of the index, else the one for English."""
    return settings.embedder if settings.embedder != AUTO else made_with(settings) or ENGLISH


def with_embedder(settings: Settings) -> Settings:
    """The settings with the embedder named, so that the index need not be asked for it again."""
    return settings.model_copy(update={"embedder": embedder_of(settings)})


def choose_embedder(settings: Settings, reading: Summary, notice: Notice, *, rebuild: bool) -> str:
    """The embedder for an index of the articles that were read: as set, else that of the index unless it is
    made anew, else the one for their languages."""
    if settings.embedder != AUTO:
        return settings.embedder
    before = None if rebuild else made_with(settings)
    share = reading.foreign / reading.read
    if share < FOREIGN or before == USE:
        return before or ENGLISH
    found = f"{share:.0%} of the articles are not in English"
    if before is None and present("multilingual"):
        notice(f"{found}: embedding with {USE}")
        return USE
    first = "" if present("multilingual") else f"{remedy('multilingual')} and "
    notice(f"{found}, where {before or ENGLISH} finds little; better: {first}assistant index --rebuild")
    return before or ENGLISH


def made_with(settings: Settings) -> str | None:
    """The embedder of the index; None if there is no index, or it cannot be read."""
    return _fact(settings, "embedder", ENGLISH)


def _fact(settings: Settings, name: str, default: str | None = None) -> str | None:
    """What the index remembers, or `default`; None where there is no index, or it cannot be read."""
    try:
        catalogue = open_catalogue(settings, outdated=True)
        if catalogue is None:
            return None
        with closing(catalogue):
            return catalogue.fact(name) or default
    except (IndexMissing, IndexMismatch):
        return None
