"""The threshold below which no answer is tried without a capable model, and what its signals are worth.

    python -m eval.benchmarks.calibrate [--bench FOLDER] [--sample 60]

Every gold question, and a sample of the public sets' where their folder is given, is searched for and read.
The threshold that withholds at most `LOST` of the answerable dev questions of every set is shown; the one in
force is `assistant.answering.answerability.THRESHOLD`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from assistant.answering.answerability import THRESHOLD, chance
from assistant.api.build import build_retriever, open_index
from assistant.errors import AssistantError
from assistant.evaluation.gate.statistics import Interval, auc
from assistant.evaluation.gold.cases import read_gold
from assistant.evaluation.report import table, update_results
from assistant.evaluation.score_cache import with_memory
from assistant.evaluation.scorers.standard import bag_f1, token_bag
from assistant.index.filters import Filters
from assistant.retrieval.passages import Passage
from assistant.retrieval.scores import LIMIT, logit, probability, settled
from assistant.settings import Settings, load_settings
from eval.benchmarks.command import notice
from eval.benchmarks.data import asked, read_lines, sampled, usable
from eval.benchmarks.index import indexed

LOST, ALLOWED = 0.10, 0.15
"""Share of the answerable dev questions that the gate may withhold, which leaves room below the share that is
allowed; of each slice it is shown what would be withheld of the others at that."""

SIGNALS = ("reranker", "reader", "both")
COMBINED = {"fitted": ("reranker", "reader")}
"""Combined signals, each a logistic regression over others, fitted on the dev half of gold."""

SETS = ("clapnq", "mtragun", "timeqa")
COVERAGES = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)


@dataclass(frozen=True, slots=True)
class QuestionSignals:
    """One question: which slice it is of, whether its articles answer it, its signals (higher is likelier),
    and the token F1 of the reader's span (None without an answer to compare with)."""

    slice: str
    type: str
    answers: bool
    signals: dict[str, float]
    span_f1: float | None = None


def signals(passages: Sequence[Passage]) -> dict[str, float]:
    """The logits of the best passage by reranker, by reader, and by both."""
    hits = [hit for passage in passages for hit in passage.hits]
    if not hits:
        return dict.fromkeys(SIGNALS, -LIMIT)
    # Those that were read stand before the others.
    scores = [hit.scores for hit in hits if hit.reading] or [hit.scores for hit in hits]
    read = chance(passages)
    return {
        "reranker": max(settled(one.ranked) for one in scores),
        "reader": logit(read) if read is not None else -LIMIT,
        "both": max(settled(one.logit) for one in scores),
    }


def span_f1(passages: Sequence[Passage], answers: Sequence[str]) -> float | None:
    """Token F1 (Rajpurkar et al. 2016) of the span in the passage that the reader finds likeliest to answer,
    with the most similar of the answers; None without answers, 0 where nothing was read."""
    if not answers:
        return None
    read = [(hit.reading, hit.chunk.text) for passage in passages for hit in passage.hits if hit.reading]
    if not read:
        return 0.0
    reading, text = max(read, key=lambda one: one[0].answers or 0.0)
    span = token_bag(text[reading.start : reading.end])
    return max(bag_f1(token_bag(answer), span) for answer in answers)


def gold_rows(settings: Settings, gold: Path) -> Iterator[QuestionSignals]:
    """Of every gold case, searched for as it is asked."""
    with closing(open_index(settings, notice, lambda done, total: None)) as index:
        retriever = with_memory(build_retriever(settings, index), settings)
        for case in read_gold(gold):
            question = case.query()
            passages = retriever.retrieve(question, Filters(as_of=case.as_of))
            found = signals(passages)
            forms = [form for group in case.expect for form in group]
            spans = span_f1(passages, forms)
            yield QuestionSignals(f"gold, {case.half}", case.type, case.answerable, found, spans)


def public_rows(settings: Settings, name: str, folder: Path, sample: int) -> Iterator[QuestionSignals]:
    """Of the first questions of a public set by the digests of their ids. Raises GoldError."""
    with usable(file := folder / "questions.jsonl"):
        lines = sampled(read_lines(file), sample)
        asked_for = [asked(line).query() for line in lines]
    settings, index = indexed(settings, name, folder / "corpus.jsonl")
    with closing(index):
        retriever = with_memory(build_retriever(settings, index), settings)
        for line, question in zip(lines, asked_for, strict=True):
            passages = retriever.retrieve(question)
            answers = line["answers"] if line["answerable"] else []
            spans = span_f1(passages, answers)
            yield QuestionSignals(
                name, line.get("type", ""), bool(line["answerable"]), signals(passages), spans
            )


def combine(rows: Sequence[QuestionSignals]) -> None:
    """Gives each row those combined signals whose parts it has."""
    dev = [row for row in rows if row.slice == "gold, dev"]
    for name, parts in COMBINED.items():
        if not dev or any(part not in row.signals for row in dev for part in parts):
            continue
        fitted = LogisticRegression(class_weight="balanced")
        fitted.fit([[row.signals[part] for part in parts] for row in dev], [row.answers for row in dev])
        for row in rows:
            if all(part in row.signals for part in parts):
                found = fitted.decision_function([[row.signals[part] for part in parts]])
                row.signals[name] = float(found[0])


def auc_interval(scores: Sequence[float], labels: Sequence[bool], resamples: int = 2000) -> Interval:
    """The AUC with its 95% bootstrap interval, positives and negatives drawn apart (Efron 1979)."""
    values, flags = np.asarray(scores, dtype=float), np.asarray(labels, dtype=bool)
    above, below = values[flags], values[~flags]
    chance = np.random.default_rng(0)
    draws = [
        auc(
            [*chance.choice(above, above.size), *chance.choice(below, below.size)],
            [True] * above.size + [False] * below.size,
        )
        for _ in range(resamples)
    ]
    low, high = np.percentile(draws, [2.5, 97.5])
    return Interval(auc(scores, labels), float(low), float(high))


def threshold(rows: Sequence[QuestionSignals], lost: float) -> float:
    """The reader's logit below which that share of the answerable questions fall."""
    values = sorted(row.signals["reader"] for row in rows if row.answers and row.type != "false-premise")
    return values[int(lost * len(values))]


def section(rows: Sequence[QuestionSignals], chosen: float) -> str:
    """The results as Markdown."""
    slices = list(dict.fromkeys(row.slice for row in rows))
    names = list(dict.fromkeys(signal for row in rows for signal in row.signals))
    lines = [
        "## Does the evidence answer? Signals of the gate",
        "",
        "`make calibrate BENCH=FOLDER`. AUC is the chance that a question which the articles answer scores",
        "above one which they do not, with its bootstrapped 95% interval; signals are those of the best",
        "passage. What is fitted is a logistic regression over the others, fitted on gold's dev half alone.",
        "Span F1 is the token F1 of the reader's span with the most similar expected form or answer; of",
        "clapnq and mtragun these are whole sentences, so that a span can only be a part of them.",
        "",
    ]
    head = ("questions", "answerable", "not", *names, "span F1", "withheld of answerable", "of the others")
    rows_of_slices = []
    for name in slices:
        mine = [row for row in rows if row.slice == name]
        flags = [row.answers for row in mine]
        cells = [
            auc_interval([row.signals[one] for row in mine], flags).decimals
            if one in mine[0].signals
            else "–"
            for one in names
        ]
        lost = [row.signals["reader"] < chosen for row in mine if row.answers and row.type != "false-premise"]
        caught = [row.signals["reader"] < chosen for row in mine if not row.answers]
        cells.append(f"{np.mean([row.span_f1 for row in mine if row.span_f1 is not None]):.2f}")
        allowed = threshold(mine, ALLOWED)
        at_most = [row.signals["reader"] < allowed for row in mine if not row.answers]
        cells += [f"{np.mean(shares):.0%}" for shares in (lost, caught, at_most)]
        rows_of_slices.append((name, str(sum(flags)), str(len(flags) - sum(flags)), *cells))
    lines += [
        table((*head, f"of the others at {ALLOWED:.0%}"), rows_of_slices),
        "",
        "Risk and coverage (El-Yaniv and Wiener 2010): of the questions that score highest, the share that",
        "the articles do not answer.",
        "",
    ]
    risk_rows = []
    for name in slices:
        mine = [row for row in rows if row.slice == name]
        for signal in mine[0].signals:
            order = sorted(mine, key=lambda row: -row.signals[signal])
            risks = [
                1 - float(np.mean([row.answers for row in order[: max(1, round(share * len(order)))]]))
                for share in COVERAGES
            ]
            risk_rows.append((f"{name}, {signal}", *(f"{risk:.0%}" for risk in risks)))
    lines.append(table(("questions, signal", *(f"{coverage:.0%}" for coverage in COVERAGES)), risk_rows))
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Measures and writes. Status 2 and one line when a file cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m eval.benchmarks.calibrate")
    parser.add_argument("--bench", type=Path, help="folder of public sets")
    parser.add_argument("--sample", type=int, default=60)
    parser.add_argument("--gold", type=Path, default=Path("eval/gold.jsonl"))
    parser.add_argument("--results", type=Path, default=Path("eval/RESULTS.md"))
    options = parser.parse_args(arguments)
    try:
        settings = load_settings()
        rows = list(gold_rows(settings, options.gold))
        for name in SETS if options.bench else ():
            notice(name)
            rows += public_rows(settings, name, options.bench / name, options.sample)
        combine(rows)
        chosen = threshold([row for row in rows if row.slice == "gold, dev"], LOST)
        update_results(options.results, "gate", section(rows, logit(THRESHOLD)))
    except AssistantError as error:
        notice(f"calibrate: {error}")
        return 2
    print(f"at {LOST:.0%} lost of gold, dev: {probability(chosen):.4f}; in force: {THRESHOLD}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
