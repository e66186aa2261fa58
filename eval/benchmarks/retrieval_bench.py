"""The retrieval benchmark: what each stage of retrieval is worth, on gold and on public question sets.

    python -m eval.benchmarks.retrieval_bench [--bench FOLDER] [--only SET ...] [--sample 100]
           [--misses dev|test]

One row a configuration, one column a measure, one section of `eval/RESULTS.md` a question set. Indexes are
kept below `--work` and the reranker's logits in the cache folder, so that only a first run is slow;
milliseconds are always taken without that memory.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from time import perf_counter

from assistant.api.build import build_retriever
from assistant.errors import AssistantError, SettingsError
from assistant.evaluation.gold.cases import stored_articles
from assistant.evaluation.report import update_results
from assistant.evaluation.score_cache import remembered
from assistant.models import packaged
from assistant.retrieval.passages import Passage
from assistant.retrieval.retriever import POOL, Retriever
from assistant.settings import Settings, load_settings
from eval.benchmarks.command import notice
from eval.benchmarks.data import (
    SETS,
    SEVERAL,
    SINGLE,
    PublicQuestion,
    digest,
    gold_questions,
    public_questions,
)
from eval.benchmarks.index import indexed
from eval.benchmarks.measures import (
    DEPTH,
    GOLD_MEASURES,
    PUBLIC_MEASURES,
    Found,
    grade,
    losses,
    measures_table,
)
from eval.benchmarks.sets import GOLD
from eval.benchmarks.stages import DEFAULT_ROW, EMBEDDERS, GOLD_ROWS, PUBLIC_ROWS, Configuration


def find(retriever: Retriever, question: PublicQuestion) -> list[Passage]:
    return retriever.retrieve(question.text, question.filters, DEPTH)


@dataclass(frozen=True, slots=True)
class Bench:
    """Retrievers over indexes that are kept in the folder `work`."""

    settings: Settings
    work: Path
    timed: int
    """Questions whose time is taken for each row."""

    def retriever(self, name: str, corpus: Path | None, embedder: str) -> Retriever:
        """Over the set's index, brought in line with its corpus. Raises AssistantError."""
        settings = self.settings.model_copy(update={"embedder": embedder})
        return build_retriever(*indexed(settings, name, corpus, self.work))

    def quick(self, retriever: Retriever) -> Retriever:
        """The same, with a reranker that scores no pair twice."""
        return replace(retriever, reranker=remembered(retriever.reranker, self.settings))

    def run(
        self,
        rows: Sequence[Configuration],
        name: str,
        corpus: Path | None,
        questions: Sequence[PublicQuestion],
    ) -> tuple[dict[str, list[Found]], dict[str, float]]:
        """For each row what it found, and the median of its milliseconds a question."""
        embedders = dict.fromkeys(row.embedder for row in rows)
        retrievers = {embedder: self.retriever(name, corpus, embedder) for embedder in embedders}
        found: dict[str, list[Found]] = {}
        times: dict[str, float] = {}
        for row in rows:
            plain = retrievers[row.embedder]
            quick = self.quick(plain)
            found[row.name] = grade(questions, [find(row.apply(quick), question) for question in questions])
            if self.timed:
                times[row.name] = milliseconds(row.apply(plain), questions, self.timed)
            notice(f"{name}: {row.name} done")
        return found, times


def milliseconds(retriever: Retriever, questions: Sequence[PublicQuestion], count: int) -> float:
    """The median time of a search once warm, over `count` questions that are the same every time."""
    chosen = sorted(questions, key=lambda question: digest(question.id))[:count]
    find(retriever, chosen[0])
    times = []
    for question in chosen:
        start = perf_counter()
        find(retriever, question)
        times.append(1000 * (perf_counter() - start))
    return median(times)


def gold_section(bench: Bench, gold: Path, *, misses: str | None) -> str:
    """The tables of the test half, the dev half and all; prints where the half `misses` lost evidence."""
    default = bench.retriever(GOLD, bench.settings.corpus, DEFAULT_ROW.embedder)
    questions = gold_questions(gold, stored_articles(default.index.catalogue))
    rows, times = bench.run(GOLD_ROWS, GOLD, bench.settings.corpus, questions)
    articles, chunks, _ = default.index.catalogue.counts()
    parts = [
        "## Retrieval on gold",
        f"{len(questions)} answerable questions over {articles} articles in {chunks} paragraphs. {EXPLAINED}",
        _command("--only gold"),
    ]
    for title, half in {"Test half": "test", "Dev half": "dev", "All": ""}.items():
        of_half = {
            name: [one for one in found if half in ("", one.question.half)] for name, found in rows.items()
        }
        count = len(next(iter(of_half.values())))
        shown = measures_table(GOLD_MEASURES, of_half, {} if half else times)
        parts.append(f"### {title}, {count} questions\n\n{shown}")
    if misses:
        quick = bench.quick(default)
        for found in rows[DEFAULT_ROW.name]:
            if found.question.half == misses and not found.all(5):
                print(losses(found, quick.retrieve(found.question.text, found.question.filters, 2 * POOL)))
    return "\n\n".join(parts)


EXPLAINED = (
    "Recall is the share of a question's evidence quotes that stand whole in the first k passages, each a "
    "paragraph, or in a near copy of one; near copies are grouped in every row. 'Of several' are "
    f"{', '.join(sorted(SEVERAL))} questions with all their evidence found, 'of one' are "
    f"{', '.join(sorted(SINGLE))} questions. "
    "Every row with the reranker also prefers articles of the time that the question names. The constants of "
    "retrieval were chosen on the dev half, so go by the test half. In brackets the bootstrapped "
    "95% interval; ms is the median of a warm search."
)


def public_section(bench: Bench, folder: Path, name: str, sample: int, embedders: Sequence[str]) -> str:
    """One public set measured, at the level of articles, with the rows of these embedders."""
    corpus = folder / name / "corpus.jsonl"
    questions = public_questions(folder / name / "questions.jsonl", sample)
    chosen = [row for row in PUBLIC_ROWS if row.embedder in embedders]
    rows, _ = bench.run(chosen, name, corpus, questions)
    left = "" if len(chosen) == len(PUBLIC_ROWS) else f" --embedders {' '.join(embedders)}"
    parts = [
        f"## Retrieval on {name}",
        f"A sample of {len(questions)} answerable questions; found is an article that is evidence.",
        _command(f"--only {name} --sample {sample}{left}", "BENCH=FOLDER "),
        measures_table(PUBLIC_MEASURES, rows, {}),
    ]
    return "\n\n".join(parts)


def _command(options: str, variables: str = "") -> str:
    return f'`make bench-retrieval {variables}A="{options}"`'


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, prints and writes; 0, or 2 with one line that says what is wrong."""
    parser = argparse.ArgumentParser(prog="retrieval_bench", description="Measures retrieval.")
    parser.add_argument("--bench", type=Path, help="folder of public question sets")
    parser.add_argument("--only", nargs="+", choices=(GOLD, *SETS), default=(GOLD, *SETS))
    parser.add_argument("--sample", type=int, default=100, help="questions of each public set")
    parser.add_argument(
        "--embedders", nargs="+", choices=EMBEDDERS, default=EMBEDDERS, help="rows of the public sets"
    )
    parser.add_argument(
        "--timed", type=int, default=20, help="gold questions whose time is taken; 0 for none"
    )
    parser.add_argument("--misses", choices=("dev", "test"), help="print where the default lost evidence")
    parser.add_argument("--gold", type=Path, default=Path("eval/gold.jsonl"))
    parser.add_argument("--results", type=Path, default=Path("eval/RESULTS.md"))
    parser.add_argument("--work", type=Path, help="folder of indexes; default: bench, in the cache folder")
    try:
        measure(parser.parse_args(arguments))
    except AssistantError as error:
        notice(str(error))
        return 2
    return 0


def measure(chosen: argparse.Namespace) -> None:
    """Raises AssistantError."""
    settings = load_settings()
    work: Path = chosen.work or settings.cache / "bench"
    if packaged.known(settings.reranker) is None:
        raise SettingsError(f"reranker {settings.reranker!r} is not packaged; unset it for the benchmark")
    for name in chosen.only:
        if name == GOLD:
            bench = Bench(settings, work, chosen.timed)
            publish(chosen.results, name, gold_section(bench, chosen.gold, misses=chosen.misses))
        elif chosen.bench and (chosen.bench / name / "questions.jsonl").is_file():
            bench = Bench(settings, work, 0)
            publish(
                chosen.results,
                name,
                public_section(bench, chosen.bench, name, chosen.sample, chosen.embedders),
            )
        else:
            notice(f"{name}: passed over, as --bench {chosen.bench or '(not given)'} holds no such folder")


def publish(results: Path, name: str, body: str) -> None:
    print(body, end="\n\n")
    update_results(results, f"retrieval-{name}", body)


if __name__ == "__main__":
    sys.exit(main())
