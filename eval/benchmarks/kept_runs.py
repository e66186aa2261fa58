"""The runs that were kept, of every set and system, scored by the scorers of now without asking anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.corpus.articles import read_corpus
from assistant.errors import SettingsError
from assistant.evaluation.run import Report, kept
from assistant.models.recordings import file_name
from assistant.settings import EXTRACTIVE, Settings
from eval.benchmarks.scores import general_scorers, recalled, scorers_of
from eval.benchmarks.sets import ALL_SETS, WITH_CASES, corpus_of, read_set

DEFAULT = file_name(Settings.model_fields["model"].default)
TUTORIAL = "tutorial"


@dataclass(frozen=True, slots=True)
class KeptRun:
    """What one system answered on one set."""

    set: str
    system: str
    """As files are named after it."""
    report: Report

    @property
    def label(self) -> str:
        """The system as it is shown, with its model."""
        model = self.report.provenance.get("model", self.system)
        if self.system == DEFAULT:
            return f"default ({model})"
        if self.system == file_name(f"{TUTORIAL}-{model}") or self.system == TUTORIAL:
            return f"tutorial pipeline, {model}"
        return model if self.system == file_name(model) else f"{self.system} ({model})"


def find_runs(folder: Path, notice: Callable[[str], None]) -> dict[tuple[str, str], Path]:
    """The files SET-SYSTEM.jsonl of a folder, by set and system; tells of files that are named otherwise.

    Raises SettingsError if there are none.
    """
    found = {}
    for path in sorted(folder.glob("*.jsonl")):
        name, system = _split(path.stem)
        if system:
            found[name, system] = path
        else:
            notice(f"{path.name}: passed over; its name does not begin with a set ({', '.join(ALL_SETS)})")
    return found or _none(folder)


def find_cached(cache: Path) -> dict[tuple[str, str], Path]:
    """The runs that the benchmark keeps in the cache; of one set and system, the one written last.

    Raises SettingsError if there are none.
    """
    found = {}
    files = (cache / "bench").glob("answers-*-*.jsonl")
    for path in sorted(files, key=lambda path: path.stat().st_mtime_ns):
        name, _, _ = path.stem.removeprefix("answers-").rpartition("-")
        if name in ALL_SETS:
            made = kept(path, (), ()).provenance
            pipeline = f"{made['pipeline']}-" if "pipeline" in made else ""
            found[name, pipeline + file_name(made["model"])] = path
    return found or _none(cache / "bench")


def _split(stem: str) -> tuple[str, str]:
    """The set, and the system behind it: empty if it is no such name."""
    for name in sorted(ALL_SETS, key=len, reverse=True):
        if stem.startswith(f"{name}-"):
            return name, stem.removeprefix(f"{name}-")
    return stem, ""


def _none(folder: Path) -> dict[tuple[str, str], Path]:
    raise SettingsError(f"{folder}: holds no run; keep one with: make bench-answers SET=... RUNS={folder}")


def score_runs(
    files: dict[tuple[str, str], Path], bench: Path | None, cache: Path, notice: Callable[[str], None]
) -> list[KeptRun]:
    """Every file scored, set by set, the assistant before what it is compared with. Raises AssistantError."""
    return [run for name in ALL_SETS for run in _score_set(name, _systems(files, name), bench, cache, notice)]


def _systems(files: dict[tuple[str, str], Path], name: str) -> list[tuple[str, Path]]:
    found = [(system, path) for (of, system), path in files.items() if of == name]
    return sorted(found, key=lambda one: rank(one[0]))


def rank(system: str) -> tuple[int, str]:
    """The order of systems: the default, extractive, the tutorial's, and other models."""
    known = (system == DEFAULT, system == EXTRACTIVE, system.startswith(TUTORIAL), True)
    return known.index(True), system


def _score_set(
    name: str,
    systems: Sequence[tuple[str, Path]],
    bench: Path | None,
    cache: Path,
    notice: Callable[[str], None],
) -> Iterator[KeptRun]:
    if not systems:
        return
    items = {item.case.id: item for item in read_set(name, bench, None)}
    corpus = Settings(corpus=corpus_of(name, bench, cache)).corpus_path
    articles = {article.id: article for article in read_corpus(corpus)}
    scorers = general_scorers(articles)
    if name not in WITH_CASES:
        scorers += (*scorers_of(name, items, articles), recalled(items))
    for system, path in systems:
        report = kept(path, [item.case for item in items.values()], scorers)
        if report.graded:
            yield KeptRun(name, system, report)
        else:
            notice(f"{path.name}: passed over; none of its questions is in {name} now")
