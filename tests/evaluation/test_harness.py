"""`assistant eval` as a whole over a small corpus: replay, record, baseline, gate, judge, check, drafts."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from commands import Run
from fakes import QueuedModel, checked, drafted, write_corpus
from langchain_core.cross_encoders import BaseCrossEncoder
from langchain_core.embeddings import Embeddings

from assistant.api.build import Encoders
from assistant.cli.main import main
from assistant.evaluation.harness import Wanted
from assistant.settings import load_settings

STANDS = json.dumps(checked(""))
COST = json.dumps(drafted(("The dam will cost 90 billion crowns.", "1.2"))), STANDS
GROUND = json.dumps(drafted(("The ferry Marta ran aground off the island of Sandoy.", "1.1"))), STANDS
SILENT = json.dumps(drafted(verdict="not_stated"))
RIGHT = '{"why": "It is there.", "right": true}'
CASES: list[dict[str, Any]] = [
    {
        "id": "cost",
        "question": "What will the valley dam cost?",
        "type": "number",
        "expect": [["90 billion"]],
        "evidence": [{"article": "dam", "quote": "The dam will cost 90 billion crowns"}],
    },
    {
        "id": "ferry",
        "question": "Where did the ferry Marta run aground?",
        "type": "lookup",
        "expect": [["Sandoy"]],
        "evidence": [{"article": "ferry", "quote": "ran aground off the island of Sandoy"}],
    },
]
COMMON = {"as_of": None, "history": [], "answerable": True}


class Ended(NamedTuple):
    status: int
    out: str
    err: list[str]


Eval = Callable[..., Ended]


class Place(NamedTuple):
    gold: Path
    model: QueuedModel
    run: Eval


def write_gold(path: Path, *cases: dict[str, Any]) -> None:
    path.write_text("".join(json.dumps(COMMON | case) + "\n" for case in cases), encoding="utf-8")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("eval")
    return write_corpus(folder / "corpus"), folder / "index"


@pytest.fixture
def place(tmp_path: Path, corpus: tuple[Path, Path], run: Run, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Gold of two cases, a model that says what it is told to, and `assistant eval` over them."""
    gold = tmp_path / "gold.jsonl"
    write_gold(gold, *CASES)
    model = QueuedModel(replies=[])
    for module in ("assistant.models.chat.loading", "assistant.evaluation.harness"):
        monkeypatch.setattr(f"{module}.load_chat_model", lambda *arguments, **options: model)

    def evaluate(*arguments: str) -> Ended:
        places = ["--corpus", str(corpus[0]), "--index", str(corpus[1]), "--gold", str(gold)]
        if arguments[:1] == ("init",):
            line = [*arguments, *places]
        else:
            line = [*places, "--model", "some:model", *arguments]
        ended = run("eval", *line)
        lines = [line.removeprefix("assistant: ") for line in ended.err.splitlines()]
        return Ended(ended.status, ended.out, lines)

    return Place(gold, model, evaluate)


def verdict(ended: Ended) -> str:
    """What stands at the end of the report, on one line."""
    return " ".join(ended.out[ended.out.index("The gate") :].split())


def record(place: Place, *replies: str, arguments: tuple[str, ...] = ()) -> Ended:
    place.model.replies[:] = replies
    ended = place.run("--record", *arguments)
    assert place.model.replies == []
    return ended


def test_what_is_not_recorded_is_an_error_that_says_how_to_record_it(place: Place) -> None:
    ended = place.run()
    assert ended.status == 2
    assert ended.err[-2:] == [
        "2/2 ferry lookup: unmeasured, not recorded in " + ended.err[-2].rpartition(" in ")[2],
        "2 recordings are missing or stale: 2 not recorded; record what is lacking with: "
        "assistant eval --record --model some:model",
    ]
    assert "Note: no baseline: compared with floors only; agree to this" in ended.out
    assert verdict(ended) == "The gate failed: 2 cases are unmeasured (2 missing), and at most 0 may be"
    assert place.model.prompts == []


def test_recorded_once_replayed_for_ever(place: Place) -> None:
    recorded = record(place, *COST, *GROUND, arguments=("--update-baseline",))
    assert recorded.status == 0
    baseline = place.gold.parent / "baseline-some-model.json"
    assert (recorded.err[-1], verdict(recorded)) == (f"{baseline} is the baseline now", "The gate passed.")
    assert [line.partition(" in ")[0] for line in recorded.err[-4:-2]] == [
        "1/2 cost number: right, 7 words",
        "2/2 ferry lookup: right, 10 words",
    ]
    assert recorded.err[-2] == "2 answers: 400 tokens read, 40 written"
    folder = place.gold.parent / "recordings" / "some-model"
    assert sorted(path.name for path in folder.iterdir()) == ["cost.json", "ferry.json"]
    stored = json.loads((folder / "cost.json").read_text(encoding="utf-8"))
    stored["calls"][0]["seconds"] = 77.0
    (folder / "cost.json").write_text(json.dumps(stored), encoding="utf-8")
    asked = len(place.model.prompts)
    replayed = place.run()
    assert (replayed.status, verdict(replayed)) == (0, "The gate passed.")
    assert len(place.model.prompts) == asked
    assert float(replayed.err[-2].rpartition(" in ")[2].removesuffix(" s")) >= 77  # as recorded
    assert [case["id"] for case in json.loads(baseline.read_text(encoding="utf-8"))["cases"]] == [
        "cost",
        "ferry",
    ]


class Unasked(Embeddings, BaseCrossEncoder):
    """The small models of somebody who has not got them."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        raise AssertionError("a replay embeds nothing")

    def embed_query(self, text: str) -> list[float]:
        raise AssertionError("a replay embeds nothing")

    def score(self, text_pairs: list[tuple[str, str]]) -> list[float]:
        raise AssertionError("a replay scores nothing")

    def read(self, question: str, passages: Any, headings: Any = None) -> list[Any]:
        raise AssertionError("a replay reads nothing")

    def support(self, pairs: Any) -> list[float]:
        raise AssertionError("a replay judges nothing")


def test_what_the_small_models_said_is_recorded_too(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside the answers, of a run over the whole gold; so a replay needs none of them."""
    shared = place.gold.parent / "recordings" / "scores.jsonl"
    record(place, *COST, arguments=("--only", "number"))
    assert not shared.exists()
    record(place, *GROUND)
    kept = shared.read_bytes()
    assert kept
    monkeypatch.setenv("ASSISTANT_CACHE", str(tmp_path / "new"))
    unasked = Unasked()
    monkeypatch.setattr("assistant.api.build.load_encoders", lambda _: Encoders(unasked, unasked, unasked))
    ended = place.run()
    assert (ended.status, verdict(ended)) == (0, "The gate passed.")
    assert [line.partition(" in ")[0] for line in ended.err[-2:]] == [
        "1/2 cost number: right, 7 words",
        "2/2 ferry lookup: right, 10 words",
    ]
    assert shared.read_bytes() == kept


def test_a_damaged_memory_is_one_line(place: Place) -> None:
    shared = place.gold.parent / "recordings" / "scores.jsonl"
    shared.parent.mkdir()
    shared.write_text("<<<<<<< ours\n")
    ended = place.run()
    assert (ended.status, len(ended.err)) == (2, 1)
    assert "scores.jsonl: cannot be used" in ended.err[0]


def test_gold_is_asked_no_further_than_it_may_cost(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = place.run("--record", "--max-cost", "0.0001")
    assert (ended.status, len(ended.err)) == (2, 1)
    assert "price_in and price_out" in ended.err[0]
    monkeypatch.setenv("ASSISTANT_PRICE_IN", "1")
    ended = record(place, *COST, arguments=("--max-cost", "0.0001"))
    assert ended.status == 1
    (line,) = (line for line in ended.err if line.startswith("2/2"))
    assert "unmeasured, not asked: the answers before cost 0.0002 USD; raise --max-cost 0.0001" in line


def test_an_interrupted_recording_goes_on_where_it_was(place: Place) -> None:
    place.model.replies[:] = [*COST, KeyboardInterrupt()]
    assert place.run("--record").status == 130
    asked = len(place.model.prompts)
    record(place, *GROUND)
    assert len(place.model.prompts) == asked + 2
    assert place.run().status == 0


def test_a_changed_question_is_stale_and_says_why_and_how_long_it_takes(place: Place) -> None:
    record(place, *COST, *GROUND)
    write_gold(
        place.gold, CASES[0], CASES[1] | {"question": "Where exactly did the ferry Marta run aground?"}
    )
    ended = place.run()
    assert ended.status == 2
    told = "1 recording is missing or stale: 1 recorded with other evidence or question; record what is "
    assert told + "lacking (about 1 min) with: assistant eval --record --model some:model" in ended.err
    assert verdict(ended) == "The gate failed: 1 case is unmeasured (1 stale), and at most 0 may be"
    (place.gold.parent / "floors.toml").write_text("most_unmeasured = 1\n")
    assert place.run().status == 0


def test_a_worse_answer_fails_where_the_floor_says_so(place: Place) -> None:
    record(place, *COST, *GROUND, arguments=("--update-baseline",))
    (place.gold.parent / "floors.toml").write_text("[floors.all]\nright = 0.9\n")
    place.model.replies[:] = [*COST, SILENT]
    ended = place.run("--live")
    assert ended.status == 1
    assert verdict(ended) == "The gate failed: right is 50.0%, below its floor of 90.0%"
    assert place.run().status == 0  # recordings stay as they were


def test_retrieval_is_graded_where_the_answer_is_not_recorded(place: Place, tmp_path: Path) -> None:
    place.run("--report", str(tmp_path / "report"))
    report = json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))
    one = report["graded"][0]
    assert (one["answer"], one["recording"], one["error"]) == (None, "missing", "not recorded")
    assert {score["name"]: score["value"] for score in one["scores"]}["evidence recall@8"] == 1
    assert one["passages"]


def test_a_part_of_the_gold_has_no_verdict(place: Place) -> None:
    record(place, *COST, *GROUND)
    ended = place.run("--only", "lookup")
    assert (ended.status, ended.err[-1]) == (0, "no verdict: only cases of type lookup were asked")
    assert place.run("--only", "lookups").status == 2
    ended = place.run("--only", "lookup", "--update-baseline")
    assert (ended.status, "over all gold" in ended.err[-1]) == (2, True)


def test_a_case_that_is_gone_has_no_recording(place: Place) -> None:
    record(place, *COST, *GROUND)
    write_gold(place.gold, CASES[1])
    record(place)
    folder = place.gold.parent / "recordings" / "some-model"
    assert [path.name for path in folder.iterdir()] == ["ferry.json"]


def test_a_judge_advises_and_is_recorded_too(place: Place, tmp_path: Path) -> None:
    wrong = '{"why": "No.", "right": false}'
    judge = ("--judge", "other:model", "--report", str(tmp_path / "report"))
    assert record(place, *COST, RIGHT, RIGHT, *GROUND, wrong, RIGHT, arguments=judge).status == 0
    assert place.run(*judge).status == 0
    report = json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))
    values = [
        {score["name"]: score["value"] for score in one["scores"] if "judge" in score["name"]}
        for one in report["graded"]
    ]
    assert values == [
        {"judge": 1, "supported sentences, judge": 1},
        {"judge": 0, "supported sentences, judge": 1},
    ]
    found = report["agreement"]
    assert (found["judge"], found["cases"], found["both_right"], found["scorer_only"]) == (
        "other:model",
        2,
        1,
        1,
    )
    for folder in ("judge", "judge-sentences"):
        assert (place.gold.parent / "recordings" / folder / "other-model" / "cost.json").is_file()


def test_gold_is_checked_before_every_run_and_by_itself(place: Place) -> None:
    ended = place.run("--check")
    assert (ended.status, ended.out) == (0, "2 cases can be won\n")
    quote = {"article": "ferry", "quote": "Nobody cared."}
    write_gold(place.gold, CASES[0] | {"draft": True}, CASES[1] | {"evidence": [quote, quote]})
    for arguments in (("--check",), ()):
        ended = place.run(*arguments)
        assert (ended.status, ended.out) == (2, "")
        assert ended.err[-1] == (
            '2 pieces of evidence cannot be found: ferry: ferry does not hold "Nobody cared."; correct the '
            "gold"
        )


def test_drafts_over_articles_without_a_case_are_added(place: Place) -> None:
    before = place.gold.read_text(encoding="utf-8")
    place.gold.write_text(before.rstrip("\n"), encoding="utf-8")
    ended = place.run("init", "--add")
    assert (ended.status, ended.err) == (0, [f"1 draft added to {place.gold}"])  # of the one article
    added = place.gold.read_text(encoding="utf-8").removeprefix(before)
    draft = json.loads(added)
    assert (draft["draft"], draft["answer"], draft["evidence"][0]["article"]) == (True, "2000", "fish")
    assert place.run("--check").out == "2 cases can be won; 1 drafts do not count\n"
    assert place.run("init", "--add").err == [f"0 drafts added to {place.gold}"]


def test_a_first_gold_is_written_where_there_is_none(place: Place) -> None:
    kept = {path: path.read_bytes() for path in place.gold.parent.rglob("*") if path.is_file()}
    ended = place.run("init")
    assert (ended.status, len(ended.err)) == (2, 1)
    assert "gold.jsonl: already exists and is left unchanged; name another file with --gold" in ended.err[0]
    assert {path: path.read_bytes() for path in kept} == kept
    place.gold.unlink()
    ended = place.run()
    assert (ended.status, ended.err[-1]) == (
        2,
        f"{place.gold}: is not there; write it with: assistant eval init --gold {place.gold}",
    )
    ended = place.run("init", "--count", "3")
    assert ended.status == 0
    page = place.gold.with_suffix(".md")
    assert ended.err == [
        f"{place.gold}: 3 drafts, and one of a question without an answer",
        f"{page} says how to edit them; {place.gold.parent / 'floors.toml'} is what a run must reach",
    ]
    *drafts, unanswerable = map(json.loads, place.gold.read_text(encoding="utf-8").splitlines())
    assert [draft["evidence"][0]["article"] for draft in drafts] == ["ferry", "dam", "fish"]
    assert all("____" in draft["question"] and draft["draft"] for draft in (*drafts, unanswerable))
    ended = place.run()
    assert (ended.status, "has no cases other than drafts" in ended.err[-1]) == (2, True)
    page.unlink()
    page.touch()
    place.gold.unlink()
    assert "gold.md: already exists" in place.run("init").err[-1]


def test_a_first_gold_can_be_edited_and_asked(place: Place) -> None:
    place.gold.unlink()
    assert place.run("init").status == 0
    lines = place.gold.read_text(encoding="utf-8").splitlines()
    (draft,) = (line for line in map(json.loads, lines) if line.get("answer") == "90 billion")
    del draft["draft"]
    place.gold.write_text(json.dumps(draft | {"question": CASES[0]["question"]}), encoding="utf-8")
    assert place.run("--check").out == "1 cases can be won\n"
    place.model.replies[:] = COST
    assert place.run("--live").status == 0
    place.model.replies[:] = [SILENT]
    ended = place.run("--live")
    assert ended.status == 1
    assert verdict(ended) == "The gate failed: right is 0.0%, below its floor of 50.0%"


def test_floors_that_are_there_stay(place: Place) -> None:
    place.gold.unlink()
    floors = place.gold.parent / "floors.toml"
    floors.write_text("alpha = 0.01\n")
    assert place.run("init").status == 0
    assert floors.read_text() == "alpha = 0.01\n"


def test_options_before_init_are_not_passed_over(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["assistant", "eval", "--live", "init"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert capsys.readouterr().err == "assistant: write the options after init, not before it\n"


def test_plain_lines_alone_are_gold(place: Place, tmp_path: Path) -> None:
    """From the file to the reports, the baseline and a failing gate."""
    plain = [
        {"question": "What will the valley dam cost?", "answers": ["90bn", "90 billion"]},
        {"question": "Where did the ferry Marta run aground?", "answer": "Sandoy"},
        {"question": "Who owns the ferry?", "unanswerable": True, "source": "a colleague"},
    ]
    place.gold.write_text("".join(f"{json.dumps(line)}\n" for line in plain), encoding="utf-8")
    replies = [*COST, *GROUND, SILENT]
    ended = record(place, *replies, arguments=("--update-baseline", "--report", str(tmp_path / "report")))
    assert (ended.status, verdict(ended)) == (0, "The gate passed.")
    assert sum("unknown keys are ignored: source" in line for line in ended.err) == 1
    assert {path.name for path in (tmp_path / "report").iterdir()} == {
        "report.html",
        "report.md",
        "report.json",
        "junit.xml",
    }
    report = json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))
    assert [one["case"]["type"] for one in report["graded"]] == ["lookup", "lookup", "unanswerable"]
    assert place.run().status == 0
    assert place.run("--explain", report["graded"][0]["case"]["id"]).status == 0
    (place.gold.parent / "baseline-some-model.json").unlink()
    place.model.replies[:] = [*COST, *COST, SILENT]
    ended = place.run("--live")
    assert ended.status == 1
    assert verdict(ended) == "The gate failed: not wrong is 66.7%, below its floor of 80.0%"


def test_every_model_has_a_baseline_of_its_own() -> None:
    wanted = Wanted(gold=Path("mine/gold.jsonl"))
    assert wanted.baseline_path(load_settings().model) == Path("mine/baseline.json")
    assert wanted.baseline_path("a:b/c") == Path("mine/baseline-a-b-c.json")
    named = Wanted(baseline=Path("other.json"))
    assert named.baseline_path("a:b/c") == Path("other.json")


def test_modes_exclude_each_other(place: Place) -> None:
    ended = place.run("--record", "--live")
    assert (ended.status, ended.err) == (2, ["give only one of --replay, --record and --live"])
