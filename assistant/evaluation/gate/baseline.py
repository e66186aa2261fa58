"""The baseline: the results that were last accepted, kept in git.

The file is JSON with a line for each case, so that a change of one case is a change of one line.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from assistant.errors import GoldError
from assistant.evaluation.gate.comparison import BaselineCase
from assistant.evaluation.gold.cases import Case
from assistant.evaluation.run import Graded, Report
from assistant.evaluation.scorers.standard import outcome
from assistant.schema import Strict

DIGITS = 4
"""Scores are rounded, so that the last digits on another computer make no difference."""


class Baseline(Strict):
    """A run as stored."""

    provenance: dict[str, str]
    cases: tuple[BaselineCase, ...]


def baseline_of(report: Report) -> Baseline:
    """The baseline of a run."""
    return Baseline(provenance=report.provenance, cases=tuple(map(kept, report.graded)))


def kept(graded: Graded) -> BaselineCase:
    """The baseline of one case."""
    case, answer = graded.case, graded.answer
    return BaselineCase(
        id=case.id,
        type=case.type,
        digest=_digest(case),
        outcome=outcome(case, answer) if answer else None,
        scores={score.name: round(score.value, DIGITS) for score in graded.scores if score.value is not None},
        answer=answer.answer if answer else "",
    )


def read_baseline(path: Path) -> Baseline | None:
    """The baseline, or None if there is no file. Raises GoldError for an invalid file."""
    try:
        return Baseline.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise GoldError(
            f"{path}: is no baseline ({type(error).__name__}); restore it, or make it anew with: "
            "assistant eval --update-baseline"
        ) from error


def write_baseline(path: Path, baseline: Baseline) -> None:
    """Writes the baseline. Raises GoldError if the file cannot be written."""
    cases = ",\n".join(_line(case.model_dump()) for case in baseline.cases)
    text = f'{{"provenance": {_line(baseline.provenance)},\n"cases": [\n{cases}\n]}}\n'
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise GoldError(
            f"{path}: cannot be written ({error.strerror}); name another with --baseline"
        ) from error


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _digest(case: Case) -> str:
    return hashlib.sha256(case.model_dump_json(exclude={"draft"}).encode()).hexdigest()[:16]
