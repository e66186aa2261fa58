"""The sets that answers are measured on, as cases: public ones, Wikinews, and gold itself.

A public set has questions of its own form, whose lines become cases here; gold and Wikinews hold cases, with
the halves that their ids decide.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import GoldError
from assistant.evaluation.gold.cases import Case, EarlierTurn, Evidence, read_gold
from assistant.evaluation.harness import GOLD as GOLD_FILE
from assistant.evaluation.scorers.matching import holds
from eval.benchmarks.data import SETS, asked, digest, read_lines, sampled, usable

GOLD = "gold"
WIKINEWS = "wikinews"
WIKINEWS_EXTRA = "wikinews-extra"
"""The questions of Wikinews, asked over more articles, which answer none of them."""

WITH_CASES = (WIKINEWS, WIKINEWS_EXTRA, GOLD)
ALL_SETS = (WIKINEWS, WIKINEWS_EXTRA, *SETS, GOLD)
"""Those of others first."""

SAMPLE = 60
"""Questions of a public set that are asked, unless told otherwise; of the others, all."""


@dataclass(frozen=True, slots=True)
class BenchmarkCase:
    """A question as a case, with what its set says beyond that."""

    case: Case
    references: tuple[str, ...] = ()
    """Whole answers to compare with."""
    wrong: tuple[str, ...] = ()
    """Surface forms of answers that are known to be wrong: planted, or of another time."""


def read_set(name: str, bench: Path | None, sample: int | None) -> list[BenchmarkCase]:
    """The first questions by the digests of their ids, or with None all. Raises GoldError."""
    if name not in WITH_CASES:
        return read_items(_folder(name, bench) / "questions.jsonl", name, sample)
    file = GOLD_FILE if name == GOLD else _folder(name, bench) / "gold.jsonl"
    cases = read_gold(file)
    if sample is not None:
        cases = sorted(cases, key=lambda case: digest(case.id))[:sample]
    return [BenchmarkCase(case) for case in cases]


def corpus_of(name: str, bench: Path | None, cache: Path) -> Path | None:
    """The articles of a set; None is the built-in corpus. Articles of two files are joined in the cache.

    Raises GoldError when a file cannot be read.
    """
    if name == GOLD:
        return None
    folder = _folder(name, bench)
    if name != WIKINEWS_EXTRA:
        return folder / "corpus.jsonl"
    joined = cache / "bench" / f"{name}.jsonl"
    files = folder / "corpus.jsonl", folder / "extra-en.jsonl"
    with usable(folder):
        content = b"".join(file.read_bytes().rstrip(b"\n") + b"\n" for file in files)
        # Left alone where nothing changed, since an index remembers when its corpus was written.
        if not joined.exists() or joined.read_bytes() != content:
            joined.parent.mkdir(parents=True, exist_ok=True)
            joined.write_bytes(content)
    return joined


def read_items(file: Path, name: str, sample: int | None) -> list[BenchmarkCase]:
    """The first questions of a public set by the digests of their ids, or with None all. Raises GoldError.

    Left out are those with an answer that no article is named for.
    """
    with usable(file):
        lines = [line for line in read_lines(file) if line["evidence_ids"] or not line["answerable"]]
        return [_item(line, several=name == "ramdocs") for line in sampled(lines, sample)]


def _folder(name: str, bench: Path | None) -> Path:
    if bench is None:
        raise GoldError(
            f"{name} needs the folder of public question sets; name it with --bench (BENCH=FOLDER)"
        )
    return bench / name.removesuffix("-extra")


def _item(line: Mapping[str, Any], *, several: bool) -> BenchmarkCase:
    """With `several`, each of the answers must be given, else any of them will do."""
    answerable = bool(line["answerable"])
    answers = tuple(dict.fromkeys(line["answers"])) if answerable else ()
    case = Case(
        id=line["id"],
        question=line["question"],
        type=("conflict" if several else "lookup") if answerable else "unanswerable",
        as_of=None,
        history=tuple(
            EarlierTurn(question=turn.question, answer=turn.answer) for turn in asked(line).turns()
        ),
        answerable=answerable,
        expect=tuple((answer,) for answer in answers) if several else (answers,) if answers else (),
        # Articles alone are known; what stands in them is not asked for here.
        evidence=tuple(Evidence(article=article, quote="-") for article in line["evidence_ids"]),
    )
    others = (*line.get("wrong_answers", ()), *line.get("other_times", ()))
    wrong = tuple(form for form in dict.fromkeys(others) if not any(holds(right, form) for right in answers))
    return BenchmarkCase(case, answers, wrong)
