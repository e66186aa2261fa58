"""Which sentences should answer where no capable model does? Ways of choosing them, side by side.

    python -m eval.benchmarks.quotes --bench FOLDER [--model NAME ...] [--half all] [--sample 60]

The answerable questions of one half of gold and of Wikinews are searched for once, and each way chooses its
quotes from the same passages; nothing is withheld. What is in force is the way "words" with the default model
(`assistant.answering.short`). With `--model extractive` no model is asked. The last ways know the answer; no
choice can be better.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import permutations
from pathlib import Path
from statistics import median
from typing import Any

from assistant.answering import short
from assistant.answering.course import Course
from assistant.answering.evidence import Sentence, likeliest, plain
from assistant.answering.pipeline import Pipeline
from assistant.answering.query import make_query
from assistant.answering.verify import Statement
from assistant.api.build import build_pipeline, build_retriever
from assistant.errors import ModelError
from assistant.evaluation.gate.statistics import wilson_interval
from assistant.evaluation.gold.cases import Case
from assistant.evaluation.report import table
from assistant.evaluation.score_cache import with_memory
from assistant.evaluation.scorers.standard import correctness
from assistant.index.filters import Filters
from assistant.models.chat.json_replies import parse_object
from assistant.retrieval.fusion import fused
from assistant.settings import EXTRACTIVE, Settings, load_settings
from assistant.text.languages import count_words
from eval.benchmarks.command import conclude, notice
from eval.benchmarks.index import indexed
from eval.benchmarks.sets import GOLD, WIKINEWS, corpus_of, read_set

Choose = Callable[[Pipeline, Course, list[Sentence]], list[Statement]]

ALL = "all"

KNOWING = (6, 12)
"""Sentences that who knows the answer chooses from."""

IDS = {"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 2}
ANSWER = {"type": "string", "minLength": 1, "maxLength": 240}


@dataclass(frozen=True, slots=True)
class Way:
    """How quotes are chosen from numbered sentences, and with which model."""

    name: str
    choose: Choose
    model: str = EXTRACTIVE


@dataclass(slots=True)
class Tally:
    """What came of one way."""

    right: list[bool] = field(default_factory=list)
    first: list[bool] = field(default_factory=list)
    words: list[int] = field(default_factory=list)

    def add(self, case: Case, course: Course, pipeline: Pipeline) -> None:
        """Grades the chosen quotes, and the first of them alone."""
        whole = list(course.statements)
        for statements, graded in ((whole, self.right), (whole[:1], self.first)):
            course.statements = statements
            graded.append(is_right(case, course, pipeline))
        self.words.append(sum(count_words(statement.text) for statement in whole))


def is_right(case: Case, course: Course, pipeline: Pipeline) -> bool:
    """Whether the statements so far answer the case."""
    course.reason = None if course.statements else "not-stated"
    hidden = pipeline.retriever.index.catalogue.hidden(course.query.filters)
    answer = course.answer(None, hidden, pipeline.model_name, pipeline.profile)
    return correctness(case, answer).value == 1


def by_reader(most: int) -> Choose:
    """The reader's likeliest sentences."""

    def choose(_: Pipeline, course: Course, evidence: list[Sentence]) -> list[Statement]:
        return short.quotes(evidence, course.query.standalone)[:most]

    return choose


def by_words(pipeline: Pipeline, course: Course, evidence: list[Sentence]) -> list[Statement]:
    """As in force: the sentence nearest to the model's words, and the likeliest."""
    assert pipeline.chat is not None
    said, _ = short.worded(pipeline.chat, pipeline.prompts["answer_small"], course.query, evidence)
    return short.quotes(evidence, course.query.standalone, said)


def by_ids(*, first: bool) -> Choose:
    """The sentences whose numbers the model names, before its answer or after it, and the likeliest."""

    def choose(pipeline: Pipeline, course: Course, evidence: list[Sentence]) -> list[Statement]:
        assert pipeline.chat is not None
        parts = [("used", IDS), ("answer", ANSWER)] if first else [("answer", ANSWER), ("used", IDS)]
        schema: dict[str, Any] = {
            "type": "object",
            "properties": dict(parts),
            "required": [name for name, _ in parts],
            "additionalProperties": False,
        }
        shape = {"used": '"used": [numbers of the sentences that answer]'}
        shape["answer"] = '"answer": "one sentence of at most 25 words"'
        asked_for = "{{" + ", ".join(shape[name] for name, _ in parts) + "}}"
        prompt = pipeline.prompts["answer_small"]
        system = prompt.system.replace('{{"answer": "one sentence of at most 25 words"}}', asked_for)
        assert system != prompt.system
        lines = [f"{one.id} ({one.article.published or 'no date'}) {plain(one.text)}" for one in evidence]
        messages = replace(prompt, system=system).format_messages(
            evidence="\n".join(lines), question=course.query.as_asked()
        )
        used = parse_object(pipeline.chat.ask(messages, schema).text).get("used") or []
        named = [one for number in used for one in evidence if one.id == str(number)]
        likely = sorted(evidence, key=lambda one: -one.chance)
        chosen: list[Sentence] = []
        for one in (*named[:1], *likely[:1], *named[1:], *likely[1:]):
            if one not in chosen:
                chosen.append(one)
        chosen = chosen[: short.MOST_QUOTES]
        fits = sum(count_words(one.text) for one in chosen) <= short.MOST_WORDS
        return [short.quoted(one) for one in (chosen if fits else chosen[:1])]

    return choose


def knowing(case: Case, course: Course, pipeline: Pipeline, count: int) -> list[Statement]:
    """Of the `count` likeliest sentences one that is right, else two that are, else the likeliest."""
    likely = likeliest(course.passages, count)
    pairs = [
        pair
        for pair in permutations(likely, short.MOST_QUOTES)
        if sum(count_words(one.text) for one in pair) <= short.MOST_WORDS
    ]
    for chosen in [*((one,) for one in likely), *pairs]:
        course.statements = [short.quoted(one) for one in chosen]
        if is_right(case, course, pipeline):
            return course.statements
    return [short.quoted(one) for one in likely[:1]]


def ways(models: Sequence[str]) -> list[Way]:
    """The reader's ways, those of the first model, and of the others the one in force."""
    of_reader = [Way("likeliest sentence", by_reader(1)), Way("two likeliest", by_reader(2))]
    if EXTRACTIVE in models:
        return of_reader
    first, *others = models
    return [
        *of_reader,
        Way("words", by_words, first),
        Way("numbers, then words", by_ids(first=True), first),
        Way("words, then numbers", by_ids(first=False), first),
        *(Way("words", by_words, model) for model in others),
    ]


def searched(
    settings: Settings, name: str, bench: Path | None, half: str, sample: int | None
) -> Iterator[tuple[Case, Course, Pipeline]]:
    """The answerable cases of one half, each with its passages."""
    settings, index = indexed(settings, name, corpus_of(name, bench, settings.cache))
    with closing(index):
        retriever = with_memory(build_retriever(settings, index), settings)
        pipeline = build_pipeline(settings.model_copy(update={"model": EXTRACTIVE}), retriever)
        for item in read_set(name, bench, sample):
            case = item.case
            if case.answerable and half in (case.half, ALL):
                filters = Filters(as_of=case.as_of)
                query = make_query(case.question, case.turns(), filters, pipeline.newest(filters))
                course = Course(query)
                rankings = [retriever.retrieve(search, filters) for search in query.searches]
                course.passages = fused([], rankings, retriever.k)
                yield case, course, pipeline


def measure(
    settings: Settings, bench: Path | None, models: Sequence[str], half: str, sample: int | None
) -> tuple[str, str]:
    """The section's name and its Markdown. Raises AssistantError."""
    chosen = ways(models)
    tallies = [Tally() for _ in (*chosen, *KNOWING)]
    for name in (GOLD, WIKINEWS) if bench else (GOLD,):
        pipelines: dict[str, Pipeline] = {}
        for case, course, extractive in searched(settings, name, bench, half, sample):
            for count, tally in zip(KNOWING, tallies[len(chosen) :], strict=True):
                course.statements = knowing(case, course, extractive, count)
                tally.add(case, course, extractive)
            for way, tally in zip(chosen, tallies, strict=False):
                if way.model not in pipelines:
                    asked = settings.model_copy(update={"model": way.model})
                    pipelines[way.model] = build_pipeline(asked, extractive.retriever)
                pipeline = pipelines[way.model]
                evidence = short.numbered(course.passages, pipeline.profile.passages)
                try:
                    course.statements = way.choose(pipeline, course, evidence)
                except ModelError as error:
                    notice(f"{case.id}, {way.name}: {error}")
                    course.statements = []
                tally.add(case, course, pipeline)
            notice(f"{name} {case.id}: " + " ".join("x" if tally.right[-1] else "." for tally in tallies))
    names = [(way.name, "–" if way.model == EXTRACTIVE else way.model) for way in chosen]
    names += [(f"who knows the answer, of the {count} likeliest", "–") for count in KNOWING]
    rows = [
        (
            *name,
            wilson_interval(sum(tally.right), len(tally.right)).percent,
            wilson_interval(sum(tally.first), len(tally.first)).percent,
            f"{median(tally.words):.0f}",
        )
        for name, tally in zip(names, tallies, strict=True)
    ]
    head = ("quotes chosen by", "model", "right", "right in the first quote", "words, median")
    options = [f"--half {half}", *(f"--model {model}" for model in models)]
    options += [f"--sample {sample}"] if sample is not None else []
    body = (
        f'## Which sentences answer\n\n`make bench-quotes BENCH=FOLDER A="{" ".join(options)}"`: '
        f"{len(tallies[0].right)} answerable questions of gold and Wikinews, nothing withheld.\n\n"
        f"{table(head, rows)}"
    )
    return "quotes", body


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, prints and writes; 0, or 2 with one line that says what is wrong."""
    parser = argparse.ArgumentParser(prog="quotes", description="Compares ways of choosing quotes.")
    parser.add_argument("--bench", type=Path, help="folder of public question sets")
    parser.add_argument("--model", action="append", help="a packaged model; may be repeated")
    parser.add_argument("--half", choices=("dev", "test", ALL), default="dev")
    parser.add_argument(
        "--sample", type=int, help="questions of each set, before those of one half are taken"
    )
    parser.add_argument("--results", type=Path, default=Path("eval/RESULTS.md"))
    chosen = parser.parse_args(arguments)
    settings = load_settings()
    models = chosen.model or [settings.model]
    return conclude(
        chosen.results, lambda: measure(settings, chosen.bench, models, chosen.half, chosen.sample)
    )


if __name__ == "__main__":
    sys.exit(main())
