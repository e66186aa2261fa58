"""Follow-ups: what rewriting them to stand alone is worth.

    python -m assistant.evaluation.bench_followups [--bench FOLDER] [--sample 100]

Three comparisons. On gold, follow-ups as they are asked beside the same questions written out by hand
(`eval/standalone.jsonl`). On the conversations of mtragun, whether an article that is evidence is found by
the rewritten question, beside the last turn alone. On those of the set rewrite (J. Dalton et al., "TREC
CAsT", 2019 to 2022), how many words of the rewritten question are those of a person's rewriting. Indexes, and
what reranker and reader said, are kept in the cache folder.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from pydantic import BaseModel, ValidationError

from assistant.answer import EXTRACTIVE
from assistant.build import build_assistant, open_index
from assistant.context import Turn, standalone
from assistant.errors import GoldError
from assistant.evaluation.bench_command import conclude, notice
from assistant.evaluation.bench_data import (
    Need,
    Question,
    asked,
    read_lines,
    sampled,
    stored_articles,
    usable,
)
from assistant.evaluation.bench_measures import PUBLIC_MEASURES, Found, grade, table
from assistant.evaluation.bench_stages import narrow, unranked
from assistant.evaluation.gold import Case, read_gold
from assistant.evaluation.harness import GOLD, ask_case
from assistant.evaluation.matching import words
from assistant.evaluation.remembered import with_memory
from assistant.evaluation.retrieval_bench import Bench, find
from assistant.evaluation.retrieval_scores import evidence_ranks
from assistant.evaluation.scorers import correctness
from assistant.evaluation.statistics import mean_interval
from assistant.settings import Settings, load_settings

FOLLOW_UP = "follow-up"
CONVERSATIONS, REWRITES = "mtragun", "rewrite"
CHOSEN = (
    "The rules of rewriting were chosen on gold's dev half and on both public sets, and gold's 12 "
    "follow-ups were all read meanwhile, so none of it is untouched. In brackets behind a mean is the "
    "bootstrapped 95% interval."
)


class Standalone(BaseModel, extra="forbid", frozen=True):
    """A follow-up of gold, written out by a person."""

    id: str
    question: str


@dataclass(frozen=True, slots=True)
class FollowUp:
    """The last turn of a public conversation."""

    id: str
    question: str
    history: tuple[Turn, ...]
    needs: tuple[Need, ...] = ()
    rewrite: str = ""
    """As a person has it, where the set says."""

    @property
    def rewritten(self) -> str:
        return standalone(self.question, self.history)


def read_standalone(file: Path) -> dict[str, str]:
    """The written-out questions by the ids of their cases. Raises GoldError."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
        rows = [Standalone.model_validate_json(line) for line in lines if line.strip()]
    except (OSError, ValidationError) as error:
        raise GoldError(f"{file}: cannot be used ({type(error).__name__}: {error}); correct it") from error
    return {row.id: row.question for row in rows}


def read_follow_ups(file: Path) -> list[FollowUp]:
    """The lines with a history, in an order that is the same everywhere. Raises GoldError."""
    with usable(file):
        return [_follow_up(line) for line in sampled(read_lines(file)) if line["history"]]


def _follow_up(line: Mapping[str, Any]) -> FollowUp:
    needs = map(Need, line.get("evidence_ids", ()) if line.get("answerable") else ())
    return FollowUp(
        line["id"], line["question"], tuple(asked(line).turns()), tuple(needs), line.get("rewrite", "")
    )


def token_f1(one: str, other: str) -> float:
    """The harmonic mean of the shares of plain words that two texts have in common."""
    mine, theirs = words(one).split(), words(other).split()
    return _f1((Counter(mine) & Counter(theirs)).total(), mine, theirs)


def rouge_l(one: str, other: str) -> float:
    """As `token_f1`, but of the words in common only those in the same order count.

    C.-Y. Lin, "ROUGE: A Package for Automatic Evaluation of Summaries" (2004), with precision and recall
    counting alike.
    """
    mine, theirs = words(one).split(), words(other).split()
    longest = [0] * (len(theirs) + 1)
    for word in mine:
        diagonal = 0
        for place, their in enumerate(theirs, 1):
            grown = diagonal + 1 if word == their else max(longest[place], longest[place - 1])
            diagonal, longest[place] = longest[place], grown
    return _f1(longest[-1], mine, theirs)


def _f1(common: int, mine: Sequence[str], theirs: Sequence[str]) -> float:
    return 2 * common / (len(mine) + len(theirs)) if common else 0.0


def gold_section(settings: Settings, gold: Path, notice: Callable[[str], None]) -> str:
    """The follow-ups of gold, rewritten and written out by hand, as Markdown. Raises AssistantError."""
    by_hand = read_standalone(gold.parent / "standalone.jsonl")
    cases = [case for case in read_gold(gold) if case.type == FOLLOW_UP]
    if lacking := [case.id for case in cases if case.id not in by_hand]:
        raise GoldError(f"standalone.jsonl lacks {', '.join(lacking)}; write these questions out")
    settings = settings.model_copy(update={"model": EXTRACTIVE})
    scores: dict[str, tuple[list[float], list[float]]] = {}
    with closing(open_index(settings, notice, lambda done, total: None)) as index:
        assistant = build_assistant(settings, index)
        assistant.retriever = with_memory(assistant.retriever, settings)
        articles = stored_articles(index.catalogue)

        def score(case: Case) -> list[float]:
            answer = ask_case(assistant, case, lambda event: None)
            ranks = evidence_ranks(case, answer.passages[:5], articles)
            return [float(any(ranks)), correctness(case, answer).value or 0.0]

        for case in cases:
            written = case.model_copy(update={"question": by_hand[case.id], "history": ()})
            scores[case.id] = score(case), score(written)
            notice(f"gold: {case.id} done")
    lines = ["| half | cases | evidence hit@5 | right | mean of both, to that by hand |"]
    lines.append("| --- | ---: | ---: | ---: | ---: |")
    for half in ("dev", "test", "all"):
        ids = [case.id for case in cases if half in (case.half, "all")]
        if not ids:
            continue
        sums = [[sum(scores[one][way][part] for one in ids) for way in (0, 1)] for part in (0, 1)]
        cells = [f"{asked:.0f} ({written:.0f})" for asked, written in sums]
        rewritten, written_out = (fmean(fmean(scores[one][way]) for one in ids) for way in (0, 1))
        ratio = f"{rewritten / written_out:.2f}" if written_out else "-"
        lines.append(f"| {half} | {len(ids)} | {' | '.join(cells)} | {ratio} |")
    return (
        "### Gold\n\nFollow-ups as they are asked, and in brackets the same questions written out by hand "
        "(`eval/standalone.jsonl`), answered without a language model.\n\n" + "\n".join(lines)
    )


def conversations_section(bench: Bench, folder: Path, sample: int, notice: Callable[[str], None]) -> str:
    """Articles found for the last turns of conversations, as Markdown. Raises AssistantError."""
    follow_ups = [one for one in read_follow_ups(folder / "questions.jsonl") if one.needs]
    whole = bench.retriever(CONVERSATIONS, folder / "corpus.jsonl", bench.settings.embedder)
    whole = with_memory(whole, bench.settings)
    parts = []
    for title, retriever, chosen in (
        ("Both searches fused", narrow(unranked(whole)).model_copy(update={"reader": None}), follow_ups),
        ("The whole retrieval", whole, follow_ups[:sample]),
    ):
        rows: dict[str, list[Found]] = {}
        for name in ("last turn alone", "rewritten"):
            texts = [one.rewritten if name == "rewritten" else one.question for one in chosen]
            questions = [Question(one.id, text, one.needs) for one, text in zip(chosen, texts, strict=True)]
            rows[name] = grade(questions, [find(retriever, question) for question in questions])
            notice(f"{CONVERSATIONS}: {title}, {name} done")
        alone, rewritten = rows.values()
        gains = [now.any(5) - before.any(5) for before, now in zip(alone, rewritten, strict=True)]
        mean, low, high = mean_interval(gains, seed=0)
        parts.append(
            f"{title}, {len(chosen)} follow-ups; hit@5 gains {mean:+.3f} ({low:+.3f} to {high:+.3f}, paired):"
            f"\n\n{table(PUBLIC_MEASURES, rows, {})}"
        )
    return f"### Conversations of {CONVERSATIONS}\n\n" + "\n\n".join(parts)


def rewrites_section(file: Path) -> str:
    """The words that rewritten questions share with a person's rewritings, as Markdown. Raises GoldError."""
    follow_ups = read_follow_ups(file)
    changed = [one for one in follow_ups if words(one.question) != words(one.rewrite)]
    lines = ["| turns | n | token F1, last turn | rewritten | ROUGE-L, last turn | rewritten |"]
    lines.append("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, chosen in (("all", follow_ups), ("that a person changed", changed)):
        cells = [
            f"{fmean(measure(text, one.rewrite) for one, text in zip(chosen, texts, strict=True)):.3f}"
            for measure in (token_f1, rouge_l)
            for texts in ([one.question for one in chosen], [one.rewritten for one in chosen])
        ]
        lines.append(f"| {name} | {len(chosen)} | {' | '.join(cells)} |")
    brackets = fmean("(Before: " in one.rewritten for one in follow_ups)
    return (
        "### Rewriting of people\n\nWords shared with a person's rewriting; "
        f"{brackets:.0%} of the rewritten questions carry the question before them in brackets.\n\n"
        + "\n".join(lines)
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, prints and writes; 0, or 2 with one line that says what is wrong."""
    parser = argparse.ArgumentParser(prog="bench_followups", description="Measures follow-up questions.")
    parser.add_argument("--bench", type=Path, help="folder of public question sets")
    parser.add_argument("--sample", type=int, default=100, help="conversations for the whole retrieval")
    parser.add_argument("--gold", type=Path, default=GOLD)
    parser.add_argument("--results", type=Path, default=Path("eval/RESULTS.md"))
    parser.add_argument("--work", type=Path, help="folder of indexes; default: bench, in the cache folder")
    chosen = parser.parse_args(arguments)

    def measure() -> tuple[str, str]:
        settings = load_settings()
        parts = ["## Follow-ups", f"`make bench-followups BENCH=FOLDER N={chosen.sample}`", CHOSEN]
        parts.append(gold_section(settings, chosen.gold, notice))
        if chosen.bench:
            bench = Bench(settings, chosen.work or settings.cache / "bench", 0)
            parts.append(conversations_section(bench, chosen.bench / CONVERSATIONS, chosen.sample, notice))
            parts.append(rewrites_section(chosen.bench / REWRITES / "rewrites.jsonl"))
        return "follow-ups", "\n\n".join(parts)

    return conclude(chosen.results, measure)


if __name__ == "__main__":
    sys.exit(main())
