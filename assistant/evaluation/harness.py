"""The harness: gold cases asked of the very same assistant as everybody's, scored, held against a baseline.

Everything that belongs to a gold file lies beside it: `floors.toml`, `recordings/`, and a baseline for each
model, `baseline.json` for the default one.
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

from langchain_core.language_models import BaseChatModel

from assistant.answering.events import Event
from assistant.answering.pipeline import Pipeline
from assistant.api.build import build_pipeline, build_retriever, provenance
from assistant.api.spending import Spending
from assistant.corpus.articles import Article
from assistant.corpus.report import Notice
from assistant.errors import GoldError, SettingsError
from assistant.evaluation.gate.baseline import read_baseline
from assistant.evaluation.gate.regression_gate import held_against, read_rules
from assistant.evaluation.gold.cases import (
    CASE_TYPES,
    Case,
    check_gold,
    cut_quotes,
    read_gold,
    stored_articles,
)
from assistant.evaluation.judge import SLOTS, agreement, judge_scorer, judged_sentences
from assistant.evaluation.run import Asking, Graded, Report, run
from assistant.evaluation.score_cache import FILE, SHARED, Memory, with_memory
from assistant.evaluation.scorers.retrieval import retrieval_scorers
from assistant.evaluation.scorers.score import Score, Scorer
from assistant.evaluation.scorers.standard import outcome, standard_scorers
from assistant.index.filters import Filters
from assistant.index.opened import Index
from assistant.models import packaged
from assistant.models.chat.loading import load_chat_model
from assistant.models.prompts import load_prompt
from assistant.models.recordings import Mode, Recordings, file_name
from assistant.retrieval.retriever import Retriever
from assistant.retrieval.support import support_of
from assistant.schema import Answer
from assistant.settings import EXTRACTIVE, Settings, prompts_folder

GOLD = Path("eval/gold.jsonl")


@dataclass(frozen=True, slots=True)
class Wanted:
    """The options of `assistant eval`."""

    gold: Path = GOLD
    mode: Mode | Literal["live"] = "replay"
    only: str | None = None
    """A question type; then there is no verdict, since a part of the gold is not the gold."""
    case: str | None = None
    """The id of the only case to ask; no verdict then either."""
    baseline: Path | None = None
    """None is that of the model, beside the gold."""
    update_baseline: bool = False
    judge: str | None = None
    """A model's name."""
    max_cost: float | None = None
    """US dollars from which nothing more is asked."""
    resume: Path | None = None

    @property
    def whole(self) -> bool:
        """Whether the run covers all of the gold."""
        return self.only is None and self.case is None

    def baseline_path(self, model: str) -> Path:
        """The given baseline file, or this model's beside the gold."""
        default = model == Settings.model_fields["model"].default
        name = "baseline.json" if default else f"baseline-{file_name(model)}.json"
        return self.baseline or self.gold.parent / name

    @property
    def recordings(self) -> Path:
        return self.gold.parent / "recordings"


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything needed to ask cases and score the answers."""

    assistant: Pipeline
    asking: Asking
    articles: Mapping[str, Article]
    recordings: Recordings | None
    memory: Memory
    scorers: tuple[Scorer, ...]
    provenance: dict[str, str]
    spending: Spending

    def run(
        self, cases: Sequence[Case], on_progress: Callable[[Graded], None], resume: Path | None = None
    ) -> Report:
        """Asks and scores cases. Raises SettingsError if the resume file cannot be used."""
        return run(
            cases,
            self.spending.metered(self.asking.ask),
            each=self.asking.each,
            scorers=self.scorers,
            retrieval_scorers=retrieval_scorers(self.articles),
            on_progress=on_progress,
            provenance=self.provenance,
            resume=resume,
        )


def prepare(settings: Settings, index: Index, wanted: Wanted, retriever: Retriever | None = None) -> Prepared:
    """Loads what a run needs; a given `retriever` is reused.

    Raises SettingsError, ModelError, PromptError and RecordingError.
    """
    recordings = _recordings(settings.model, wanted, wanted.recordings)
    assistant = build_pipeline(settings, retriever or build_retriever(settings, index), recordings)
    made = provenance(settings, assistant)
    memory = Memory(settings.cache / FILE, wanted.recordings / SHARED)
    if wanted.mode != "live":
        made["seconds"] = (
            "the language model's as recorded; those of reranker and reader only for what is new"
        )
        assistant.retriever = with_memory(assistant.retriever, settings, memory)
    articles = stored_articles(index.catalogue)
    scorers = standard_scorers(articles, support_of(assistant.retriever.reader, assistant.retriever.reranker))
    if wanted.judge:
        scorers += _judges(settings, wanted)
    asking = Asking(partial(ask_recorded, assistant, recordings))
    return Prepared(assistant, asking, articles, recordings, memory, scorers, made, Spending(wanted.max_cost))


def evaluate(
    settings: Settings,
    index: Index,
    wanted: Wanted,
    notice: Notice,
    retriever: Retriever | None = None,
    asking: Asking | None = None,
) -> Report:
    """Asks and scores every case, here or by `asking`, and compares the run with the baseline and the floors.

    Raises GoldError if the indexed articles cannot answer a case, or a file beside the gold is invalid; and
    raises as `prepare`.
    """
    cases = select_cases(wanted, notice)
    rules = read_rules(wanted.gold.parent / "floors.toml")
    baseline = read_baseline(wanted.baseline_path(settings.model))
    check(cases, stored_articles(index.catalogue), settings.chunk_words, notice)
    prepared = prepare(settings, index, wanted, retriever)
    prepared = replace(prepared, asking=asking or prepared.asking)
    report = prepared.run(cases, _progress(len(cases), notice), wanted.resume)
    if wanted.judge:
        report = report.model_copy(update={"agreement": agreement(report.graded, wanted.judge)})
    if wanted.whole:
        if prepared.recordings and wanted.mode == "record":
            prepared.recordings.forget_others([case.id for case in cases])
        agreed = wanted.update_baseline
        report = held_against(report, None if agreed else baseline, rules, agreed=agreed)
        if wanted.mode == "record" or wanted.update_baseline:
            prepared.memory.save(wanted.recordings / SHARED)
    if prepared.assistant.profile.capable and wanted.mode != "replay":
        notice(prepared.spending.summary())
    if prepared.recordings:
        _tell_unrecorded(report, prepared.recordings, notice)
    return report


def select_cases(wanted: Wanted, notice: Notice) -> list[Case]:
    """The gold cases, or those of one type, or one. Raises GoldError and SettingsError."""
    only = wanted.only
    if only is not None and only not in CASE_TYPES:
        raise SettingsError(f"no question type {only!r}; there are: {', '.join(CASE_TYPES)}")
    cases = [case for case in read_gold(wanted.gold, notice) if only is None or case.type == only]
    if wanted.case is None:
        return cases
    chosen = [case for case in cases if case.id == wanted.case]
    if not chosen:
        raise SettingsError(f"no case {wanted.case!r}; the first of {len(cases)} is {cases[0].id!r}")
    return chosen


def check(cases: list[Case], articles: Mapping[str, Article], most_words: int, notice: Notice) -> None:
    """Warns of evidence that no passage holds whole. Raises GoldError if a case cannot be answered at all."""
    for warning in cut_quotes(cases, articles, most_words):
        notice(warning)
    if problems := check_gold(cases, articles):
        for problem in problems[1:]:
            notice(problem)
        raise GoldError(
            f"{len(problems)} pieces of evidence cannot be found: {problems[0]}; correct the gold"
        )


def ask_recorded(
    assistant: Pipeline, recordings: Recordings | None, case: Case, on_event: Callable[[Event], None]
) -> Answer:
    """As `ask_case`; a replayed answer reports the seconds its model took when recorded."""
    if recordings is None:
        return ask_case(assistant, case, on_event)
    with recordings.of(case.id) as replayed:
        answer = ask_case(assistant, case, on_event)
    seconds = sum(call.seconds for call in replayed)
    taken = answer.seconds
    recorded = {"generate": taken.generate + seconds, "total": taken.total + seconds}
    return answer.model_copy(update={"seconds": taken.model_copy(update=recorded)})


def ask_case(assistant: Pipeline, case: Case, on_event: Callable[[Event], None]) -> Answer:
    """Asks the case's question as a user would have, as of its day."""
    filters = Filters(as_of=case.as_of)
    return assistant.ask(case.question, history=case.turns(), filters=filters, on_event=on_event)


def _recordings(model: str, wanted: Wanted, folder: Path) -> Recordings | None:
    """None where no model's answers are to be recorded or replayed."""
    if wanted.mode == "live" or model == EXTRACTIVE:
        return None
    known = packaged.known(model)
    identity = f"{model}@{known.sha256[:12]}" if known else model
    return Recordings(folder, model, identity, wanted.mode)


def _judges(settings: Settings, wanted: Wanted) -> tuple[Scorer, ...]:
    """The judge of answers and that of their sentences, recorded and replayed as the assistant's model is."""
    name = wanted.judge or ""
    load = partial(
        load_chat_model, name, settings.cache, base_url=settings.base_url, threads=settings.threads
    )
    prompt = load_prompt(prompts_folder(), "judge", SLOTS)

    def recorded(folder: str, made: Callable[[BaseChatModel], Scorer]) -> Scorer:
        recordings = _recordings(name, wanted, wanted.recordings / folder)
        if recordings is None:
            return made(load())
        scorer = made(recordings.chat_model(load))

        def of_case(case: Case, answer: Answer) -> Score:
            with recordings.of(case.id):
                return scorer(case, answer)

        return of_case

    return (
        recorded("judge", lambda model: judge_scorer(model, name, prompt)),
        recorded("judge-sentences", lambda model: judged_sentences(model, name)),
    )


def _progress(cases: int, notice: Notice) -> Callable[[Graded], None]:
    """Tells of each case in a line."""
    done = 0

    def told(graded: Graded) -> None:
        nonlocal done
        done += 1
        case, answer = graded.case, graded.answer
        result = _told(graded, answer) if answer else f"unmeasured, {graded.error}"
        notice(f"{done}/{cases} {case.id} {case.type}: {result} in {graded.seconds:.1f} s")

    return told


_TOLD = ("first sentence", "no false sentence", "not degenerate")


def _told(graded: Graded, answer: Answer) -> str:
    """The outcome, its length, and what of the answer failed: "right, 23 words, no: first sentence"."""
    scores = {score.name: score.value for score in graded.scores}
    told: list[str] = [outcome(graded.case, answer)]
    if (length := scores.get("words")) is not None:
        told.append(f"{length:.0f} words")
        if failing := [name for name in _TOLD if scores.get(name) == 0]:
            told.append(f"no: {', '.join(failing)}")
    return ", ".join(told)


def _tell_unrecorded(report: Report, recordings: Recordings, notice: Notice) -> None:
    """Says how many recordings are lacking, why, and what recording them takes."""
    lacking = [graded for graded in report.graded if graded.recording]
    if not lacking:
        return
    reasons = Counter(graded.error for graded in lacking)
    listed = "; ".join(f"{count} {reason}" for reason, count in reasons.most_common())
    known = [took for one in lacking if (took := recordings.seconds(one.case.id)) is not None]
    takes = f" (about {max(1, round(sum(known) / 60))} min)" if known else ""
    plural = "recordings are" if len(lacking) > 1 else "recording is"
    notice(
        f"{len(lacking)} {plural} missing or stale: {listed}; record what is lacking{takes} with: "
        f"assistant eval --record --model {shlex.quote(report.provenance['model'])}"
    )
