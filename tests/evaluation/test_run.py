"""Runs and their reports: interruption, unmeasured cases, tables, the results file."""

from pathlib import Path
from typing import Any

import pytest

from assistant.answering.events import ignore
from assistant.errors import AssistantError, ModelError, SettingsError
from assistant.evaluation.gold.cases import CASE_TYPES, Case, EarlierTurn, Evidence
from assistant.evaluation.report import header, rows, tables, update_results
from assistant.evaluation.run import AskCase, Graded, Report, kept, run
from assistant.evaluation.scorers.retrieval import retrieval_scorers
from assistant.evaluation.scorers.score import Score
from assistant.evaluation.scorers.standard import correctness, standard_scorers
from assistant.schema import Answer

PROVENANCE = {"model": "small", "python": "3.12"}


def case(name: str, **changes: Any) -> Case:
    values: dict[str, Any] = {
        "id": name,
        "question": f"Question {name}?",
        "type": "lookup",
        "as_of": None,
        "history": (),
        "answerable": True,
        "expect": (("yes",),),
        "evidence": (Evidence(article="x", quote="Yes."),),
    }
    return Case(**values | changes)


CASES = [case(f"c{number}") for number in range(5)]
NOT_SAID = case("u1", type="unanswerable", answerable=False, expect=(), evidence=())


def answered(asked: Case, on_event: object = ignore, text: str = "Yes.") -> Answer:
    status = "answered" if text else "abstained"
    return Answer(question=asked.question, status=status, confidence=0.5, answer=text, model="small")


def start(
    cases: list[Case],
    ask: AskCase = answered,
    resume: Path | None = None,
    provenance: dict[str, str] = PROVENANCE,
) -> Report:
    return run(
        cases,
        ask,
        scorers=[correctness],
        on_progress=lambda graded: None,
        provenance=provenance,
        resume=resume,
    )


class Asker:
    """Answers, remembers what it was asked, and raises what it is told to for a case."""

    def __init__(self, **raising: BaseException) -> None:
        self.raising = raising
        self.asked: list[str] = []

    def __call__(self, asked: Case, on_event: object) -> Answer:
        self.asked.append(asked.id)
        if asked.id in self.raising:
            raise self.raising[asked.id]
        return answered(asked)


def test_every_case_is_asked_once_scored_and_told_of() -> None:
    told: list[Graded] = []
    ask = Asker()
    report = run(CASES, ask, scorers=[correctness], on_progress=told.append, provenance=PROVENANCE)
    assert ask.asked == [one.id for one in CASES]
    assert tuple(told) == report.graded
    assert report.provenance == PROVENANCE
    assert report.graded[0].scores == (Score("correctness", 1.0, "all groups found"),)
    assert all(graded.seconds >= 0 and graded.error is None for graded in report.graded)


def test_an_error_leaves_a_case_unmeasured_and_the_run_goes_on() -> None:
    report = start(CASES, Asker(c1=ModelError("No weights; install them.")))
    failed = report.graded[1]
    assert (failed.answer, failed.scores, failed.error) == (None, (), "No weights; install them.")
    assert [graded.answer is None for graded in report.graded] == [False, True, False, False, False]


def test_an_error_without_words_is_still_an_error() -> None:
    assert start(CASES[:1], Asker(c0=AssistantError())).graded[0].error == "AssistantError"


def test_a_bug_ends_the_run() -> None:
    with pytest.raises(ZeroDivisionError):
        start(CASES, Asker(c1=ZeroDivisionError()))


def test_an_interrupted_run_is_finished_by_the_next(tmp_path: Path) -> None:
    path = tmp_path / "new" / "run.jsonl"
    with pytest.raises(KeyboardInterrupt):
        start(CASES, Asker(c3=KeyboardInterrupt()), path)
    ask = Asker()
    report = start(CASES, ask, path)
    assert ask.asked == ["c3", "c4"]
    assert [graded.answer for graded in report.graded] == [answered(one) for one in CASES]
    again = Asker()
    assert start(CASES, again, path) == report
    assert again.asked == []


def test_a_line_cut_off_by_an_interruption_is_asked_again(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    start(CASES, resume=path)
    whole = path.read_bytes()
    for lost in (1, 20):
        path.write_bytes(whole[:-lost])
        ask = Asker()
        assert len(start(CASES, ask, path).graded) == 5
        assert ask.asked == ["c4"]
        assert path.read_bytes().count(b"\n") == whole.count(b"\n")


def test_unmeasured_and_edited_cases_are_asked_again(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    start(CASES, Asker(c1=ModelError("Busy; try again.")), path)
    history = (EarlierTurn(question="And?", answer="Then."),)
    edited = [
        CASES[0],
        CASES[1],
        case("c2", question="Another?"),
        case("c3", history=history),
        case("c4", expect=(("no",),)),
    ]
    ask = Asker()
    report = start(edited, ask, path)
    assert ask.asked == ["c1", "c2", "c3"]
    assert report.graded[1].error is None
    assert report.graded[4].scores[0].value == 0
    once_more = Asker()
    start(edited, once_more, path)
    assert once_more.asked == []


def test_a_file_of_another_run_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    start(CASES, resume=path)
    before = path.read_bytes()
    with pytest.raises(SettingsError, match=r"run with another index, model; name another file\."):
        start(CASES, resume=path, provenance={"model": "large", "python": "3.12", "index": "i"})
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", ["no run", "no run\nat all", '{"id": 1}\n', "\n"])
def test_a_file_that_is_no_run_is_refused_and_left_alone(tmp_path: Path, content: str) -> None:
    path = tmp_path / "notes.txt"
    path.write_text(content)
    with pytest.raises(SettingsError, match="not a run"):
        start(CASES, resume=path)
    assert path.read_text() == content


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="name another file"):
        start(CASES, resume=tmp_path)


def mixed_report() -> Report:
    cases = [*CASES, NOT_SAID, case("f1", type="false-premise")]
    texts = dict(zip([one.id for one in cases], ["Yes.", "No.", "", "Yes.", "Yes.", "", "No."], strict=True))

    def ask(asked: Case, on_event: object) -> Answer:
        if asked.id == "c4":
            raise ModelError("Broken; mend it.")
        return answered(asked, text=texts[asked.id])

    return run(
        cases,
        ask,
        scorers=standard_scorers({}),
        retrieval_scorers=retrieval_scorers({}, k=4),
        on_progress=lambda graded: None,
        provenance=PROVENANCE,
    )


def cells(report: Report, row: int) -> dict[str, str]:
    return dict(zip(header(report), rows(report, report.graded)[row], strict=True))


def test_rows_count_outcomes_of_measured_cases() -> None:
    report = mixed_report()
    titles = [row[0] for row in rows(report, report.graded)]
    assert titles == [*CASE_TYPES, "**answerable**", "**unanswerable**", "**all**"]
    lookup = cells(report, 0)
    counts = [lookup[name] for name in ("n", "right", "wrong", "abstained", "unmeasured")]
    assert counts == ["5", "2", "1", "1", "1"]
    everything = cells(report, -1)
    assert everything["n"] == "7"
    assert everything["right"] == "3 (50%, 19% to 81%)"  # 3 of the 6 measured
    assert cells(report, -2)["right"].startswith("1 (100%")
    assert cells(report, -3)["abstained"].startswith("1 (20%")


def test_what_cannot_be_graded_is_blank_and_left_out_of_means() -> None:
    report = mixed_report()
    everything = cells(report, -1)
    assert everything["quotes verbatim"] == "-"
    assert everything["evidence recall@4"] == "0%, 0% to 0%"
    assert cells(report, -2)["evidence recall@4"] == "-"
    assert cells(report, 0)["token F1"] == "50%"
    assert everything["token F1"].startswith("40%, 0% to ")  # 2 of the 5 measured cases that have an answer
    empty = cells(report, CASE_TYPES.index("quote"))
    assert (empty["n"], empty["median s"], empty["p90 s"]) == ("0", "-", "-")


def test_seconds_are_the_median_and_the_ninetieth_percentile() -> None:
    graded = [
        Graded(case=case(f"s{number}"), answer=answered(case("s")), scores=(), seconds=number, error=None)
        for number in range(11)
    ]
    report = Report(provenance={}, graded=tuple(graded))
    assert (cells(report, -1)["median s"], cells(report, -1)["p90 s"]) == ("5.0", "9.0")


def test_the_table_shows_both_halves_all_and_the_errors() -> None:
    report = mixed_report()
    text = tables(report)
    sections = [text.index(title) for title in ("- model: small", "### Dev half", "### Test half", "### All")]
    assert sections == sorted(sections)
    assert "- c4: Broken; mend it." in text
    assert {line.count("|") for line in text.splitlines() if line.startswith("|")} == {
        len(header(report)) + 1
    }
    totals = [int(line.split("|")[2]) for line in text.splitlines() if line.startswith("| **all** ")]
    assert totals == [*(sum(one.case.half == half for one in report.graded) for half in ("dev", "test")), 7]


def test_a_kept_run_is_scored_without_asking(tmp_path: Path) -> None:
    """In the order of the cases that are wanted; a line that is being written is passed over."""
    path = tmp_path / "run.jsonl"
    start(CASES[:3], Asker(c1=ModelError("gone")), path)
    start(CASES[:2], resume=path)  # what failed is asked again
    before = path.read_bytes()
    path.write_bytes(before + b'{"id": "c3"')
    wanted = [CASES[3], CASES[2], CASES[1].model_copy(update={"expect": (("no",),)})]
    report = kept(path, wanted, [correctness])
    assert report.provenance == PROVENANCE
    assert [(one.case.id, one.scores[0].value) for one in report.graded] == [("c2", 1), ("c1", 0)]
    assert path.read_bytes() == before + b'{"id": "c3"'
    with pytest.raises(SettingsError, match="cannot be read"):
        kept(tmp_path / "none.jsonl", wanted, [])
    path.write_text("no run\n")
    with pytest.raises(SettingsError, match="is not a run"):
        kept(path, wanted, [])


def test_a_report_survives_json() -> None:
    report = mixed_report()
    assert Report.model_validate_json(report.model_dump_json()) == report


def test_results_sections_are_added_and_replaced_in_place(tmp_path: Path) -> None:
    path = tmp_path / "eval" / "RESULTS.md"
    update_results(path, "live", "one\n")
    assert path.read_text() == "# Results\n\n<!-- live: begin -->\none\n<!-- live: end -->\n"
    update_results(path, "large", "two")
    path.write_bytes(path.read_bytes().replace(b"# Results\n", b"# Ours\r\n\r\nBy hand.\n") + b"\nThe end")
    update_results(path, "live", "three")
    assert path.read_bytes() == (
        b"# Ours\r\n\r\nBy hand.\n\n<!-- live: begin -->\nthree\n<!-- live: end -->\n\n"
        b"<!-- large: begin -->\ntwo\n<!-- large: end -->\n\nThe end"
    )


def test_a_section_can_stand_before_all_others(tmp_path: Path) -> None:
    path = tmp_path / "RESULTS.md"
    path.write_text("# Ours\n\nBy hand.\n\n## Mine\n\nBy hand too.\n")
    update_results(path, "live", "one", first=True)
    live = "<!-- live: begin -->\none\n<!-- live: end -->"
    assert path.read_text() == f"# Ours\n\nBy hand.\n\n{live}\n\n## Mine\n\nBy hand too.\n"
    update_results(path, "large", "two")
    large = "<!-- large: begin -->\ntwo\n<!-- large: end -->"
    for _ in range(2):  # moved, then replaced where it stands
        update_results(path, "large", "two", first=True)
        assert path.read_text() == f"# Ours\n\nBy hand.\n\n{large}\n\n{live}\n\n## Mine\n\nBy hand too.\n"
    update_results(tmp_path / "new.md", "live", "one", first=True)
    assert (tmp_path / "new.md").read_text() == f"# Results\n\n{live}\n"


@pytest.mark.parametrize("marks", [("begin",), ("end",), ("end", "begin")])
def test_a_section_with_a_marker_missing_is_refused(tmp_path: Path, marks: tuple[str, ...]) -> None:
    path = tmp_path / "RESULTS.md"
    path.write_text("\n".join(f"<!-- live: {mark} -->" for mark in marks))
    before = path.read_text()
    with pytest.raises(SettingsError, match="lacks a marker"):
        update_results(path, "live", "new")
    assert path.read_text() == before
