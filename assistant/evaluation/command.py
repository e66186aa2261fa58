"""`assistant eval`: what the command prints and writes, and its exit status."""

from __future__ import annotations

from pathlib import Path

from assistant.errors import GoldError, SettingsError
from assistant.evaluation.baseline import baseline_of, write_baseline
from assistant.evaluation.bench_data import stored_articles
from assistant.evaluation.draft import draft_cases
from assistant.evaluation.gate import exit_status
from assistant.evaluation.gold import read_cases
from assistant.evaluation.harness import Notice, Wanted, check, select_cases
from assistant.evaluation.report import section, table, update_results
from assistant.evaluation.run import Report
from assistant.index import Index
from assistant.settings import Settings


def print_check(settings: Settings, index: Index, wanted: Wanted, notice: Notice) -> int:
    """Says that every case can be won. Raises GoldError if not."""
    cases = select_cases(wanted.gold, wanted.only)
    check(cases, stored_articles(index.catalogue), settings.chunk_words, notice)
    drafts = sum(case.draft for case in read_cases(wanted.gold))
    left_out = f"; {drafts} drafts do not count" if drafts else ""
    print(f"{len(cases)} cases can be won{left_out}")
    return 0


def print_drafts(index: Index, wanted: Wanted, count: int, notice: Notice) -> int:
    """Prints drafts as JSON Lines, to be added to the gold and edited."""
    drafts = draft_cases(stored_articles(index.catalogue), read_cases(wanted.gold), count)
    for draft in drafts:
        print(draft.model_dump_json())
    notice(
        f"{len(drafts)} drafts over articles without a case; add them to {wanted.gold}, make a question of "
        'each gap, and remove "draft"'
        if drafts
        else "every article has a case"
    )
    return 0


def conclude(
    report: Report, wanted: Wanted, folder: Path | None, results: Path | None, notice: Notice
) -> int:
    """Prints and writes the report, and the baseline if it is to be updated; the exit status.

    Raises GoldError and SettingsError when something cannot be written.
    """
    print(table(report), end="")
    publish(report, folder, results)
    if wanted.update_baseline:
        _update_baseline(report, wanted, notice)
    if report.gate is None:
        notice(f"no verdict: only cases of type {wanted.only} were asked")
        return 0
    if report.comparison is None and not wanted.update_baseline:
        notice(f"no baseline at {wanted.baseline_path}; make one with: assistant eval --update-baseline")
    for reason in report.gate.reasons:
        notice(reason)
    notice("the gate passed" if report.gate.passed else "the gate failed")
    return exit_status(report)


def _update_baseline(report: Report, wanted: Wanted, notice: Notice) -> None:
    """Makes this run the baseline. Raises GoldError for a run that is no evidence."""
    gate = report.gate
    if gate is None or gate.unmeasured > gate.most_unmeasured:
        raise GoldError(
            "a baseline needs a run over all gold with its cases measured; record what is missing"
        )
    write_baseline(wanted.baseline_path, baseline_of(report))
    notice(f"{wanted.baseline_path} is the baseline now")


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
