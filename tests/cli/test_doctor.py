"""The doctor: each thing looked at on a line, with the remedy where one is needed."""

import re
from pathlib import Path
from typing import Any

import pytest
from commands import Run
from fakes import write_corpus

from assistant.api.build import build_index
from assistant.api.remembered import embedder_of
from assistant.cli import doctor
from assistant.cli.doctor import examine
from assistant.errors import CorpusError, IndexBusy
from assistant.index import snapshots
from assistant.index.catalogue.lexical import CATALOGUE
from assistant.models import packaged
from assistant.settings import Settings, load_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(
        corpus=write_corpus(tmp_path / "corpus"), index=tmp_path / "index", model="extractive"
    )


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every package is installed, and the weights are not read again for each test."""
    monkeypatch.setattr(doctor, "version", lambda name: "1.0")
    monkeypatch.setattr(packaged, "inventory", lambda cache: [])


def lines(capsys: Any) -> dict[str, str]:
    """What was said of each thing, by its name."""
    said = [line.split(maxsplit=2) for line in capsys.readouterr().out.splitlines()]
    return {name: f"{mark} {finding}" for mark, name, finding in said}


def test_all_is_well(settings: Settings, capsys: Any) -> None:
    assert examine(settings)
    said = lines(capsys)
    assert said["chromadb"] == "ok 1.0"
    assert said["answers"] == "ok the articles' own sentences, without a language model"
    assert said["corpus"] == (
        f"ok 3 articles in {settings.corpus}; lacking: 1 article without a date, 1 article without an outlet"
    )
    assert said["index"] == f"ok none yet at {settings.index}; the first question builds it"


def test_the_index_and_what_changed_since(settings: Settings, capsys: Any) -> None:
    build_index(settings, print, lambda done, total: None)
    capsys.readouterr()
    assert examine(settings)
    assert lines(capsys)["index"].startswith("ok 3 articles, ")
    assert settings.corpus is not None
    (settings.corpus / "new.txt").write_text("New\n\nText.", encoding="utf-8")
    assert examine(settings)
    assert lines(capsys)["index"].endswith("articles may have changed: assistant index brings it up to date")
    other = settings.model_copy(update={"chunk_words": 100})
    assert not examine(other)
    assert lines(capsys)["index"].endswith("run: assistant index --rebuild")


@pytest.mark.parametrize(
    ("model", "more", "finding"),
    [
        ("qwen2.5-coder-1.5b", {}, "ok the articles' own sentences, chosen with qwen2.5-coder-1.5b"),
        ("openai:gpt-5-mini", {"rounds": 1}, "ok by openai:gpt-5-mini over 14 passages, in 1 round at most"),
        (
            "openai:mine",
            {"passages": 3},
            "ok by openai:mine over 3 passages, in 3 rounds at most; price_in",
        ),
        ("nonsense", {}, "BAD unknown model 'nonsense'"),
    ],
)
def test_what_answers(
    settings: Settings, capsys: Any, monkeypatch: pytest.MonkeyPatch, model: str, more: Any, finding: str
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "key")
    assert examine(settings.model_copy(update={"model": model, **more})) == finding.startswith("ok")
    assert lines(capsys)["answers"].startswith(finding)


def test_a_model_without_its_key_or_a_prompt(
    settings: Settings, capsys: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert not examine(settings.model_copy(update={"model": "openai:gpt-5-mini"}))
    assert "export OPENAI_API_KEY" in lines(capsys)["answers"]
    monkeypatch.setattr("assistant.api.build.prompts_folder", lambda: tmp_path)
    assert not examine(settings)
    assert "cannot read the prompt" in lines(capsys)["answers"]


def test_a_missing_package(settings: Settings, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        if name == "chromadb":
            raise doctor.PackageNotFoundError
        return "1.0"

    monkeypatch.setattr(doctor, "version", version)
    assert not examine(settings)
    assert lines(capsys)["chromadb"] == "BAD not installed; install it with: pip install chromadb"


def test_what_only_some_settings_need_may_be_missing(
    settings: Settings, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def version(name: str) -> str:
        if name in ("torch", "xllamacpp"):
            raise doctor.PackageNotFoundError(name)
        return "1.0"

    monkeypatch.setattr(doctor, "version", version)
    assert examine(settings)
    said = lines(capsys)
    assert said["xllamacpp"] == "ok not installed; if you want it: pip install 'news-assistant[llama]'"
    assert said["torch"].endswith("pip install 'news-assistant[sentence-transformers]'")


def test_the_default_model_may_be_missing(
    settings: Settings, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packaged, "lacking", lambda name, cache: "install it")
    assert examine(load_settings(corpus=settings.corpus, index=settings.index))
    assert lines(capsys)["answers"].startswith("ok no language model is installed")
    assert not examine(settings.model_copy(update={"model": "qwen2.5-coder-1.5b"}))
    assert lines(capsys)["answers"].startswith("BAD qwen2.5-coder-1.5b is not installed; for it: install it;")


def test_an_article_that_cannot_be_read(settings: Settings, capsys: Any) -> None:
    assert settings.corpus is not None
    (settings.corpus / "broken.jsonl").write_text("{", encoding="utf-8")
    assert not examine(settings)
    assert "broken.jsonl:1: not JSON" in lines(capsys)["corpus"]


def test_what_was_passed_over_is_said_again_from_the_index(settings: Settings, capsys: Any) -> None:
    assert settings.corpus is not None
    (settings.corpus / "scan.pdf").write_bytes(b"%PDF-1.4\n")
    (settings.corpus / "photo.jpg").write_bytes(b"x")
    for _ in range(2):
        assert not examine(settings)
        said = lines(capsys)["corpus"]
        assert "; passed over 2: 1 .jpg (kind not read), 1 .pdf (broken file); lacking: " in said
        assert re.search(r"scan\.pdf: a broken PDF \(\w+\); save it again$", said)
        build_index(settings, lambda line: None, lambda done, total: None)
        capsys.readouterr()


def test_no_corpus(settings: Settings, capsys: Any, tmp_path: Path) -> None:
    assert not examine(settings.model_copy(update={"corpus": tmp_path / "missing"}))
    assert lines(capsys)["corpus"].endswith("correct the path")


@pytest.mark.parametrize(
    ("checksum", "used", "mark"),
    [("ok", True, "ok"), ("wrong", True, "BAD"), ("wrong", False, "BAD"), ("missing", True, "BAD"),
     ("missing", False, "ok")],
)  # fmt: skip
def test_weights(
    settings: Settings, capsys: Any, monkeypatch: pytest.MonkeyPatch, checksum: str, used: bool, mark: str
) -> None:
    name = embedder_of(settings) if used else "another"
    remedy = "" if checksum == "ok" else "reinstall it"

    class State:
        role = "embedder"
        version = "1.0"

    state = State()
    state.name, state.checksum, state.remedy = name, checksum, remedy  # type: ignore[attr-defined]
    monkeypatch.setattr(packaged, "inventory", lambda cache: [state])
    assert examine(settings) == (mark == "ok")
    finding = f"{mark} embedder, package version 1.0, checksum {checksum}"
    assert lines(capsys)[name] == (f"{finding}; {remedy}" if remedy else finding)


def test_the_real_inventory_names_every_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    settings = load_settings(cache=tmp_path, model="extractive")
    monkeypatch.setattr(packaged, "matches", lambda path, sha256, cache: True)
    named = {name for _, name, _ in doctor._models(settings)}
    assert {embedder_of(settings), settings.reranker, "qwen2.5-coder-1.5b"} <= named


# Repair


@pytest.fixture
def indexed(settings: Settings, capsys: Any) -> Settings:
    build_index(settings, print, lambda done, total: None)
    capsys.readouterr()
    return settings


def catalogue_of(settings: Settings) -> Path:
    state = snapshots.current(settings.index_path)
    assert state
    return state / CATALOGUE


def test_a_damaged_index_is_told_and_made_anew(indexed: Settings, capsys: Any) -> None:
    catalogue_of(indexed).write_bytes(b"no database " * 500)
    assert not examine(indexed)
    said = lines(capsys)["index"]
    assert said.startswith("BAD damaged: catalogue.sqlite3 cannot be read")
    assert said.endswith("; run: assistant doctor --repair")
    doctor.repair(indexed)
    assert re.search(r"was damaged \(catalogue.*\): made anew, 3 articles", capsys.readouterr().out)
    assert examine(indexed)
    assert lines(capsys)["index"].startswith("ok 3 articles, ")


@pytest.mark.parametrize("unfinished", [True, False])
def test_what_killed_runs_left_is_finished_or_removed(
    indexed: Settings, capsys: Any, unfinished: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "GRACE", 0.0)
    path = indexed.index_path
    names = ["state-0b.copy", "state-0c", "state-0d", "pictures", *["state-0a.new"] * unfinished]
    for name in names:
        (path / name).mkdir()
    (path / "current.tmp").touch()
    assert examine(indexed)
    said = lines(capsys)["index"]
    assert ("a run is under way, or was killed" in said) == unfinished
    assert said.endswith("run: assistant doctor --repair")
    doctor.repair(indexed)
    out = " ".join(capsys.readouterr().out.split())
    assert ("finished a run that was killed" in out) == unfinished
    assert ("removed what killed runs left: state-0b.copy, " in out) != unfinished
    rest = {one.name for one in path.iterdir()} - {one.name for one in path.glob("state-*")}
    assert rest == {"current", "pictures", "write.lock"}
    assert len(list(path.glob("state-*"))) == 2  # the current one, and one that may still be read
    doctor.repair(indexed)
    assert "nothing to repair" in capsys.readouterr().out


def test_what_is_whole_or_cannot_be_made_again_is_left_alone(
    indexed: Settings, capsys: Any, tmp_path: Path
) -> None:
    before = catalogue_of(indexed)
    doctor.repair(indexed.model_copy(update={"chunk_words": 100}))
    assert catalogue_of(indexed) == before
    before.write_bytes(b"")
    with pytest.raises(CorpusError):  # there is nothing to make it of
        doctor.repair(indexed.model_copy(update={"corpus": tmp_path / "gone"}))
    assert catalogue_of(indexed) == before
    doctor.repair(load_settings(corpus=indexed.corpus, index=tmp_path / "none"))
    assert not (tmp_path / "none").exists()


def test_a_repair_waits_for_no_writer(indexed: Settings) -> None:
    with snapshots.lock(indexed.index_path), pytest.raises(IndexBusy, match="wait for it to end"):
        doctor.repair(indexed)


def test_the_command_repairs(indexed: Settings, run: Run) -> None:
    catalogue_of(indexed).unlink()
    places = ("--corpus", str(indexed.corpus), "--index", str(indexed.index))
    assert "damaged: catalogue.sqlite3 is missing" in run("doctor", *places).out
    assert "made anew, 3 articles" in run("doctor", "--repair", *places).out
    assert "damaged" not in run("doctor", *places).out
