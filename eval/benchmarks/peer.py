"""How fast haiku.rag indexes and searches, and what it finds, beside the assistant in the same run.

    python -m eval.benchmarks.peer [--runs 3] [--questions 60] [--corpus FOLDER] [--python PATH]

Everything is a process of its own, and what is compared runs in turn. Both embed with bge-small-en-v1.5, the
assistant in its own process, haiku.rag by asking an endpoint that has loaded it (`endpoint`, `haiku`). Cold
is a process that opens what was indexed and searches once, from its start to its end; warm is a search in a
process that has searched before.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from json import loads
from pathlib import Path
from statistics import median
from typing import Protocol

from assistant.evaluation.gold.cases import Case, read_gold
from assistant.evaluation.report import table
from assistant.models import packaged
from assistant.models.encoders.embeddings import BGE
from assistant.settings import load_settings
from eval.benchmarks import endpoint, haiku
from eval.benchmarks.command import conclude, notice
from eval.benchmarks.indexing import Indexing, indexed, peak
from eval.benchmarks.speed import HERE, QUESTION

ASSISTANT, PLAIN, PEER = "assistant", "not reranked", f"haiku.rag {haiku.VERSION}"

SEARCH = """
import json, sys, time
import assistant
corpus, index, reranked, file, *questions = sys.argv[1:]
ranked = {} if reranked == "yes" else {"reranker": "none", "reader": "none"}
rows = []
with assistant.open(corpus, index=index, **ranked) as news:
    for question in questions:
        start = time.perf_counter()
        found = [passage.article for passage in news.search(question, k=5).passages]
        rows.append([time.perf_counter() - start, found])
json.dump(rows, open(file, "w"))
"""


@dataclass(frozen=True, slots=True)
class Searches:
    """What a process took that searched, and of each question the seconds and the articles found."""

    process: Indexing
    seconds: Sequence[float]
    found: Sequence[Sequence[str]]


class Side(Protocol):
    """One of those that are compared."""

    @property
    def store(self) -> str:
        """A name for what it indexes into; those who share it index once."""

    def index(self, place: Path) -> Indexing:
        """Indexes the corpus into that place, from nothing."""

    def search(self, place: Path, questions: Sequence[str], file: Path) -> Searches:
        """Opens what was indexed there, and searches for each question in turn; tells of it in the file."""


@dataclass(frozen=True, slots=True)
class Ours:
    """The assistant; not reranked is without reranker and reader, as its two searches are fused."""

    corpus: Path
    reranked: bool = True
    store: str = "ours"

    def index(self, place: Path) -> Indexing:
        """As `assistant index` does."""
        arguments = ["-m", "assistant", "index", "--corpus", str(self.corpus), "--index", str(place)]
        return indexed(arguments, ASSISTANT_EMBEDDER=BGE)

    def search(self, place: Path, questions: Sequence[str], file: Path) -> Searches:
        """As `Assistant.search` does."""
        ranked = "yes" if self.reranked else "no"
        arguments = ["-c", SEARCH, str(self.corpus), str(place), ranked, str(file), *questions]
        return _searches(indexed(arguments, ASSISTANT_EMBEDDER=BGE), file)


@dataclass(frozen=True, slots=True)
class Theirs:
    """haiku.rag, by its Python, with its configuration; the articles are in a file."""

    python: Path
    configuration: str
    articles: Path
    store: str = "theirs"

    def index(self, place: Path) -> Indexing:
        """Converts and splits article by article, then embeds and stores them at once."""
        return self._run(haiku.INDEX, place, self.articles)

    def search(self, place: Path, questions: Sequence[str], file: Path) -> Searches:
        """Its hybrid search."""
        return _searches(self._run(haiku.SEARCH, place, file, *questions), file)

    def _run(self, script: str, store: Path, file: Path, *questions: str) -> Indexing:
        # Isolated (-I), it sees nothing of this checkout and of this project's environment.
        code = ["-I", "-c", haiku.OPEN + script]
        arguments = [*code, self.configuration, str(store), str(file), *questions]
        return indexed(arguments, python=str(self.python), **haiku.VARIABLES)


def _searches(process: Indexing, file: Path) -> Searches:
    rows = loads(file.read_text(encoding="utf-8"))
    return Searches(process, [seconds for seconds, _ in rows], [found for _, found in rows])


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one side: seconds, MB at most, and how many of the questions found evidence."""

    index: float
    cold: float
    warm: float
    indexing: float
    searching: float
    hits: int


def hits(found: Sequence[Collection[str]], cases: Sequence[Case]) -> int:
    """Of how many cases an article that is evidence is among those found."""
    return sum(
        any(evidence.article in articles for evidence in case.evidence)
        for articles, case in zip(found, cases, strict=True)
    )


def measured(sides: Mapping[str, Side], cases: Sequence[Case], runs: int, work: Path) -> dict[str, Figures]:
    """The medians of each side; in each round everything once, one after the other, indexes from nothing."""
    questions = [QUESTION, *(case.question for case in cases)]
    rounds: dict[str, list[tuple[Indexing, Searches, Searches]]] = {name: [] for name in sides}
    for number in range(runs):
        place = work / str(number)
        one_each = {side.store: side for side in sides.values()}.values()
        made = {side.store: side.index(place / side.store) for side in one_each}
        cold, warm = (
            {name: side.search(place / side.store, asked, work / "found") for name, side in sides.items()}
            for asked in (questions[:1], questions)
        )
        for name, side in sides.items():
            rounds[name].append((made[side.store], cold[name], warm[name]))
        notice(f"peer: round {number + 1} of {runs} done")
    return {name: _middle(some, cases) for name, some in rounds.items()}


def _middle(rounds: Sequence[tuple[Indexing, Searches, Searches]], cases: Sequence[Case]) -> Figures:
    made, cold, warm = zip(*rounds, strict=True)
    return Figures(
        index=median(one.clock for one in made),
        cold=median(one.process.clock for one in cold),
        warm=median(median(one.seconds[1:]) for one in warm),
        indexing=median(one.memory for one in made),
        searching=median(one.process.memory for one in warm),
        hits=hits(warm[0].found[1:], cases),
    )


def section(made: Mapping[str, Figures], about: str, questions: int, served: float) -> tuple[str, str]:
    """The section of the report; `served` is the most memory, in MB, that the endpoint had."""
    others = [name for name in made if name != PEER]
    rows = [
        ("indexing, s", "index", ".1f"),
        ("cold search, s", "cold", ".2f"),
        ("warm search, s", "warm", ".3f"),
        ("peak MB, indexing", "indexing", ".0f"),
        ("peak MB, searching", "searching", ".0f"),
        (f"evidence found, of {questions}", "hits", "d"),
    ]
    cells = [
        [
            label,
            *(format(getattr(one, part), shape) for one in made.values()),
            *(_ratio(getattr(made[name], part), getattr(made[PEER], part)) for name in others),
        ]
        for label, part, shape in rows
    ]
    head = ("", *made, *(f"{name}, ratio" for name in others))
    return "peer", (
        f"## Beside haiku.rag\n\n{about} Warm is the median of {questions} gold questions. Found is a "
        "question with an article of its evidence among the first five passages; not reranked is the "
        "assistant without reranker and reader. Ratios are to haiku.rag.\n\n"
        "Both embed with bge-small-en-v1.5. The assistant loads it in its own process, in a cold search too; "
        f"haiku.rag asks a server beside it, loaded beforehand and with {served:.0f} MB of its own. Else it "
        "is as it comes (hybrid search, no reranker), except that its chunker counts this embedder's tokens, "
        "and that Docling reads Markdown for it without models of pages.\n\n"
        f"`make bench-peer`\n\n{table(head, cells, right=1)}"
    )


def _ratio(one: float, other: float) -> str:
    return f"{one / other:.2f}" if other else "–"


def chosen_cases(gold: Path, most: int) -> list[Case]:
    """That many cases, evenly of the whole file, of those that both can be asked: no day, no turn before."""
    cases = [
        case
        for case in read_gold(gold)
        if case.evidence and case.answerable and not case.history and case.as_of is None
    ]
    return cases[:: max(1, len(cases) // most)][:most]


def measure(chosen: argparse.Namespace) -> tuple[str, str]:
    """Installs haiku.rag where it is not yet, and measures. Raises AssistantError."""
    settings = load_settings(corpus=chosen.corpus)
    corpus = settings.corpus_path
    cases = chosen_cases(HERE / "eval/gold.jsonl", chosen.questions)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        articles = haiku.write_articles(corpus, work / "articles.json")
        python = haiku.installed(settings.cache, chosen.python)
        with endpoint.served() as (address, process):
            configuration = haiku.configuration(address, packaged.folder(BGE, settings.cache))
            sides: dict[str, Side] = {
                ASSISTANT: Ours(corpus),
                PLAIN: Ours(corpus, reranked=False),
                PEER: Theirs(python, configuration, work / "articles.json"),
            }
            made = measured(sides, cases, chosen.runs, work)
            served = peak(process)
    about = f"{articles} articles, medians of {chosen.runs} rounds, start and imports of a process included."
    return section(made, about, len(cases), served)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, prints and writes; 0, or 2 with one line that says what is wrong."""
    parser = argparse.ArgumentParser(prog="peer", description="Compares the assistant with haiku.rag.")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--questions", type=int, default=60)
    parser.add_argument(
        "--corpus", type=Path, help="default: the built-in one, which the questions are about"
    )
    parser.add_argument("--python", help="Python 3.12 or newer, for haiku.rag's environment")
    parser.add_argument("--results", type=Path, default=Path("eval/RESULTS.md"))
    chosen = parser.parse_args(arguments)
    return conclude(chosen.results, lambda: measure(chosen))


if __name__ == "__main__":
    sys.exit(main())
