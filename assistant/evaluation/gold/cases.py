"""Gold cases: questions with the surface forms of a right answer and the evidence for it.

A gold file is JSON Lines: a line is a `Case`, or a plain one (`plain`). `read_gold` checks what can be seen
in the file alone, `check_gold` what needs the articles: cases that no assistant could answer.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import Field, ValidationError, model_validator

from assistant.answering.query import Turn
from assistant.corpus.articles import Article
from assistant.corpus.chunking import split_article
from assistant.errors import GoldError
from assistant.evaluation.gold.plain import as_case, is_plain, unknown_keys
from assistant.index.catalogue.lexical import Catalogue
from assistant.schema import Strict

CaseType = Literal[
    "lookup", "number", "date", "quote", "who-said", "multi-hop", "comparison", "timeline", "as-of",
    "conflict", "unanswerable", "false-premise", "follow-up", "summary",
]  # fmt: skip
CASE_TYPES: tuple[CaseType, ...] = get_args(CaseType)
SHOWN_PROBLEMS = 5

NonEmpty = Annotated[str, Field(pattern=r"\S")]
Group = Annotated[tuple[NonEmpty, ...], Field(min_length=1)]


class EarlierTurn(Strict):
    """An earlier question of the conversation, and the answer that was given."""

    question: NonEmpty
    answer: str


class Evidence(Strict):
    """Words of an article that prove the expected answer, verbatim except for white space."""

    article: NonEmpty
    quote: NonEmpty


class Case(Strict):
    """One gold line."""

    id: NonEmpty
    question: NonEmpty
    type: CaseType
    as_of: dt.date | None
    """Only articles up to and including this day may be used; None for all of them."""
    history: tuple[EarlierTurn, ...]
    answerable: bool
    """Whether the articles say; a false premise is answerable, by its correction."""
    expect: tuple[Group, ...]
    """At least one form of every group stands in a right answer."""
    evidence: tuple[Evidence, ...]
    reject: tuple[Group, ...] = ()
    """Wrong values that an answer must not assert, each in its spellings."""
    plain: bool = False
    """Of a plain line, and nobody named evidence."""
    draft: bool = False
    """Made by a program and not yet edited by a person: never asked, never counted."""

    def turns(self) -> list[Turn]:
        """The history as the assistant takes it."""
        return [Turn(turn.question, turn.answer) for turn in self.history]

    def query(self) -> str:
        """What is searched for: the question, with the turn before it if there is one."""
        before = f"{self.history[-1].question} " if self.history else ""
        return f"{before}{self.question}"

    @property
    def half(self) -> Literal["dev", "test"]:
        """Thresholds and prompts are chosen on dev alone; the id decides, so a case never changes sides."""
        return "test" if int(hashlib.sha256(self.id.encode()).hexdigest(), 16) % 2 else "dev"

    @model_validator(mode="after")
    def _consistent(self) -> Case:
        unanswerable = self.type == "unanswerable"
        inconsistencies = {
            "answerable, but expect is empty": self.answerable and not self.expect,
            "not answerable, but expect is not empty": not self.answerable and bool(self.expect),
            "answerable, but of type unanswerable": self.answerable and unanswerable,
            "not answerable, but not of that type": not self.answerable and not unanswerable,
            "answerable, but without evidence": self.answerable and not (self.evidence or self.plain),
            "a form is both in expect and in reject": bool(_forms(self.expect) & _forms(self.reject)),
            "of type as-of, but without as_of": self.type == "as-of" and self.as_of is None,
            "of type follow-up, but without history": self.type == "follow-up" and not self.history,
        }
        if found := [problem for problem, holds in inconsistencies.items() if holds]:
            raise ValueError(", ".join(found))
        return self


def _forms(groups: Sequence[Group]) -> set[str]:
    return {form.casefold() for group in groups for form in group}


def _silent(_: str) -> None:
    """Tells nobody."""


def read_gold(path: Path, notice: Callable[[str], None] = _silent) -> list[Case]:
    """The cases of a JSON Lines file, in its order, without drafts.

    Raises GoldError with the file and line of each problem, and for a file that is missing or holds no case.
    """
    cases = [case for case in read_cases(path, notice) if not case.draft]
    if not cases:
        raise GoldError(f"{path}: has no cases other than drafts; edit one and remove its mark")
    return cases


def read_cases(path: Path, notice: Callable[[str], None] = _silent) -> list[Case]:
    """The cases of a JSON Lines file, in its order, with drafts; blank lines are skipped.

    `notice` receives one message about unknown keys in plain lines. Raises GoldError as `read_gold`.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except FileNotFoundError as error:
        raise GoldError(f"{path}: is not there; write it with: assistant eval init --gold {path}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise GoldError(f"{path}: cannot be read ({error}); give a JSON Lines file with --gold.") from error
    cases: list[Case] = []
    problems: list[str] = []
    line_of: dict[str, int] = {}
    unknown: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            case = _case(line, number, unknown)
        except ValidationError as error:
            problems.append(f"line {number}: {_in_one_line(error)}")
            continue
        except ValueError as error:
            problems.append(f"line {number}: {error}")
            continue
        if case.id in line_of:
            problems.append(f"line {number}: id {case.id} already stands on line {line_of[case.id]}")
        line_of.setdefault(case.id, number)
        cases.append(case)
    if problems:
        more = len(problems) - SHOWN_PROBLEMS
        listed = "; ".join(problems[:SHOWN_PROBLEMS])
        shown = " ".join(listed.split()) + (f"; and {more} more" if more > 0 else "")
        raise GoldError(f"{path}: {shown}. Correct these lines.")
    if not cases:
        raise GoldError(f"{path}: holds no case; add one JSON object a line.")
    if unknown:
        listed = ", ".join(f"{key} (first on line {number})" for key, number in unknown.items())
        notice(f"{path}: unknown keys are ignored: {listed}")
    return cases


def _case(line: str, number: int, unknown: dict[str, int]) -> Case:
    """The case of a line; keys that mean nothing go into `unknown`, with the first line that has them.

    Raises ValidationError, which is a ValueError, and ValueError.
    """
    try:
        plain = json.loads(line)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except ValueError:
        plain = None
    if not is_plain(plain):
        return Case.model_validate_json(line, strict=True)
    for key in sorted(unknown_keys(plain)):
        unknown.setdefault(key, number)
    return Case.model_validate_json(json.dumps(as_case(plain)), strict=True)


def _in_one_line(error: ValidationError) -> str:
    """`expect.0: Field required, ...`: where in the line, and what."""
    return ", ".join(
        ".".join(map(str, part["loc"])) + ": " * bool(part["loc"]) + part["msg"].removeprefix("Value error, ")
        for part in error.errors(include_url=False, include_input=False)
    )


def quote_spans(text: str, quote: str) -> list[tuple[int, int]]:
    """Every (start, end) of `quote` in `text`, in characters; any run of white space equals any other."""
    pattern = r"\s+".join(map(re.escape, quote.split()))
    return [match.span() for match in re.finditer(pattern, text)]


def check_gold(cases: Sequence[Case], articles: Mapping[str, Article]) -> list[str]:
    """One line per piece of evidence that no assistant could find in these articles.

    Its article is missing, does not hold the quote, or is later than the case's `as_of` (or undated).
    """
    return [
        f"{case.id}: {problem}"
        for case in cases
        for evidence in case.evidence
        if (problem := _unwinnable(case, evidence, articles.get(evidence.article)))
    ]


def _unwinnable(case: Case, evidence: Evidence, article: Article | None) -> str | None:
    if article is None:
        return f"no article {evidence.article}"
    if not quote_spans(article.text, evidence.quote):
        return f'{article.id} does not hold "{evidence.quote}"'
    if case.as_of is None:
        return None
    if article.published is None:
        return f"{article.id} has no date, so it is hidden as of {case.as_of}"
    if article.published > case.as_of:
        return f"{article.id} is of {article.published}, after {case.as_of}"
    return None


def cut_quotes(cases: Sequence[Case], articles: Mapping[str, Article], most_words: int) -> list[str]:
    """One warning for each evidence quote that no passage of at most `most_words` words holds whole.

    Such a quote caps evidence recall below one; it does not make the case unanswerable. `check_gold` reports
    quotes that are not in their article.
    """
    quoted = {evidence.article for case in cases for evidence in case.evidence}
    passages = {name: _passages(articles[name], most_words) for name in quoted if name in articles}
    warnings = []
    for case in cases:
        for evidence in case.evidence:
            article = articles.get(evidence.article)
            spans = quote_spans(article.text, evidence.quote) if article else []
            whole = any(
                low <= start and end <= high
                for start, end in spans
                for low, high in passages[evidence.article]
            )
            if spans and not whole:
                warnings.append(f'{case.id}: no passage of {evidence.article} holds "{evidence.quote}"')
    return warnings


def _passages(article: Article, most_words: int) -> list[tuple[int, int]]:
    """Every passage that retrieval could make of an article: chunks with their neighbours, while they fit."""
    chunks = split_article(article, most_words)
    found = []
    for first, chunk in enumerate(chunks):
        words = 0
        for last in chunks[first:]:
            words += len(last.text.split())
            if words > most_words and last is not chunk:
                break
            found.append((chunk.start, last.end))
    return found


def stored_articles(catalogue: Catalogue) -> dict[str, Article]:
    """Every article of an index by its id, as it was indexed."""
    found = (catalogue.article(article_id) for article_id in catalogue.fingerprints())
    return {article.id: article for article in found if article is not None}
