"""Models that misbehave under load: the good replies are answers, and the bad ones lines."""

import json
import re
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from commands import Ended, Run
from fake_server import breaks_off, delta, fails, hangs, openai_stream, sends, usage
from player import Player, Stage, good, part, playing

import assistant
from assistant.errors import AssistantError
from assistant.models import packaged
from assistant.models.chat import structured_output
from assistant.models.encoders.embeddings import BGE, OnnxEmbeddings

TOWNS = "Norrhavn Sandoy Velm Brakka Osterby Lunde Tarnov Hilmar Quist Ersk Maldon Fjelle".split()
COSTS = {town: str(1300 + 17 * number) for number, town in enumerate(TOWNS)}
WAIT = "7"


def busy_at_first(player: Player, prompt: str) -> None:
    """As a server that is asked too much."""
    if player.time(prompt) == 1:
        fails(429, "slow down", Retry_After=WAIT)(player)
    else:
        good(player, prompt)


def fails_at_first(player: Player, prompt: str) -> None:
    if player.time(prompt) == 1:
        fails(500, "out of order")(player)
    else:
        good(player, prompt)


GOOD = {"good": good, "busy": busy_at_first, "flaky": fails_at_first}
BAD = {
    "cut": (part(breaks_off), "cannot be reached"),
    "limited": (part(fails(429, "slow down", Retry_After=WAIT)), "too many requests"),
    "patient": (part(fails(429, "slow down", Retry_After="3600")), "asks to wait 3600 s"),
    "broken": (part(fails(500, "out of order")), "the server fails"),
    "empty": (part(openai_stream("")), "gave no answer"),
    "null": (part(sends(delta(role="assistant", content=None), delta("stop"), usage())), "gave no answer"),
    "prose": (part(openai_stream("Certainly! Let me think about that.")), "not-stated"),
    "refusal": (part(openai_stream("", refusal="I must not.")), "refused to answer (I must not.)"),
    "length": (part(openai_stream('{"verdict": "answ', "length")), "cut off"),
    "hang": (part(hangs), "no answer in time"),
}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("towns")
    for number, (town, cost) in enumerate(COSTS.items(), 1):
        text = (
            f"The council of {town} said that the bridge of {town} cost {cost} crowns.\n\nIt is open to all."
        )
        head = f"---\ntitle: The bridge of {town} is open\ndate: 2025-03-{number:02}\n---\n"
        (folder / f"{town.lower()}.md").write_text(head + text, encoding="utf-8")
    return folder


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses before further attempts, which take no time."""
    kept: list[float] = []
    sleep = time.sleep

    def short(seconds: float) -> None:
        kept.append(seconds)
        sleep(0.01)

    monkeypatch.setattr(structured_output.time, "sleep", short)
    return kept


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    with playing(**GOOD, **{name: played for name, (played, _) in BAD.items()}) as stage:
        monkeypatch.setenv("ASSISTANT_BASE_URL", stage.url)
        monkeypatch.setenv("ASSISTANT_VERIFY", "exact")
        monkeypatch.setenv("ASSISTANT_TIMEOUT", "1")
        monkeypatch.setenv("ASSISTANT_ROUNDS", "1")
        for encoder in ("ASSISTANT_RERANKER", "ASSISTANT_READER"):  # which would take most of the time
            monkeypatch.setenv(encoder, "none")
        monkeypatch.delenv("OPENAI_API_KEY", raising=False)
        yield stage
    structured_output.forget()


def mixed() -> list[tuple[str, str]]:
    """Towns with the parts that are played: after each bad one comes a good one."""
    bad = list(BAD)
    good = list(GOOD)
    parts = [one for place, name in enumerate(bad) for one in (name, good[place % len(good)])]
    return [(TOWNS[place % len(TOWNS)], name) for place, name in enumerate(parts)]


def question(town: str, name: str) -> str:
    return f'What did the "bridge of {town}" cost? #{name}'


def check(town: str, name: str, asked: str, answer: dict[str, Any]) -> None:
    """The answer of a good part is its town's, the error of a bad one its own."""
    if name in GOOD:
        assert answer["status"] == "answered", (name, answer)
        assert answer["question"] == asked
        assert re.findall(r"\d{4}", answer["answer"]) == [COSTS[town]]
        assert {citation["article"] for citation in answer["citations"]} == {town.lower()}
    elif "error" in answer:
        assert BAD[name][1] in answer["error"]
        assert "\n" not in answer["error"]
    else:
        assert (answer["status"], answer["abstention"]["reason"]) == ("abstained", BAD[name][1])
        assert answer["question"] == asked


@pytest.mark.slow
def test_eight_threads_with_good_and_bad_replies(
    corpus: Path, tmp_path: Path, stage: Stage, pauses: list[float]
) -> None:
    asked = mixed()
    with assistant.open(corpus, index=tmp_path / "index", model="openai:player") as news:
        news.search("bridge", k=1)

        def ask(town: str, name: str) -> dict[str, Any]:
            try:
                return news.ask(question(town, name)).model_dump(mode="json")
            except AssistantError as error:
                return {"error": str(error)}

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda one: ask(*one), asked))
    for (town, name), answer in zip(asked, answers, strict=True):
        check(town, name, question(town, name), answer)
    waited = len({town for town, name in asked if name == "busy"})
    assert pauses.count(float(WAIT)) == waited + structured_output.ATTEMPTS - 1


@pytest.mark.slow
def test_a_batch_with_four_jobs(
    corpus: Path, tmp_path: Path, stage: Stage, pauses: list[float], run: Run
) -> None:
    asked = mixed()
    lines = [json.dumps({"id": name, "question": question(town, name)}) for town, name in asked]
    (batch := tmp_path / "questions.jsonl").write_text("\n".join(lines), encoding="utf-8")
    place = ["--corpus", str(corpus), "--index", str(tmp_path / "index")]
    ended = run("ask", "--batch", str(batch), "--jobs", "4", "--model", "openai:player", *place)
    answers = [json.loads(line) for line in ended.out.splitlines()]
    assert [answer["id"] for answer in answers] == [name for _, name in asked]
    for (town, name), answer in zip(asked, answers, strict=True):
        check(town, name, question(town, name), answer)
    failed = [answer["error"] for answer in answers if "error" in answer]
    assert [line.partition(":")[0] for line in failed] == [
        f"line {place}" for place, answer in enumerate(answers, 1) if "error" in answer
    ]
    assert ended.status == 2
    assert "Traceback" not in ended.err


def last(ended: Ended) -> tuple[int, str]:
    """The status, and the last line on standard error, above which progress may stand."""
    assert (ended.out, "Traceback" in ended.err) == ("", False)
    return ended.status, ended.err.splitlines()[-1]


@pytest.mark.slow
@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), 0.0])
def test_an_embedder_that_gives_no_direction(
    corpus: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch, wrong: float
) -> None:
    def embed(self: OnnxEmbeddings, texts: Any) -> list[list[float]]:
        return [[wrong] * 384 for _ in texts]

    place = ["--corpus", str(corpus), "--index", str(tmp_path / "index")]
    line = "assistant: the embedder gave a vector that is no direction; choose another --embedder"
    with monkeypatch.context() as patch:
        patch.setattr(OnnxEmbeddings, "_embed", embed)
        assert last(run("index", *place)) == (2, line)
    assert run("index", *place).status == 0
    monkeypatch.setattr(OnnxEmbeddings, "_embed", embed)
    assert last(run("search", "bridge", *place)) == (2, line)


@pytest.mark.slow
@pytest.mark.parametrize("command", [["search", "bridge"], ["index"]])
def test_weights_that_were_altered(
    corpus: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    """By one bit in the middle."""
    cache = tmp_path / "cache"
    altered = tmp_path / "weights"
    model = packaged.known(BGE)
    assert model is not None
    shutil.copytree(packaged.folder(BGE, cache), altered / model.folder)
    data = bytearray((weights := altered / model.folder / model.main).read_bytes())
    data[len(data) // 2] ^= 1
    weights.write_bytes(data)
    places = packaged._places
    monkeypatch.setattr(packaged, "_places", lambda one: [altered] if one is model else places(one))
    monkeypatch.setenv("ASSISTANT_CACHE", str(cache))
    ended = run(*command, "--corpus", str(corpus), "--index", str(tmp_path / "index"))
    expected = f"assistant: {weights} is missing or damaged; replace it with: {model.reinstall}"
    assert last(ended) == (2, expected)
