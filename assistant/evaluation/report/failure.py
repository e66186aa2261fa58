"""A case that was not answered right, on one screen."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from assistant.evaluation.gate.comparison import FIGURES
from assistant.evaluation.run import Graded
from assistant.evaluation.scorers.standard import outcome
from assistant.schema import Answer
from assistant.terminal.render import safe

WIDTH = 100
LINES = 20
"""Of the whole."""
PART = 400
"""Characters of an answer, or of any other part, that are shown."""
LOW = 0.5
"""A score below it is told of."""
MOST_TOLD = 6


def failure(graded: Graded) -> str:
    """The question, the answer, what was expected, and the scorers that failed; at most `LINES` lines."""
    lines = [
        line
        for name, text in _parts(graded)
        for line in textwrap.wrap(
            textwrap.shorten(safe(text), PART, placeholder=" ..."),
            WIDTH,
            initial_indent=f"{name + ':':<10}" if name else " " * 10,
            subsequent_indent=" " * 10,
        )
    ]
    return "\n".join(lines if len(lines) <= LINES else [*lines[: LINES - 1], "..."])


def _parts(graded: Graded) -> Iterator[tuple[str, str]]:
    case, answer = graded.case, graded.answer
    yield "question", f"{case.question}" + (f" (as of {case.as_of})" if case.as_of else "")
    if answer is None:
        yield "answer", f"none, since {graded.error or 'nobody was asked'}"
        return
    yield "answer", _said(answer)
    expected = "; and ".join(" | ".join(group) for group in case.expect)
    yield "expected", expected or "no answer, since the articles do not tell"
    for number, evidence in enumerate(case.evidence[:2]):
        yield "" if number else "evidence", f"{evidence.article}: {evidence.quote}"
    if answer.citations:
        yield "cited", ", ".join(dict.fromkeys(citation.article for citation in answer.citations))
    low = [
        f"{score.name}: {score.why}"
        for score in graded.scores
        if score.value is not None and score.value < LOW and score.name not in FIGURES
    ]
    for number, told in enumerate(low[:MOST_TOLD] or [outcome(case, answer)]):
        yield "" if number else "failing", told


def _said(answer: Answer) -> str:
    if answer.status == "abstained":
        return f"none: {answer.abstention.message}" if answer.abstention else "none"
    return answer.answer
