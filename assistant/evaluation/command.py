"""`assistant eval`: gold in, answers asked of the very same assistant as everybody's, a table out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from assistant.answer import Assistant, Turn
from assistant.articles import Article
from assistant.errors import GoldError, SettingsError
from assistant.evaluation.gold import CASE_TYPES, Case, check_gold, read_gold
from assistant.evaluation.report import section, table, update_results
from assistant.evaluation.run import Graded, Report, run
from assistant.evaluation.scorers import outcome, standard_scorers
from assistant.filters import Filters
from assistant.interface import Answer

GOLD = Path("eval/gold.jsonl")


def select_cases(gold: Path | None, only: str | None) -> list[Case]:
    """The gold cases, or those of one type. Raises GoldError and SettingsError."""
    if only is not None and only not in CASE_TYPES:
        raise SettingsError(f"no question type {only!r}; there are: {', '.join(CASE_TYPES)}")
    return [case for case in read_gold(gold or GOLD) if only is None or case.type == only]


def evaluate(
    assistant: Assistant,
    cases: list[Case],
    provenance: Mapping[str, str],
    notice: Callable[[str], None],
    resume: Path | None,
) -> Report:
    """Asks and scores every case. Raises GoldError when a case cannot be won with the indexed articles."""
    catalogue = assistant.retriever.index.catalogue
    articles: dict[str, Article] = {}
    for article_id in catalogue.fingerprints():
        article = catalogue.article(article_id)
        if article is not None:
            articles[article_id] = article
    problems = check_gold(cases, articles)
    if problems:
        raise GoldError(
            f"{len(problems)} gold cases cannot be won, the first: {problems[0]}; correct the gold"
        )
    done = 0

    def told(graded: Graded) -> None:
        nonlocal done
        done += 1
        result = outcome(graded.case, graded.answer) if graded.answer else f"unmeasured: {graded.error}"
        notice(f"{done}/{len(cases)} {graded.case.id} {graded.case.type}: {result} in {graded.seconds:.1f} s")

    return run(
        cases,
        lambda case: ask_case(assistant, case),
        scorers=standard_scorers(articles),
        on_progress=told,
        provenance=provenance,
        resume=resume,
    )


def ask_case(assistant: Assistant, case: Case) -> Answer:
    """The case's question as a person would have asked it, on its day."""
    history = [Turn(turn.question, turn.answer) for turn in case.history]
    return assistant.ask(case.question, history=history, filters=Filters(as_of=case.as_of))


def publish(report: Report, folder: Path | None, results: Path | None) -> None:
    """Writes the report into a folder, and its table into a Markdown file, where they are wanted.

    Raises SettingsError when one cannot be written.
    """
    if folder is not None:
        write_report(report, folder)
    if results is not None:
        update_results(results, f"answers {report.provenance['model']}", section(report))


def write_report(report: Report, folder: Path) -> None:
    """`report.md` for people and `report.json` for programs. Raises SettingsError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "report.md").write_text(table(report), encoding="utf-8")
        (folder / "report.json").write_text(report.model_dump_json(indent=1), encoding="utf-8")
    except OSError as error:
        raise SettingsError(
            f"cannot write --report {folder}: {error.strerror}; give another folder"
        ) from None
