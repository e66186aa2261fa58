"""The doctor: reports what is installed, whether models and index are healthy, and how to fix them.

It repairs nothing but the index, which can be made again from its articles.
"""

from __future__ import annotations

import platform
import shutil
from contextlib import closing
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from rich.text import Text

from assistant.api.build import build_index, load_model, load_prompts, profile_for, settled, without_a_model
from assistant.api.opening import chroma_server, opened
from assistant.api.remembered import embedder_of, last_options, made_with
from assistant.corpus.articles import Options, corpus_stamp, read_articles
from assistant.corpus.report import Report, Summary
from assistant.errors import AssistantError, IndexMissing
from assistant.extras import own_version, remedy
from assistant.index import snapshots
from assistant.index.checking import disagreements
from assistant.index.sync import Changes
from assistant.models import packaged
from assistant.settings import APP, AUTO, EXTRACTIVE, Settings
from assistant.terminal.progress import progress
from assistant.terminal.render import notice, safe, stdout

LIBRARIES = {
    "langchain-core": "",
    "langchain-chroma": "",
    "chromadb": "",
    "sentence-transformers": "sentence-transformers",
    "torch": "sentence-transformers",
    "xllamacpp": "llama",
}
"""Libraries, with the extra that installs each optional one."""

REPAIR = "run: assistant doctor --repair"


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


def repair(settings: Settings) -> None:
    """Makes a damaged index anew, finishes a killed run, and removes what others left; prints what it did.

    Touches nothing but the index. An index that is whole and was made with other settings is left as it is.
    Raises CorpusError, ModelError, IndexMismatch, IndexBusy.
    """
    path, did = settings.index_path, list[str]()
    if found := disagreements(path, chroma_server(settings)):
        changes = _run(settings, rebuild=True)
        did.append(f"{path} was damaged ({found[0]}): made anew, {changes.added} articles")
    elif snapshots.left(path) is not None:
        _run(settings, rebuild=False)
        did.append(f"finished a run that was killed: {path} is up to date")
    if path.is_dir():
        with snapshots.lock(path):
            litter = snapshots.litter(path)
            for place in litter:
                shutil.rmtree(place) if place.is_dir() else place.unlink()
        if litter:
            did.append(f"removed what killed runs left: {', '.join(place.name for place in litter)}")
    console = stdout()
    for line in did or ["nothing to repair"]:
        console.print(Text().append("did  ", style="green").append(f"{'index':24}{safe(line)}"))


def _run(settings: Settings, *, rebuild: bool) -> Changes:
    """A run over the corpus, with the embedder and the options of the last one as far as they are known."""
    embedder = made_with(settings) if settings.embedder == AUTO else None
    kept = settings.model_copy(update={"embedder": embedder}) if embedder else settings
    with progress("embedding passages") as update:
        return build_index(kept, notice, update, rebuild=rebuild, options=last_options(settings))


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
        with closing(opened(settings)) as index:
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
    if found := disagreements(path, chroma_server(settings)):
        more = f", and {len(found) - 1} more" if len(found) > 1 else ""
        return False, "index", f"damaged: {found[0]}{more}; {REPAIR}"
    try:
        with closing(opened(settings)) as index:
            articles, chunks, _ = index.catalogue.counts()
            stamp = index.catalogue.fact("stamp")
            options = Options.load(index.catalogue.fact("reading"))
    except IndexMissing:
        return True, "index", f"none yet at {path}; the first question builds it{_left(path)}"
    except AssistantError as error:
        return False, "index", str(error)
    finding = f"{articles} articles, {chunks} passages in {path}{_left(path)}"
    if stamp != corpus_stamp(settings.corpus_path, options.exclude):
        return True, "index", f"{finding}; articles may have changed: assistant index brings it up to date"
    return True, "index", finding


def _left(path: Path) -> str:
    """What runs left that were killed, or that are not at their end."""
    if snapshots.left(path) is not None:
        return f"; a run is under way, or was killed: then {REPAIR}"
    if litter := snapshots.litter(path):
        return f"; killed runs left {', '.join(place.name for place in litter)}: {REPAIR}"
    return ""
