"""Reports for the terminal, for a pull request and for build servers; the figures that they share."""

import html
import io
import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from reporting import ARTICLES, DAM, SCRIPT, answer, case, grade, graded_cases, passage, small_report
from rich.console import Console

from assistant.errors import SettingsError
from assistant.evaluation.gate.comparison import Changed, Gate
from assistant.evaluation.report import markdown
from assistant.evaluation.report.figures import Slice, recall_curve, slices
from assistant.evaluation.report.files import write_reports
from assistant.evaluation.report.junit import junit_xml
from assistant.evaluation.report.summary import STEP_SUMMARY, append_step_summary, escape, summary
from assistant.evaluation.report.terminal import print_report
from assistant.evaluation.run import Report
from assistant.evaluation.scorers.score import Score

GATE_PASSED = Gate(reasons=(), floors=(), unmeasured=0, most_unmeasured=0)


# Figures


def test_a_slice_counts_what_was_measured_and_says_why_the_rest_was_not() -> None:
    everything = Slice("all", graded_cases())
    assert everything.outcomes == {"right": 2, "wrong": 1, "abstained": 1}
    assert (everything.measured, everything.unmeasured) == (4, 2)
    assert everything.unmeasured_why == "1 failed, 1 stale"
    assert everything.values("correctness") == [1.0, 0.0, 0.0]
    assert everything.seconds(50) == 0.5
    rate = everything.rate("right")
    assert rate is not None
    assert rate.estimate == 0.5


def test_a_slice_without_a_measured_case_has_no_figures() -> None:
    none = Slice("all", graded_cases()[4:])
    assert (none.rate("right"), none.mean("correctness"), none.seconds(50)) == (None, None, None)


def test_every_case_is_in_the_slice_of_its_type_and_in_the_last() -> None:
    *types, answerable, everything = slices(graded_cases())
    assert {one.title: len(one.graded) for one in types if one.graded} == {
        "lookup": 4,
        "number": 1,
        "unanswerable": 1,
    }
    assert (len(answerable.graded), len(everything.graded)) == (5, 6)


def test_recall_counts_whole_evidence_in_the_first_passages_of_searched_cases() -> None:
    """The evidence stands in the second passage of three cases, and in none of the stale one."""
    assert [round(one.estimate, 2) for one in recall_curve(graded_cases(), ARTICLES)] == [0.0, 0.75]
    assert recall_curve(graded_cases()[4:5], ARTICLES) == []
    nothing = grade(case("n"), answer("n", "No.", passages=[]), 0.0)
    found = grade(case("f"), answer("f", "No.", passages=[passage(DAM, DAM.text)]), 0.0)
    assert [one.estimate for one in recall_curve([nothing, found], ARTICLES)] == [0.5]


def test_words_are_the_median_and_the_ninetieth_percentile() -> None:
    graded = [
        grade(case(f"w{count}"), answer("w", "Yes."), 1.0, scores=(Score("words", count, "words"),))
        for count in range(1, 12)
    ]
    everything = Slice("all", graded)
    assert (everything.words(50), everything.words(90)) == (6, 10)
    assert Slice("all", graded_cases()).words(50) is None
    told = small_report(graded=tuple(graded))
    assert "Words of an answer: median 6, 90% within 10" in printed(told)
    assert "Words of an answer: median 6, 90% within 10." in summary(told)
    (*_, row) = markdown.rows(told, graded)
    assert dict(zip(markdown.header(told), row, strict=True))["p90 words"] == "10"


# The terminal


def printed(report: Report, **options: Any) -> str:
    file = io.StringIO()
    print_report(report, Console(file=file, width=80, highlight=False, **options))
    return file.getvalue()


def test_the_whole_table_in_the_terminal() -> None:
    notes = ("no baseline: compared",)
    gate = Gate(reasons=("right fell",), notes=notes, floors=(), unmeasured=2, most_unmeasured=3)
    lines = [line.rstrip() for line in printed(small_report(gate=gate)).splitlines()]
    assert (
        "\n".join(lines)
        == """\
model: small
prompts: answer 1

type          n  right     95%  wrong  abstained  unmeasured   was  median s
─────────────────────────────────────────────────────────────────────────────
lookup        4    50%    9–91      0          1           2     -       0.5
number        1     0%    0–79      1          0           0  100%       1.5
unanswerable  1   100%  21–100      0          0           0     -       0.5
answerable    5    33%    6–79      1          1           2     -       0.5
all           6    50%   15–85      1          1           2  100%       0.5

score        n  mean      95%   was            change
──────────────────────────────────────────────────────
correctness  3   33%    0–100  100%  -50 (-60 to -40)
latency      4   0.8  0.5–1.2     -                 -

Unmeasured: 1 failed, 1 stale
The judge judge-1 agrees on 1 of 2 cases, kappa 0.50
Cases that came out otherwise than in the baseline: 1
  wrong number: right -> wrong
The smallest drop in right these cases could show: 40%
Too few cases to fail alone, so pooled: lookup, number
Note: no baseline: compared
The gate failed:
  right fell"""
    )


def test_the_terminal_fits_80_columns_and_reads_no_markup() -> None:
    shown = printed(small_report(gate=Gate(**GATE_PASSED.model_dump() | {"reasons": ("[red]\x1b[31m",)})))
    assert max(len(line) for line in shown.splitlines()) <= 80
    assert "  [red]<U+001B>[31m" in shown


def test_a_long_list_of_changed_cases_is_cut() -> None:
    changed = tuple(Changed(id=f"c{n}", type="lookup", before="right", now="wrong") for n in range(12))
    comparison = small_report().comparison
    assert comparison is not None
    shown = printed(small_report(comparison=comparison.model_copy(update={"changed": changed})))
    assert "  c9 lookup: right -> wrong\n  and 2 more\n" in shown
    assert "c10" not in shown


def test_a_report_without_baseline_or_verdict_says_nothing_of_them() -> None:
    shown = printed(small_report(comparison=None, gate=None, agreement=None))
    assert not {"baseline", "gate", "judge"} & set(shown.lower().split())
    assert printed(small_report(gate=GATE_PASSED)).endswith("The gate passed.\n")


# The summary of a pull request


def rendered(markdown: str) -> str:
    return MarkdownIt("gfm-like", {"linkify": False}).render(markdown)


def test_the_summary_begins_with_the_verdict_and_shows_what_changed() -> None:
    text = summary(small_report())
    assert text.startswith("## Evaluation\n\n**The gate failed:**\n\n- right fell ")
    page = rendered(text)
    rows = [re.findall(r"<td>(.*?)</td>", row) for row in re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL)]
    change = ["right", "all", "2", "100%", "50%", "-50.0", "-60.0 to -40.0", "0.040", "▼ worse"]
    assert change in rows
    assert ["wrong", "number", "right → wrong"] in rows
    assert ["lookup", "4", "50%, 9% to 91%", "0", "1", "2"] in rows
    assert "<script" not in page
    assert "<img" not in page
    assert f"right fell {SCRIPT}" in html.unescape(page)


def test_the_summary_of_a_run_that_passed_is_short() -> None:
    text = summary(small_report(comparison=None, gate=GATE_PASSED, graded=graded_cases()[:1]))
    assert text.startswith(
        "## Evaluation\n\n**The gate passed.**\n\n1 cases: 100%, 21% to 100% right.\n\n<details>"
    )


def test_what_the_verdict_is_worth_stands_below_it() -> None:
    gate = GATE_PASSED.model_copy(update={"notes": ("no baseline: <b>", "3 cases are few")})
    text = summary(small_report(comparison=None, gate=gate))
    assert text.startswith(
        "## Evaluation\n\n**The gate passed.**\n\nno baseline: &lt;b&gt;\n\n3 cases are few\n\n6 cases"
    )


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"])))
def test_escaped_text_is_shown_as_it_is(text: str) -> None:
    shown = rendered(f"| a |\n| - |\n| x{escape(text)}x |")
    cell = re.findall(r"<td>(.*?)</td>", shown, re.DOTALL)
    assert [html.unescape(one) for one in cell] == [f"x{' '.join(text.split())}x"]


def test_the_summary_is_added_to_the_file_that_the_build_server_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(STEP_SUMMARY, raising=False)
    append_step_summary(small_report())
    file = tmp_path / "summary.md"
    file.write_text("before\n")
    monkeypatch.setenv(STEP_SUMMARY, str(file))
    append_step_summary(small_report())
    assert file.read_text() == "before\n" + summary(small_report())
    monkeypatch.setenv(STEP_SUMMARY, str(tmp_path))
    with pytest.raises(SettingsError, match="correct or unset it"):
        append_step_summary(small_report())


# JUnit


def test_junit_has_a_test_a_case_and_one_for_the_gate() -> None:
    suites = ElementTree.fromstring(junit_xml(small_report()))
    tests = {
        (test.get("classname"), test.get("name")): [
            (child.tag, child.get("type")) for child in test if child.tag != "system-out"
        ]
        for test in suites.iter("testcase")
    }
    assert tests == {
        ("gold.lookup", "right"): [],
        ("gold.number", "wrong"): [("failure", "wrong")],
        ("gold.lookup", "silent"): [("failure", "abstained")],
        ("gold.unanswerable", "unknown"): [],
        ("gold.lookup", "failed"): [("error", "failed")],
        ("gold.lookup", "stale"): [("skipped", "stale")],
        ("gate", "gate"): [("failure", "gate")],
    }
    gold = suites.find("testsuite[@name='gold']")
    assert gold is not None
    counts = [gold.get(name) for name in ("tests", "failures", "errors", "skipped")]
    assert counts == ["6", "2", "1", "1"]
    assert f"It costs 61 {SCRIPT} [1]." in ElementTree.tostring(suites, "unicode", "text")


def test_a_gate_that_passed_is_a_test_that_passed() -> None:
    suites = ElementTree.fromstring(junit_xml(small_report(gate=GATE_PASSED)))
    gate = suites.find("testsuite[@name='gate']/testcase")
    assert gate is not None
    assert len(gate) == 0
    assert b'"gate"' not in junit_xml(small_report(gate=None))
    noted = GATE_PASSED.model_copy(update={"notes": ("no baseline", "3 cases are few")})
    suites = ElementTree.fromstring(junit_xml(small_report(gate=noted)))
    assert suites.findtext("testsuite[@name='gate']/testcase/system-out") == "no baseline\n3 cases are few"


@given(st.text())
def test_junit_is_xml_whatever_a_model_says(text: str) -> None:
    said = grade(case("c"), answer("Question c?", f"x{text}x"), 1.0)
    ElementTree.fromstring(junit_xml(small_report(graded=(said,))))


# All of them


def test_a_folder_gets_every_report(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "report"
    write_reports(small_report(), folder, ARTICLES)
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["junit.xml", "report.html", "report.json", "report.md"]
    assert Report.model_validate_json((folder / "report.json").read_bytes()) == small_report()
    assert json.loads((folder / "report.json").read_text())["provenance"]["model"] == "small"


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match=r"cannot write --report .*file: .*; give another folder"):
        write_reports(small_report(), tmp_path / "file", ARTICLES)
