"""The command line: exit statuses, what goes to which stream, and what a mistake is told."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from commands import Run
from fake_server import hangs, serving
from fakes import QueuedChat, drafted, with_chat, write_corpus

from assistant.answering.pipeline import Pipeline
from assistant.api import build, changed
from assistant.api.build import build_pipeline, profile_for
from assistant.settings import Settings

COST = "What will the valley dam cost?"
NOTHING = "Which composer wrote the opera Nabucco about Babylon?"


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Options for a corpus whose index the first command builds."""
    folder = tmp_path_factory.mktemp("cli")
    write_corpus(folder / "corpus")
    return ["--corpus", str(folder / "corpus"), "--index", str(folder / "index")]


@pytest.fixture
def asking(places: list[str]) -> list[str]:
    return [*places, "--model", "extractive"]


# Help and mistakes


LOGS = """
import logging
from assistant.cli.running import log_to_stderr
log_to_stderr(verbose=True)
logging.getLogger("client").info("POST %s", "http://me:hush-hush@host/v1")
"""


def test_a_log_repeats_no_password_of_an_address() -> None:
    """In a process of its own, since pytest logs in this one."""
    ended = subprocess.run([sys.executable, "-c", LOGS], capture_output=True, text=True, check=True)
    assert ended.stderr == "client: POST http://…@host/v1\n"


def test_every_option_of_every_command_is_explained(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    commands = re.findall(r"^  (\w+)  ", run("--help").out, re.MULTILINE)
    expected = "ask chat search show brief timeline index add watch serve mcp eval models doctor"
    assert commands == expected.split()
    commands.remove("models")  # it knows of no corpus
    for command in (*commands, "eval init"):
        page = run(*command.split(), "--help").out
        assert max(map(len, page.splitlines())) <= 80
        options = re.findall(r"^  -[^\n]*(?:\n {6,}[^\n]*)*", page, re.MULTILINE)
        assert all(re.search(r"  \S+ \S+", option) for option in options), page
        # One writes articles and needs no index; the other takes its folder as an argument.
        shared = {"add": ["--corpus FOLDER"], "watch": ["--index DIR"]}.get(command)
        for name in shared or ["--corpus PATH", "--index DIR"]:
            assert [option for option in options if name in option]


def test_the_examples_of_the_help_are_lines_of_their_own(run: Run) -> None:
    assert "\n    assistant ask --batch questions.jsonl > answers.jsonl\n" in run("ask", "--help").out


def test_the_program_is_called_assistant_however_it_is_started(run: Run) -> None:
    assert run("ask", "--help").out.startswith("Usage: assistant ask [OPTIONS] [QUESTION]\n")


def test_no_command_shows_the_help(run: Run) -> None:
    ended = run()
    assert "Commands:" in ended.out + ended.err


def test_version(run: Run) -> None:
    ended = run("--version")
    assert (ended.status, ended.err) == (0, "")
    assert re.fullmatch(r"assistant(,| \d\S*)( not installed)?\n", ended.out)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ask"], "give either QUESTION or --batch FILE"),
        (["search"], "give either QUERY or --batch FILE"),
        (["ask", COST, "--batch", "-"], "give either QUESTION or --batch FILE"),
        (["ask", COST, "--max-cost", "1"], "--max-cost is for a batch; give --batch FILE"),
        (["ask", "--batch", "-", "--jobs", "0"], "Invalid value for '--jobs'"),
        (["brief"], "Missing argument 'TOPIC'"),
        (["timeline", "dam", "--section", "Sport"], "no article has the section 'Sport'"),
        (["ask", COST, "--as-of", "yesterday"], "'yesterday' is not a date; write it as 2025-11-26"),
        (["ask", COST, "--since", "2025-02-30"], "'2025-02-30' is not a date; write it as 2025-11-26"),
        (["ask", COST, "--as-of", "2025-01-01", "--since", "2025-01-02"], "is after --as-of 2025-01-01"),
        (
            ["ask", COST, "--section", "Sport"],
            "no article has the section 'Sport'; there are: Energy, Transport",
        ),
        (
            ["search", "dam", "--outlet", "Gazette"],
            "no article has the outlet 'Gazette'; there are: Harbour Post, Island Radio",
        ),
        (["search", "dam", "-k", "0"], "Invalid value for '-k'"),
        (["ask", "--batch", "missing.jsonl"], "cannot read --batch missing.jsonl"),
        (["chat", "--session", "../up"], "is no session name"),
        (["show", "fery"], "no article 'fery'; did you mean ferry"),
        (["ask", COST, "--frobnicate"], "No such option"),
        (["eval", "--record", "--live"], "give only one of --replay, --record and --live"),
    ],
)
def test_a_mistake_is_told(run: Run, places: list[str], arguments: list[str], message: str) -> None:
    more = [] if arguments[0] in ("search", "show", "timeline") else ["--model", "extractive"]
    ended = run(*arguments, *places, *more)
    assert (ended.status, ended.out) == (2, "")
    assert message in ended.err
    assert "Traceback" not in ended.err


def test_a_missing_corpus(run: Run, tmp_path: Path) -> None:
    ended = run("search", "dam", "--corpus", str(tmp_path / "missing"), "--index", str(tmp_path / "index"))
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.splitlines()[-1].startswith("assistant: ")
    assert "correct the path" in ended.err
    assert not (tmp_path / "index").exists()


def test_escapes_in_what_was_typed_reach_no_terminal(run: Run, places: list[str]) -> None:
    ended = run("show", "a\x1b[2J\nb", *places)
    assert ended.status == 2
    assert "\x1b" not in ended.err
    assert ended.err.count("\n") == 1


def test_a_defect_is_no_abstention(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: Any) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr("assistant.api.build.open_index", broken)
    ended = run("search", "dam")
    assert ended.status == 2
    assert "a defect" in ended.err


# Index


def test_the_index_follows_the_corpus(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = write_corpus(tmp_path / "corpus")
    places = ["--corpus", str(corpus), "--index", str(tmp_path / "index")]

    def counts() -> str:
        ended = run("index", *places)
        assert ended.status == 0
        assert ended.out.splitlines()[0].endswith(f"passages in {tmp_path / 'index'}")
        assert "\nread " in ended.out
        return ended.out.partition(";")[0]

    assert counts() == "3 added, 0 changed, 0 removed, 0 unchanged"
    assert counts() == "0 added, 0 changed, 0 removed, 3 unchanged"
    (corpus / "dam.md").write_text("The dam is cancelled.", encoding="utf-8")
    (corpus / "ferry.md").unlink()
    (corpus / "new.txt").write_text("Sheep\n\nSheep graze on the dyke.", encoding="utf-8")

    stale = run("search", "ferry", *places)
    assert stale.err == (
        "assistant: 1 new, 1 changed, 1 removed articles since the index was built;"
        " bring it up to date with: assistant index\n"
    )
    assert "Marta" in stale.out
    with monkeypatch.context() as patch:
        patch.setattr(changed, "MOST_COMPARED", 10)
        large = run("search", "ferry", *places)
    assert large.err == (
        "assistant: files were written since the index was built; bring it up to date with: assistant index\n"
    )
    assert counts() == "1 added, 1 changed, 1 removed, 1 unchanged"
    fresh = run("search", "ferry", *places)
    assert fresh.err == ""
    assert "Marta" not in fresh.out
    rebuilt = run("index", "--rebuild", *places)
    assert rebuilt.out.startswith("3 added, 0 changed, 0 removed, 0 unchanged;")


def test_a_broken_article_is_passed_over_or_stops(run: Run, tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus")
    (corpus / "broken.jsonl").write_text("{", encoding="utf-8")
    places = ["--corpus", str(corpus), "--index", str(tmp_path / "index")]
    strict = run("index", "--strict", *places)
    assert (strict.status, strict.out) == (2, "")
    assert "broken.jsonl:1: not JSON" in strict.err
    ended = run("index", *places)
    assert ended.status == 0
    assert ended.out.startswith("3 added")
    assert "\nread 3 articles; passed over 1: 1 in .jsonl (not JSON)\n" in ended.out
    assert "broken.jsonl:1: not JSON" in ended.err


# Search, ask, show


def test_the_first_question_builds_the_index(run: Run, tmp_path: Path) -> None:
    places = ["--corpus", str(write_corpus(tmp_path / "corpus")), "--index", str(tmp_path / "index")]
    ended = run("search", "ferry", *places)
    assert ended.status == 0
    assert "building the index of" in ended.err
    assert ended.out.startswith(" 1  ")


def test_search(run: Run, places: list[str]) -> None:
    ended = run("search", "ferry ran aground", "-k", "1", *places)
    assert (ended.status, ended.err) == (0, "")
    assert re.match(
        r" 1  [01]\.\d{3}  20 Nov 2025  Ferry runs aground off Sandoy  ferry\n    The ferry Marta", ended.out
    )
    found = json.loads(run("search", "ferry ran aground", "-k", "2", "--json", *places).out)
    assert found["version"] == 2
    assert found["passages"][0]["article"] == "ferry"
    assert len(found["passages"]) == 2
    explained = json.loads(run("search", "ferry", "--json", "--explain", *places).out)
    assert explained["passages"][0]["ranks"]["reranked"] == 1


def test_search_that_finds_nothing(run: Run, places: list[str]) -> None:
    ended = run("search", "dam", "--as-of", "2020-01-01", *places)
    assert (ended.status, ended.out) == (1, "")
    assert ended.err.splitlines()[-1] == "assistant: nothing found"
    assert "1 article has no date" in ended.err
    assert json.loads(run("search", "dam", "--as-of", "2020-01-01", "--json", *places).out)["passages"] == []


def test_ask(run: Run, asking: list[str]) -> None:
    ended = run("ask", COST, *asking)
    assert (ended.status, ended.err) == (0, "")
    assert "90 billion crowns" in ended.out
    assert "[1] 4 Mar 2025  Valley dam is approved  dam\n" in ended.out
    answer = json.loads(run("ask", COST, "--json", *asking).out)
    assert (answer["status"], answer["model"]) == ("answered", "extractive")
    for citation in answer["citations"]:
        shown = json.loads(run("show", citation["article"], "--json", *asking[:4]).out)
        assert shown["text"][citation["start"] : citation["end"]] == citation["quote"]


def test_ask_what_the_corpus_does_not_say(run: Run, asking: list[str]) -> None:
    ended = run("ask", NOTHING, *asking)
    assert (ended.status, ended.err) == (1, "")
    assert ended.out.startswith("The corpus has nothing about this. The newest article is of 20 Nov 2025.\n")
    abstained = run("ask", NOTHING, "--json", *asking)
    assert abstained.status == 1
    assert json.loads(abstained.out)["abstention"]["reason"] == "nothing-relevant"


def test_a_question_that_begins_with_a_dash(run: Run, asking: list[str]) -> None:
    assert run("ask", *asking, "--", "-what will the valley dam cost?").status == 0


def test_show(run: Run, places: list[str]) -> None:
    ended = run("show", "fish", *places)
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.startswith("Herring stocks recover\nundated  fish\n\n")
    assert "a quota of 800,000 tonnes." in ended.out


@pytest.mark.parametrize("command", ["ask", "search"])
def test_batches(run: Run, asking: list[str], tmp_path: Path, command: str) -> None:
    options = asking if command == "ask" else asking[:4]
    file = tmp_path / "questions.jsonl"
    lines: list[dict[str, Any]] = [
        {"id": 1, "question": COST},
        {"id": 2, "question": COST, "as_of": "2025-01-01"},
        {
            "id": 3,
            "question": "And its cost?",
            "history": [{"question": "Is the dam approved?", "answer": "Yes."}],
        },
    ]
    file.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    ended = run(command, "--batch", str(file), *options)
    assert (ended.status, ended.err) == (0, "")
    answers = [json.loads(line) for line in ended.out.splitlines()]
    assert [answer["id"] for answer in answers] == [1, 2, 3]
    assert [bool(answer["passages"]) for answer in answers] == [True, False, True]
    assert answers[1]["as_of"] == "2025-01-01"
    if command == "ask":
        assert answers[2]["searches"] == ["And its cost?", "Is the dam approved? And its cost?"]
    file.write_text('{"id": 4}\n' + json.dumps(lines[0]), encoding="utf-8")
    failed = run(command, "--batch", str(file), *options)
    assert failed.status == 2
    assert [set(json.loads(line)) == {"id", "error"} for line in failed.out.splitlines()] == [True, False]


# Topics


@pytest.mark.parametrize("command", ["brief", "timeline"])
def test_a_topic(run: Run, asking: list[str], command: str) -> None:
    options = asking if command == "brief" else asking[:4]
    ended = run(command, "ferry Sandoy", *options)
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.startswith("20 November 2025: The ferry Marta ran aground")
    assert ended.out.endswith(" [1].\n\n[1] 20 Nov 2025  Ferry runs aground off Sandoy  ferry\n")
    answer = json.loads(run(command, "ferry Sandoy", "--json", *options).out)
    assert (answer["status"], answer["model"], answer["question"]) == (
        "answered",
        "extractive",
        "ferry Sandoy",
    )
    nothing = run(command, "ferry Sandoy", "--as-of", "2025-03-05", *options)
    assert nothing.status == 1
    assert nothing.out.startswith("The corpus has nothing about this. As of 5 Mar 2025, the newest")


def test_what_else_may_be_asked_is_told_where_the_articles_do_not_say(run: Run, asking: list[str]) -> None:
    ended = run("ask", "What does the valley dam weigh?", *asking)
    assert ended.status == 1
    assert ended.err == 'assistant: For what they say about a topic: assistant brief "TOPIC"\n'
    assert run("ask", "What does the valley dam weigh?", "--json", *asking).err == ""


# A hosted model


@pytest.fixture
def hosted(monkeypatch: pytest.MonkeyPatch) -> Callable[..., QueuedChat]:
    """Has the commands' assistant give these replies."""

    def hosted(*replies: Any) -> QueuedChat:
        chat = QueuedChat(*replies)

        def made(settings: Settings, retriever: Any, **more: Any) -> Pipeline:
            more["notice"]("it is told what a model waits for")
            base = build_pipeline(settings.model_copy(update={"model": "extractive"}), retriever, **more)
            return with_chat(base, chat, profile_for(settings), model_name=settings.model, verify="exact")

        monkeypatch.setattr(build, "build_pipeline", made)
        return chat

    return hosted


REPLY = drafted(("It costs 90 billion.", "1.2"))
MINI = ["--model", "openai:gpt-4.1-mini"]


def test_a_batch_by_a_hosted_model(
    run: Run, places: list[str], tmp_path: Path, hosted: Callable[..., QueuedChat]
) -> None:
    file = tmp_path / "q.jsonl"
    lines = [{"id": number, "question": COST} for number in range(8)]
    file.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    hosted(*[REPLY] * 8)
    ended = run("ask", "--batch", str(file), *MINI, *places)
    answers = [json.loads(line) for line in ended.out.splitlines()]
    assert [answer["id"] for answer in answers] == list(range(8))
    assert {answer["answer"] for answer in answers} == {"It costs 90 billion [1]."}
    assert ended.status == 0
    assert ended.err == (
        "assistant: it is told what a model waits for\n"
        "assistant: 8 answers: 800 tokens read, 80 written, 0.0004 USD\n"
    )
    hosted(*[REPLY] * 8)
    ended = run("ask", "--batch", str(file), "--jobs", "1", "--max-cost", "0.0001", *MINI, *places)
    assert ended.status == 2
    errors = [json.loads(line).get("error", "") for line in ended.out.splitlines()]
    assert errors[:2] == ["", ""]
    assert all("not asked: the answers before cost 0.0001 USD" in error for error in errors[2:])
    assert "assistant: 2 answers: " in ended.err


def test_a_cost_that_is_not_known_cannot_be_limited(run: Run, places: list[str], tmp_path: Path) -> None:
    ended = run("ask", "--batch", "-", "--max-cost", "1", "--model", "openai:mine", *places)
    assert (ended.status, ended.out) == (2, "")
    assert "the price of openai:mine is not known; set price_in and price_out" in ended.err


# As a process


def start(*arguments: str, before: Sequence[str] = (), **more: Any) -> subprocess.Popen[str]:
    path = os.pathsep.join(filter(None, [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH")]))
    return subprocess.Popen(
        [*before, sys.executable, "-m", "assistant", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONPATH": path, "ASSISTANT_RERANKER": "none", "ASSISTANT_READER": "none"},
        **more,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals between processes")
@pytest.mark.slow
def test_an_interrupt(asking: list[str]) -> None:
    with start("ask", "--batch", "-", *asking, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({"question": COST}) + "\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["status"] == "answered"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows reports a closed pipe in another way")
@pytest.mark.slow
def test_a_reader_that_goes_away(asking: list[str]) -> None:
    with start("search", "--batch", "-", *asking[:4], stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write((json.dumps({"question": COST}) + "\n") * 50)
        process.stdin.close()
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr is not None
        err = process.stderr.read()
        process.wait(timeout=60)
    assert process.returncode not in (0, -signal.SIGKILL)
    assert err == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is always full is Linux's")
@pytest.mark.slow
def test_no_room_and_nowhere_to_write(asking: list[str]) -> None:
    told = []
    for redirected in (">/dev/full", ">&-", "2>&-"):
        shell = ["sh", "-c", f'exec "$@" {redirected}', "sh"]
        with start("search", COST, *asking[:4], before=shell) as process:
            out, err = process.communicate(timeout=60)
        told.append((process.returncode, err, bool(out)))
    full = "assistant: cannot read or write (No space left on device); make room and try again\n"
    assert told == [(2, full, False), (0, "", False), (0, "", True)]


def test_a_question_that_is_no_text(run: Run) -> None:
    ended = run("ask", "Who \udcff?")
    assert (ended.status, ended.out) == (2, "")
    assert "it is not valid UTF-8" in ended.err


@pytest.mark.slow
def test_what_the_encoding_lacks_is_written_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dam.txt").write_text("Dam\n\nIts name is “Éclat”.", encoding="utf-8")
    places = ["--corpus", str(tmp_path / "dam.txt"), "--index", str(tmp_path / "index")]
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    with start("search", "dam", *places) as process:
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Its name is \\u201c\\xc9clat\\u201d." in out


def test_a_silent_model_is_waited_for_as_long_as_was_said(
    run: Run, places: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving() as server:
        server.script = [hangs]
        monkeypatch.setenv("ASSISTANT_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", "none")
        ended = run("ask", COST, *places, "--model", "openai:silent", "--timeout", "0.3", "--json")
    answer = json.loads(ended.out)
    assert (ended.status, answer["status"], answer["model"]) == (0, "answered", "extractive")
    assert "90 billion" in answer["answer"]
    assert "out-of-time" in [warning["code"] for warning in answer["warnings"]]
    refused = run("ask", COST, "--server", "http://127.0.0.1:9", "--timeout", "1")
    assert (refused.status, "--timeout" in refused.err) == (2, True)
