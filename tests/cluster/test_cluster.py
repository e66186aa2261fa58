"""Ray with two workers on this machine: what comes of it is what comes of a run without it."""

import json
import os
import signal
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from commands import Run
from fakes import write_corpus

from assistant.api.assistant import Assistant
from assistant.cluster import indexing, workers
from assistant.corpus.articles import Article
from assistant.errors import IndexMismatch
from assistant.index import encoding, snapshots
from assistant.index.catalogue.lexical import CATALOGUE
from assistant.index.encoding import EncodedArticle
from assistant.index.vectors import reading
from assistant.index.vectors.chroma import Identity
from assistant.settings import load_settings

BATCH = 3000
"""Characters, so that few articles make several batches."""

SENTENCES = """
The harbour of {name} was closed on Monday after a storm with waves of {n} metres, the port authority said.
Its director, Ilse Brandt, expects that ferries will leave again in {n} days. Fishermen lost {n} boats.
"The sea took what it wanted," a fisherman of {name} told Island Radio. The government promised {n} million.
"""


class Place(NamedTuple):
    corpus: Path
    local: Path
    """The index that a run without Ray made."""


@pytest.fixture(scope="module")
def two_workers() -> Iterator[None]:
    """Ray, started once for all tests, as the command would start it for itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workers, "usable_cores", lambda: 2)
        with workers.connected(workers.LOCAL):
            yield


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("cluster")
    corpus = write_corpus(folder / "corpus")
    for n in range(12):
        name = f"Port {'ABCDEFGHIJKL'[n]}"
        text = "\n\n".join(SENTENCES.format(name=name, n=n + row).strip() for row in range(3))
        (corpus / f"port-{n:02}.txt").write_text(f"{name} is closed\n\n{text}\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoding, "BATCH", BATCH)
        Assistant(load_settings(corpus=corpus, index=folder / "local")).index()
    return Place(corpus, folder / "local")


def held(path: Path) -> tuple[list[str], dict[str, Any]]:
    """Everything an index holds: the catalogue as SQL, but for when it was looked at, and vector, text
    and metadata of each chunk."""
    state = snapshots.current(path)
    assert state
    with closing(sqlite3.connect(state / CATALOGUE)) as catalogue:
        rows = [row for row in catalogue.iterdump() if "INTO \"facts\" VALUES('seen'" not in row]
    with closing(reading.ByChroma(path, state)) as chroma:
        got: Any = chroma._store._collection.get(include=["embeddings", "documents", "metadatas"])
    columns = zip(got["ids"], got["embeddings"], got["documents"], got["metadatas"], strict=True)
    return rows, {name: (vector.tobytes(), text, metadata) for name, vector, text, metadata in columns}


@pytest.mark.slow
def test_an_index_made_by_two_workers_is_the_local_one(
    two_workers: None, place: Place, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoding, "BATCH", BATCH)
    command = ["index", "--corpus", str(place.corpus), "--index", str(tmp_path / "index"), "--ray", "local"]
    ended = run(*command)
    assert (ended.status, ended.out.partition(" in ")[0]) == (
        0,
        "15 added, 0 changed, 0 removed, 0 unchanged; 39 passages",
    )
    assert ended.err.splitlines()[-1] == "embedding passages: 39/39"
    assert held(tmp_path / "index") == held(place.local)
    assert run(*command).out.startswith("0 added, 0 changed, 0 removed, 15 unchanged;")


@pytest.mark.slow
def test_a_worker_that_is_killed_does_only_its_batch_again(
    two_workers: None, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ray import cloudpickle

    log = tmp_path / "log"

    class Dying(indexing.EncodingWorker):
        """Tells what it is given, and is killed over the third batch, once."""

        def encode(self, articles: list[Article]) -> list[EncodedArticle]:
            with log.open("a") as lines:
                lines.write(f"{os.getpid()} {articles[0].id}\n")
            if len(log.read_text().splitlines()) == 3:
                os.kill(os.getpid(), signal.SIGKILL)
            return super().encode(articles)

    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    monkeypatch.setattr(
        indexing, "workers", lambda address, _, *more, **gpu: workers.workers(address, Dying, *more, **gpu)
    )
    monkeypatch.setattr(encoding, "BATCH", BATCH)
    settings = load_settings(corpus=place.corpus, index=tmp_path / "index")
    shown: list[tuple[int, int]] = []
    news = Assistant(settings, on_progress=lambda done, total: shown.append((done, total)))
    changes = news.index(encoding=indexing.encoding(workers.LOCAL))
    assert (changes.added, changes.chunks) == (15, 39)
    assert shown == sorted(shown)
    assert held(tmp_path / "index") == held(place.local)
    given = [line.split() for line in log.read_text().splitlines()]
    firsts = [first for _, first in given]
    assert [first for first in firsts if firsts.count(first) == 2] == [firsts[2]] * 2
    assert len(firsts) == len(set(firsts)) + 1
    assert len({pid for pid, _ in given}) == 3, "two workers, and one in place of the one that was killed"


@pytest.mark.slow
def test_a_batch_on_ray_gives_the_same_answers_in_order(
    two_workers: None, place: Place, tmp_path: Path, run: Run
) -> None:
    lines: list[dict[str, Any]] = [
        {"id": "cost", "question": "What will the valley dam cost?"},
        {"id": "mars", "question": "Who is the mayor of Mars?"},
        {"id": "port", "question": "And Port C?", "history": [{"question": "Who closed it?", "answer": "x"}]},
        {"id": "bad", "question": "Where did the ferry run aground?", "as_of": "nonsense"},
    ]
    asked = tmp_path / "asked.jsonl"
    asked.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    places = ["--corpus", str(place.corpus), "--index", str(place.local), "--model", "extractive"]
    found = []
    for more in ([], ["--ray", "local"]):
        ended = run("ask", "--batch", str(asked), *places, *more)
        assert (ended.status, ended.err) == (2, "")
        found.append([json.loads(line) for line in ended.out.splitlines()])
        assert [line["id"] for line in found[-1]] == ["cost", "mars", "port", "bad"]
        for line in found[-1]:
            line.pop("seconds", None)
    assert found[0] == found[1]
    assert "90 billion" in found[1][0]["answer"]


@pytest.mark.slow
def test_an_evaluation_on_ray_gives_the_same_report(
    two_workers: None, place: Place, tmp_path: Path, run: Run
) -> None:
    def case(name: str, question: str, kind: str, expected: str, article: str, quote: str) -> str:
        evidence = [{"article": article, "quote": quote}]
        common = {"as_of": None, "history": [], "answerable": True, "expect": [[expected]]}
        return json.dumps(common | {"id": name, "question": question, "type": kind, "evidence": evidence})

    gold = tmp_path / "gold.jsonl"
    gold.write_text(
        "\n".join(
            [
                case("cost", "What will the dam cost?", "number", "90", "dam", "will cost 90 billion"),
                case("ferry", "Where did the Marta run aground?", "lookup", "Sandoy", "ferry", "of Sandoy"),
                case("herring", "What have herring stocks done?", "lookup", "recovered", "fish", "recovered"),
            ]
        )
        + "\n",
        encoding="utf-8",
    )
    places = ["--corpus", str(place.corpus), "--index", str(place.local), "--model", "extractive"]
    reports, told = [], []
    for more in ([], ["--ray", "local"]):
        ended = run("eval", "--gold", str(gold), *places, "--report", str(tmp_path / "report"), *more)
        assert ended.status in (0, 1), ended.err
        told.append([line.rpartition(" in ")[0] for line in ended.err.splitlines()[:3]])
        report = json.loads((tmp_path / "report" / "report.json").read_text("utf-8"))
        reports.append(without_seconds(report))
    assert told[0] == told[1]
    assert told[1][0].startswith("assistant: 1/3 cost number: ")
    assert reports[0] == reports[1]


def without_seconds(value: Any) -> Any:
    """A report but for what was timed."""
    if isinstance(value, dict):
        timed = value.get("why") == "seconds"
        return {
            key: without_seconds(one)
            for key, one in value.items()
            if key != "seconds" and not (timed and key == "value")
        }
    return [without_seconds(one) for one in value] if isinstance(value, list) else value


@pytest.mark.slow
def test_what_a_worker_raises_is_what_the_command_says(
    two_workers: None, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "identity", lambda settings: Identity("another@1", 160))
    news = Assistant(load_settings(corpus=place.corpus, index=tmp_path / "index"))
    with pytest.raises(IndexMismatch, match=r"^the worker on \S+ would embed with .* install the same"):
        news.index(encoding=indexing.encoding(workers.LOCAL))
    assert snapshots.current(tmp_path / "index") is None
