"""The doctor: reports what is installed, whether models and index are healthy, and how to fix them."""

from __future__ import annotations

import platform
from contextlib import closing
from importlib.metadata import PackageNotFoundError, version

from rich.text import Text

from assistant.api.build import identity, load_model, load_prompts, profile_for, settled, without_a_model
from assistant.api.remembered import embedder_of
from assistant.corpus.articles import Options, corpus_stamp, read_articles
from assistant.corpus.report import Report, Summary
from assistant.errors import AssistantError, IndexMissing
from assistant.extras import own_version, remedy
from assistant.index.opened import Index
from assistant.models import packaged
from assistant.settings import APP, EXTRACTIVE, Settings
from assistant.terminal.render import safe, stdout

LIBRARIES = {
    "langchain-core": "",
    "langchain-chroma": "",
    "chromadb": "",
    "sentence-transformers": "sentence-transformers",
    "torch": "sentence-transformers",
    "xllamacpp": "llama",
}
"""Libraries, with the extra that installs each optional one."""


def examine(settings: Settings) -> bool:
    """Prints a line per check, with the remedy if one is needed. Returns whether all is well."""
    used = settled(settings)
    answers = _answers(used) if used is settings else (True, "answers", without_a_model(settings))
    checks = [*_software(), *_models(used), answers, _corpus(used), _index(used)]
    console = stdout()
    for well, name, finding in checks:
        line = Text().append("ok   " if well else "BAD  ", style="green" if well else "bold red")
        console.print(line.append(f"{name:24}{safe(finding)}"))
    return all(well for well, _, _ in checks)


Check = tuple[bool, str, str]


def _software() -> list[Check]:
    installed = own_version() or "not installed, runs from a checkout"
    checks: list[Check] = [(True, "python", platform.python_version()), (True, APP, installed)]
    for name, extra in LIBRARIES.items():
        try:
            checks.append((True, name, version(name)))
        except PackageNotFoundError:
            command = remedy(extra) if extra else f"pip install {name}"
            found = "not installed; if you want it" if extra else "not installed; install it with"
            checks.append((bool(extra), name, f"{found}: {command}"))
    return checks


def _models(settings: Settings) -> list[Check]:
    checks: list[Check] = []
    for state in packaged.inventory(settings.cache):
        package = f"package version {state.version}" if state.version else "no package"
        finding = f"{state.role}, {package}, checksum {state.checksum}"
        used = state.name in (settings.model, embedder_of(settings), settings.reranker)
        well = not state.remedy or (state.checksum == "missing" and not used)
        checks.append((well, state.name, f"{finding}; {state.remedy}" if state.remedy else finding))
    return checks


def _answers(settings: Settings) -> Check:
    """How the settings' model answers; for a hosted one, whether its package and key are there."""
    profile = profile_for(settings)
    try:
        load_prompts()
        if settings.model != EXTRACTIVE:
            load_model(settings, profile)
    except AssistantError as error:
        return False, "answers", str(error)
    if settings.model == EXTRACTIVE:
        return True, "answers", "the articles' own sentences, without a language model"
    if not profile.capable:
        return True, "answers", f"the articles' own sentences, chosen with {settings.model}"
    prices = "" if profile.prices else "; price_in and price_out are not set, so no cost is shown"
    rounds = f"{profile.rounds} round{'s' if profile.rounds > 1 else ''} at most"
    finding = f"by {settings.model} over {profile.passages} passages, in {rounds}"
    return True, "answers", finding + prices


def _corpus(settings: Settings) -> Check:
    """The summary of reading the corpus: the index's, or a new one if the corpus changed since."""
    try:
        summary = _remembered(settings) or _read(settings)
    except AssistantError as error:
        return False, "corpus", str(error)
    finding = f"{summary.read} articles in {settings.corpus_path}"
    head, *more = summary.lines()
    _, _, passed_over = head.partition("; ")
    said = [finding, passed_over, *more, summary.first]
    return not summary.lost, "corpus", "; ".join(filter(None, said))


def _remembered(settings: Settings) -> Summary | None:
    try:
        with closing(Index.open(settings.index_path, identity(settings))) as index:
            options = Options.load(index.catalogue.fact("reading"))
            if index.catalogue.fact("stamp") == corpus_stamp(settings.corpus_path, options.exclude):
                return Summary.load(index.catalogue.fact("summary"))
    except AssistantError:
        pass
    return None


def _read(settings: Settings) -> Summary:
    report = Report()
    read_articles(settings.corpus_path, report).close()
    return report.summary


def _index(settings: Settings) -> Check:
    path = settings.index_path
    try:
        with closing(Index.open(path, identity(settings))) as index:
            articles, chunks, _ = index.catalogue.counts()
            stamp = index.catalogue.fact("stamp")
            options = Options.load(index.catalogue.fact("reading"))
    except IndexMissing:
        return True, "index", f"none yet at {path}; the first question builds it"
    except AssistantError as error:
        return False, "index", str(error)
    finding = f"{articles} articles, {chunks} passages in {path}"
    if stamp != corpus_stamp(settings.corpus_path, options.exclude):
        return True, "index", f"{finding}; articles may have changed: assistant index brings it up to date"
    return True, "index", finding
