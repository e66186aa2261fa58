"""What earlier versions left: an index, a session and a recording, each read or refused in a line.

`tests/earlier` holds them as they were written.
"""

import io
import sys
import tarfile
from pathlib import Path

import pytest
from commands import Run
from langchain_core.messages import HumanMessage

import assistant
from assistant.chat import sessions
from assistant.errors import RecordingStale
from assistant.models.recordings import Recordings

HERE = Path(__file__).parent / "earlier"
ARTICLE = """---
title: Dam news {number}
date: 2025-03-0{number}
outlet: Valley Post
---
Parliament approved the valley dam by 6{number} votes to 38 on Monday. \
The dam will cost {number}0 billion crowns, the ministry said.

Work on it begins in May, according to the builder, and takes five years.
"""


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    """The articles, and the index of them."""
    corpus = tmp_path / "articles"
    corpus.mkdir()
    for number in (1, 2):
        (corpus / f"a{number}.md").write_text(ARTICLE.format(number=number), encoding="utf-8")
    with tarfile.open(HERE / "index-1.tar.gz") as kept:
        kept.extractall(tmp_path / "index", filter="data")
    return corpus, tmp_path / "index"


def test_an_index_is_made_anew_and_says_so(places: tuple[Path, Path], run: Run) -> None:
    corpus, index = places
    options = ("--corpus", str(corpus), "--index", str(index))
    sick = run("doctor", *options)
    assert sick.status == 2
    assert "was written by an earlier version; run: assistant index" in sick.out
    found = run("search", "What will the dam cost?", *options)
    assert (found.status, "10 billion crowns" in found.out) == (0, True)
    assert "an earlier version wrote the present one" in found.err
    with assistant.open(corpus, index=index, model="extractive") as news:
        assert [article.id for article in news.articles()] == ["a1", "a2"]
    assert "earlier" not in run("search", "dam", *options).err


def test_a_session_goes_on(
    places: tuple[Path, Path], tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus, index = places
    monkeypatch.setattr(sessions, "folder", lambda: tmp_path / "sessions")
    (tmp_path / "sessions").mkdir()
    kept = (HERE / "session-1.jsonl").read_text(encoding="utf-8").replace('"/articles"', f'"{corpus}"')
    (tmp_path / "sessions" / "old.jsonl").write_text(kept, encoding="utf-8")
    session = ("--session", "old", "--corpus", str(corpus), "--index", str(index))
    monkeypatch.setattr(sys, "stdin", io.StringIO("What will it cost?\n/sources\n"))
    went_on = run("chat", *session)
    assert went_on.status == 0, went_on.err
    assert "going on after turn 2: When does work begin?" in went_on.err
    assert "10 billion crowns" in went_on.out


def test_a_recording_is_stale_and_not_replayed(tmp_path: Path) -> None:
    recordings = Recordings(tmp_path, "some:model", "some:model", "replay")
    recordings.folder.mkdir(parents=True)
    (recordings.folder / "g001.json").write_bytes((HERE / "recording-1.json").read_bytes())
    assert recordings.seconds("g001") == 17.29
    with recordings.of("g001") as replayed, pytest.raises(RecordingStale, match=r"^recorded with other "):
        list(recordings.answer([HumanMessage("Who?")], {}, lambda: iter(())))
    assert replayed == []
