"""Retrieval in other languages than English, on Wikinews: `make bench-languages BENCH=FOLDER`.

Questions in German, French, Chinese and English, and those of further files (`--questions`), over articles in
these languages, Russian and Japanese, in one index. A question counts as found when one of the first five
passages holds the quote that its gold names.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from assistant.api.build import build_retriever
from assistant.errors import GoldError
from assistant.evaluation.gold.cases import quote_spans
from assistant.evaluation.report.markdown import table
from assistant.index.filters import Filters
from assistant.retrieval.passages import Passage
from assistant.retrieval.retriever import Retriever
from assistant.settings import load_settings
from eval.benchmarks.command import conclude, notice
from eval.benchmarks.index import indexed

CORPORA = ("corpus.jsonl", "corpus-multilingual.jsonl", "extra-multilingual.jsonl")
EMBEDDERS = ("use-multilingual-v3", "bge-small-en-v1.5", "all-MiniLM-L6-v2")
FIRST = 5
HEAD = """## Languages

`make bench-languages BENCH=FOLDER A="--questions FILE"`: the share of questions with the passage that answers
them among the first five. 570 Wikinews articles in six languages in one index. The Russian and Japanese ones
are this project's own."""


@dataclass(frozen=True, slots=True)
class Question:
    text: str
    pair: str
    """Its language and that of the article that answers it: "en > de"."""
    evidence: dict[str, str]
    """Article id -> quote."""


def read_questions(files: Iterable[Path]) -> list[Question]:
    """Those that some article answers. Raises GoldError."""
    found = []
    for file in files:
        try:
            lines: list[dict[str, Any]] = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
        except (OSError, ValueError) as error:
            raise GoldError(f"cannot read {file}: {error}") from None
        for line in lines:
            evidence = {one["article"]: one["quote"] for one in line["evidence"]}
            if evidence:
                found.append(Question(line["question"], f"{line['lang']} > {line['article_lang']}", evidence))
    return found


def holds_evidence(passages: Iterable[Passage], question: Question) -> bool:
    """Whether one of the passages holds a quote that answers the question."""
    return any(
        passage.start <= start and end <= passage.end
        for passage in passages
        if (quote := question.evidence.get(passage.article.id)) is not None
        for start, end in quote_spans(passage.article.text, quote)
    )


def _by_search(retriever: Retriever, question: str, search: str) -> list[Passage]:
    """The first passages by one of the searches, by both, or by all that the product does."""
    if search == "all stages":
        return retriever.retrieve(question, k=FIRST)
    plain: Retriever = replace(retriever, reranker=None, reader=None)
    if search == "both searches":
        return plain.retrieve(question, k=FIRST)
    filters = Filters()
    dense = plain.dense(question, 50, filters) if search == "vectors" else []
    lexical = plain.index.catalogue.search(question, 50, filters) if search == "BM25" else []
    return plain._passages(plain._fuse(dense, lexical), FIRST)


SEARCHES = ("vectors", "BM25", "both searches", "all stages")


def measure(bench: Path, questions: list[Question], embedders: Iterable[str]) -> tuple[str, str]:
    """A section of the results: recall by embedder and search. Raises AssistantError."""
    corpus = _joined(bench)
    groups = {"same language": [q for q in questions if _same(q)]}
    groups["across languages"] = [q for q in questions if not _same(q)]
    for question in questions:
        groups.setdefault(question.pair, []).append(question)
    rows = []
    for embedder in embedders:
        settings, index = indexed(load_settings(embedder=embedder), "languages", corpus)
        with closing(index):
            retriever = build_retriever(settings, index)
            for search in SEARCHES:
                hits = {
                    id(question): holds_evidence(_by_search(retriever, question.text, search), question)
                    for question in questions
                }
                cells = [f"{sum(hits[id(one)] for one in some) / len(some):.2f}" for some in groups.values()]
                rows.append([embedder, search, *cells])
                notice(" ".join(rows[-1]))
    titles = ["embedder", "search", *(f"{name} ({len(some)})" for name, some in groups.items())]
    return "languages", f"{HEAD}\n\n{table(titles, rows, right=2)}"


def _same(question: Question) -> bool:
    asked, _, answered = question.pair.partition(" > ")
    return asked == answered


def _joined(bench: Path) -> Path:
    """The articles of all files, joined in the cache. Raises GoldError."""
    joined = load_settings().cache / "bench" / "languages.jsonl"
    joined.parent.mkdir(parents=True, exist_ok=True)
    try:
        joined.write_text("".join((bench / name).read_text("utf-8") for name in CORPORA), "utf-8")
    except OSError as error:
        raise GoldError(f"cannot read the articles: {error}; name the folder with BENCH=FOLDER") from None
    return joined


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bench", type=Path, required=True, help="the folder that holds wikinews/")
    parser.add_argument("--questions", type=Path, nargs="*", default=[], help="further files of questions")
    parser.add_argument("--embedders", nargs="*", default=EMBEDDERS)
    parser.add_argument("--results", type=Path, default=Path("eval/RESULTS.md"))
    given = parser.parse_args()
    bench = given.bench / "wikinews"
    files = [bench / "gold-multilingual.jsonl", *given.questions]
    return conclude(given.results, lambda: measure(bench, read_questions(files), given.embedders))


if __name__ == "__main__":
    raise SystemExit(main())
