"""`assistant eval`: what the command prints and writes, and its exit status."""

from __future__ import annotations

import os
from pathlib import Path
from xml.sax.saxutils import escape

from assistant.api.build import build_retriever, profile_for
from assistant.corpus.report import Notice
from assistant.errors import GoldError
from assistant.evaluation.diagnosis.explain import explain, retrieve_lost
from assistant.evaluation.gate.baseline import baseline_of, write_baseline
from assistant.evaluation.gate.regression_gate import exit_status
from assistant.evaluation.gold.cases import read_cases, stored_articles
from assistant.evaluation.harness import Wanted, check, evaluate, select_cases
from assistant.evaluation.report.markdown import section, update_results
from assistant.evaluation.report.summary import append_step_summary
from assistant.evaluation.report.terminal import print_report
from assistant.evaluation.run import Asking, Report
from assistant.evaluation.score_cache import with_memory
from assistant.index.opened import Index
from assistant.retrieval.retriever import Retriever
from assistant.settings import Settings
from assistant.terminal.render import stdout


def print_check(settings: Settings, index: Index, wanted: Wanted, notice: Notice) -> int:
    """Reports that every case can be answered. Raises GoldError if not."""
    cases = select_cases(wanted, notice)
    check(cases, stored_articles(index.catalogue), settings.chunk_words, notice)
    drafts = sum(case.draft for case in read_cases(wanted.gold))
    left_out = f"; {drafts} drafts do not count" if drafts else ""
    print(f"{len(cases)} cases can be won{left_out}")
    return 0


def print_explanation(settings: Settings, index: Index, wanted: Wanted, notice: Notice) -> int:
    """Prints where the evidence of the requested case was lost."""
    (graded,) = evaluate(settings, index, wanted, notice).graded
    retriever = _retriever(settings, index)
    explain(graded, stored_articles(index.catalogue), retriever, _read(settings), stdout())
    return 0


def measure(
    settings: Settings,
    index: Index,
    wanted: Wanted,
    results: Path | None,
    folder: Path | None,
    notice: Notice,
    asking: Asking | None = None,
) -> int:
    """Runs the evaluation, prints it, and writes the table to `results` and all reports to `folder`.

    `asking` asks elsewhere than in this process.

    Returns the exit status. Raises AssistantError.
    """
    report = evaluate(settings, index, wanted, notice, asking=asking)
    status = conclude(report, wanted, results, notice)
    if folder is not None:
        publish(report, folder, settings, index)
    return status


def conclude(report: Report, wanted: Wanted, results: Path | None, notice: Notice) -> int:
    """Prints the report, writes the requested files, and returns the exit status.

    Raises GoldError and SettingsError if a file cannot be written.
    """
    print_report(report, stdout())
    append_step_summary(report)
    if results is not None:
        update_results(results, f"answers {report.provenance['model']}", section(report))
    if wanted.update_baseline:
        _update_baseline(report, wanted, notice)
    if report.gate is None:
        notice(f"no verdict: only cases of type {wanted.only} were asked")
        return 0
    return exit_status(report)


def _update_baseline(report: Report, wanted: Wanted, notice: Notice) -> None:
    """Makes this run the baseline. Raises GoldError for a run that is no evidence."""
    gate = report.gate
    if gate is None or gate.unmeasured > gate.most_unmeasured:
        raise GoldError(
            "a baseline needs a run over all gold with its cases measured; record what is missing"
        )
    path = wanted.baseline_path(report.provenance["model"])
    write_baseline(path, baseline_of(report))
    notice(f"{path} is the baseline now")


def publish(report: Report, folder: Path, settings: Settings, index: Index) -> None:
    """Writes all reports into a folder. Raises SettingsError if one cannot be written."""
    _keep_fonts_in(settings.cache / "matplotlib")
    # Here, since plots take a second to load, and minutes on the day that matplotlib lists the fonts.
    from assistant.evaluation.report.files import write_reports

    articles = stored_articles(index.catalogue)
    lost = retrieve_lost(report, articles, _retriever(settings, index), _read(settings))
    write_reports(report, folder, articles, lost)


FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <cachedir>{}</cachedir>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
</fontconfig>
"""


def _keep_fonts_in(folder: Path) -> None:
    """Where matplotlib leaves its list of fonts, which it makes on import, and where fc-list, which it asks
    for them, leaves what it knows: else these are folders of their own."""
    folder.mkdir(parents=True, exist_ok=True)
    fonts = folder / "fonts.conf"
    fonts.write_text(FONTS.format(escape(str(folder))), encoding="utf-8")
    os.environ.setdefault("MPLCONFIGDIR", str(folder))
    os.environ.setdefault("FONTCONFIG_FILE", str(fonts))


def _retriever(settings: Settings, index: Index) -> Retriever:
    """One that judges only what the evaluation did not."""
    return with_memory(build_retriever(settings, index), settings)


def _read(settings: Settings) -> int:
    """How many passages are read: all that are found, unless a capable model reads another number."""
    profile = profile_for(settings)
    return profile.passages if profile.capable else settings.k
