"""A run: every case asked once, its answer scored, nothing lost when it is interrupted.

The file given as `resume` is JSON Lines: first the run's provenance, then one line for each case as it is
answered. Scores are not stored: they are pure, so a resumed run takes them afresh from the stored answers.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import fmean
from time import perf_counter
from typing import Any, Literal

from assistant.answering.citations import answer_passage
from assistant.answering.events import Event, PassagesFound
from assistant.errors import AssistantError, RecordingMissing, RecordingStale, SettingsError
from assistant.evaluation.gate.comparison import Agreement, Comparison, Gate
from assistant.evaluation.gold.cases import Case
from assistant.evaluation.scorers.retrieval import RetrievalScorer
from assistant.evaluation.scorers.score import Score, Scorer
from assistant.evaluation.scorers.standard import outcome
from assistant.schema import Answer, AnswerPassage, Strict


class Graded(Strict):
    """One case of a run: either an answer with its scores, or the error that left it unmeasured."""

    case: Case
    answer: Answer | None
    scores: tuple[Score, ...]
    seconds: float
    """Wall-clock time of the call, measured outside the assistant; a replayed model's as it was recorded."""
    error: str | None
    recording: Literal["missing", "stale"] | None = None
    """Set where there is no answer because the model's part of it is not recorded, or for another prompt."""
    passages: tuple[AnswerPassage, ...] = ()
    """What retrieval found, kept here only where there is no answer to hold it."""

    @property
    def status(self) -> Literal["measured", "failed", "missing", "stale"]:
        """Whether there is an answer, and if not, why. Only measured cases have all their scores."""
        return "measured" if self.answer else self.recording or "failed"


class Report(Strict):
    """A whole run, in the order of its cases."""

    provenance: dict[str, str]
    """What the figures depend on: model, embedder, reranker, index identity, prompt digest, platform."""
    graded: tuple[Graded, ...]
    comparison: Comparison | None = None
    """Beside the baseline, if there was one."""
    gate: Gate | None = None
    """The verdict; None where only a part of the gold was asked."""
    agreement: Agreement | None = None
    """With a judge, if one was asked."""

    @property
    def passed(self) -> bool:
        """Whether the gate passed; False without a verdict."""
        return self.gate is not None and self.gate.passed

    @property
    def figures(self) -> dict[str, float]:
        """`cases` and `unmeasured` as counts; of the measured ones, the shares `right`, `wrong`, `abstained`;
        and the mean of every score that could be taken."""
        measured = [outcome(one.case, one.answer) for one in self.graded if one.answer]
        found: dict[str, float] = {
            "cases": len(self.graded),
            "unmeasured": len(self.graded) - len(measured),
        }
        for kind in ("right", "wrong", "abstained"):
            if measured:
                found[kind] = measured.count(kind) / len(measured)
        values: dict[str, list[float]] = {}
        for one in self.graded:
            for score in one.scores:
                if score.value is not None:
                    values.setdefault(score.name, []).append(score.value)
        return found | {name: fmean(taken) for name, taken in values.items()}


AskCase = Callable[[Case, Callable[[Event], None]], Answer]
"""Answers a case, sending progress events."""


Each = Callable[[Callable[[Case], Any], Iterable[Case]], Iterable[Any]]
"""Calls a function with every case, many at a time perhaps; its results in the order of the cases."""


@dataclass(frozen=True, slots=True)
class Asking:
    """What asks cases, and how they are gone through."""

    ask: AskCase
    each: Each = map


class _Asked(Strict):
    """A line of the file: what came of one case; `asked` digests it, so that an edited case is new."""

    id: str
    asked: str
    answer: Answer | None
    seconds: float
    error: str | None
    recording: Literal["missing", "stale"] | None = None
    passages: tuple[AnswerPassage, ...] = ()


class _Header(Strict):
    """The first line of the file."""

    provenance: dict[str, str]


def run(
    cases: Sequence[Case],
    ask: AskCase,
    *,
    each: Each = map,
    scorers: Sequence[Scorer],
    retrieval_scorers: Sequence[RetrievalScorer] = (),
    on_progress: Callable[[Graded], None],
    provenance: Mapping[str, str],
    resume: Path | None = None,
) -> Report:
    """Asks and scores every case; `on_progress` is called for each, including those from the file.

    A case whose `ask` raises AssistantError is unmeasured except for its retrieval, and the run goes on; any
    other exception is a bug and ends it. With `resume`, answers are saved to that file as they come, and
    cases already in it are not asked again (unmeasured ones are). Raises SettingsError if the file has
    another provenance or is not a run.
    """
    stored = _open(resume, dict(provenance)) if resume else {}
    new = iter(each(partial(_ask, ask=ask), [case for case in cases if _digest(case) not in stored]))
    graded = []
    for case in cases:
        asked = stored.get(_digest(case))
        if asked is None:
            asked = next(new)
            if resume:
                _append(resume, asked)
        graded.append(_grade(case, asked, scorers, retrieval_scorers))
        on_progress(graded[-1])
    return Report(provenance=dict(provenance), graded=tuple(graded))


def kept(path: Path, cases: Sequence[Case], scorers: Sequence[Scorer]) -> Report:
    """These cases' answers from the file of a run, in order, scored now; asks and writes nothing.

    An incomplete last line is skipped. Raises SettingsError for a file that is not a run.
    """
    try:
        *lines, _ = path.read_bytes().split(b"\n")
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error}); name another file.") from error
    provenance, asked = _parse(path, lines)
    # Sorted so that an answer counts, whatever failed before or after it.
    stored = {line.asked: line for line in sorted(asked, key=lambda line: line.answer is not None)}
    graded = [_grade(case, stored[key], scorers, ()) for case in cases if (key := _digest(case)) in stored]
    return Report(provenance=provenance, graded=tuple(graded))


def _ask(case: Case, ask: AskCase) -> _Asked:
    answer, error = None, None
    passages: list[AnswerPassage] = []
    recording: Literal["missing", "stale"] | None = None

    def listen(event: Event) -> None:
        if isinstance(event, PassagesFound):
            passages[:] = map(answer_passage, event.passages)

    start = perf_counter()
    try:
        answer = ask(case, listen)
    except AssistantError as raised:
        error = str(raised) or type(raised).__name__
        if isinstance(raised, RecordingStale):
            recording = "stale"
        elif isinstance(raised, RecordingMissing):
            recording = "missing"
    seconds = perf_counter() - start
    return _Asked(
        id=case.id,
        asked=_digest(case),
        answer=answer,
        # A replayed answer says what it took when it was recorded.
        seconds=max(seconds, answer.seconds.total) if answer else seconds,
        error=error,
        recording=recording,
        passages=() if answer else tuple(passages),
    )


def _grade(
    case: Case, asked: _Asked, scorers: Sequence[Scorer], retrieval_scorers: Sequence[RetrievalScorer]
) -> Graded:
    answer = asked.answer
    scores = [scorer(case, answer) for scorer in scorers] if answer else []
    if answer or asked.passages:
        passages = answer.passages if answer else asked.passages
        scores += [scorer(case, passages) for scorer in retrieval_scorers]
    return Graded(
        case=case,
        answer=answer,
        scores=tuple(scores),
        seconds=asked.seconds,
        error=asked.error,
        recording=asked.recording,
        passages=asked.passages,
    )


def _digest(case: Case) -> str:
    """Of the id and what is asked; expectations may change without asking again."""
    asked = case.model_dump_json(include={"id", "question", "as_of", "history"})
    return hashlib.sha256(asked.encode()).hexdigest()


def _append(path: Path, line: Strict) -> None:
    with path.open("a", encoding="utf-8", newline="\n") as file:
        file.write(line.model_dump_json() + "\n")


def _open(path: Path, provenance: dict[str, str]) -> dict[str, _Asked]:
    """The answers in the file, by digest; a last line cut off by an interruption is removed."""
    try:
        content = path.read_bytes() if path.exists() else b""
        if not content:
            path.parent.mkdir(parents=True, exist_ok=True)
            _append(path, _Header(provenance=provenance))
            return {}
        *lines, torn = content.split(b"\n")
        before, asked = _parse(path, lines)
        if torn:
            os.truncate(path, len(content) - len(torn))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be used for the run ({error}); name another file.") from error
    keys = before.keys() | provenance.keys()
    if differing := sorted(key for key in keys if before.get(key) != provenance.get(key)):
        raise SettingsError(f"{path}: is a run with another {', '.join(differing)}; name another file.")
    return {line.asked: line for line in asked if line.answer}


def _parse(path: Path, lines: Sequence[bytes]) -> tuple[dict[str, str], list[_Asked]]:
    try:
        header, *asked = lines
        return _Header.model_validate_json(header).provenance, [
            _Asked.model_validate_json(line) for line in asked
        ]
    except ValueError as error:  # pydantic's ValidationError is one, and so is a file without a whole line
        raise SettingsError(f"{path}: is not a run of this version; name another file.") from error
