"""The benchmark beside haiku.rag, without haiku.rag: what is asked and counted, the section, and what is said
where it cannot be installed."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from assistant.errors import AssistantError
from eval.benchmarks import haiku, peer
from eval.benchmarks.indexing import Indexing
from eval.benchmarks.peer import Figures, Searches

GOLD = Path("eval/gold.jsonl")
ARTICLE = "---\ntitle: A bridge opens\ndate: 2025-01-02\n---\nThe mayor opened a bridge.\n\nIt is of steel.\n"
OTHER = "---\ntitle: A ferry stops\ndate: 2025-01-03\n---\nThe ferry stopped for good on Friday.\n"


@dataclass
class Fake:
    """Takes longer from call to call, and finds the same articles for every question."""

    store: str
    found: Sequence[str]
    calls: list[str] = field(default_factory=list)

    def index(self, place: Path) -> Indexing:
        self.calls.append(place.name)
        return Indexing(10.0 * len(self.calls), 1, 100)

    def search(self, place: Path, questions: Sequence[str], file: Path) -> Searches:
        self.calls.append(f"{len(questions)} in {place.name}")
        process = Indexing(len(self.calls), 1, 10 * len(questions))
        return Searches(
            process, [9.0, *(0.1 * n for n in range(1, len(questions)))], [self.found] * len(questions)
        )


def test_what_is_asked_can_be_asked_of_both_and_is_of_the_whole_file() -> None:
    cases = peer.chosen_cases(GOLD, 20)
    assert len(cases) == 20
    assert not any(case.history or case.as_of or not case.evidence for case in cases)
    assert len({case.type for case in cases}) > 5
    assert len(peer.chosen_cases(GOLD, 1000)) > 100


def test_those_that_share_an_index_make_it_once_a_round_and_the_first_question_is_not_counted(
    tmp_path: Path,
) -> None:
    cases = peer.chosen_cases(GOLD, 3)
    right = [evidence.article for case in cases for evidence in case.evidence]
    ours, plain, theirs = Fake("ours", right), Fake("ours", ["none"]), Fake("theirs", right[:1])
    sides = {"ours": ours, "plain": plain, "theirs": theirs}
    made = peer.measured(sides, cases, 3, tmp_path)
    assert (ours.calls + plain.calls).count("ours") == 3
    assert theirs.calls == ["theirs", "1 in theirs", "4 in theirs"] * 3
    assert made["ours"].index == made["plain"].index
    assert made["ours"].warm == pytest.approx(0.2), "the median of 0.1, 0.2 and 0.3"
    assert (made["ours"].searching, made["ours"].indexing) == (40, 100)
    assert [one.hits for one in made.values()] == [3, 0, peer.hits([right[:1]] * 3, cases)]


def test_a_question_is_found_by_any_article_of_its_evidence() -> None:
    case = next(case for case in peer.chosen_cases(GOLD, 1000) if len({e.article for e in case.evidence}) > 1)
    *_, last = (evidence.article for evidence in case.evidence)
    assert peer.hits([["other", last], ["other"], []], [case] * 3) == 1


def test_the_section_compares_with_haiku() -> None:
    name, body = peer.section(
        {
            peer.ASSISTANT: Figures(10, 3, 1.5, 300, 330, 20),
            peer.PLAIN: Figures(10, 1, 0.05, 300, 180, 17),
            peer.PEER: Figures(40, 4, 0.04, 500, 310, 18),
        },
        "56 articles.",
        20,
        340,
    )
    assert name == "peer"
    assert f"| assistant | not reranked | haiku.rag {haiku.VERSION} |" in body
    assert "| indexing, s | 10.0 | 10.0 | 40.0 | 0.25 | 0.25 |" in body
    assert "| warm search, s | 1.500 | 0.050 | 0.040 | 37.50 | 1.25 |" in body
    assert "| evidence found, of 20 | 20 | 17 | 18 | 1.11 | 0.94 |" in body
    assert "with 340 MB of its own" in body


def test_the_assistant_indexes_and_searches_in_processes_of_their_own(tmp_path: Path) -> None:
    corpus = tmp_path / "articles"
    corpus.mkdir()
    (corpus / "bridge.md").write_text(ARTICLE)
    (corpus / "ferry.md").write_text(OTHER)
    ours = peer.Ours(corpus, reranked=False)
    assert ours.index(tmp_path / "index").clock > 0
    searches = ours.search(tmp_path / "index", ["Who opened it?", "What stopped?"], tmp_path / "found")
    assert [sorted(found) for found in searches.found] == [["bridge", "ferry"]] * 2
    assert searches.found[1][0] == "ferry"
    assert min(searches.seconds) > 0
    assert searches.process.memory > 50


def test_haiku_gets_articles_in_markdown_and_the_embedder_with_its_prompt(tmp_path: Path) -> None:
    (tmp_path / "bridge.md").write_text(ARTICLE)
    assert haiku.write_articles(tmp_path / "bridge.md", tmp_path / "articles.json") == 1
    (article,) = json.loads((tmp_path / "articles.json").read_text())
    assert (article["id"], article["title"]) == ("bridge", "A bridge opens")
    assert article["content"].startswith("# A bridge opens\n\n2 January 2025\n\nThe mayor opened a bridge.")
    (tmp_path / "config.json").write_text('{"hidden_size": 8}')
    model = json.loads(haiku.configuration("http://127.0.0.1:1/v1", tmp_path))["embeddings"]["model"]
    assert (model["vector_dim"], model["base_url"]) == (8, "http://127.0.0.1:1/v1")
    assert model["query_prefix"].startswith("Represent this sentence")


def test_an_environment_that_is_whole_is_kept_and_another_begun_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[Sequence[str]] = []
    monkeypatch.setattr(haiku, "new_enough", lambda _: "python")

    def run(command: Sequence[str]) -> None:
        commands.append(command)
        if "venv" in command:
            Path(command[-1], "bin").mkdir(parents=True)

    monkeypatch.setattr(haiku, "_run", run)
    python = haiku.installed(tmp_path)
    assert python.is_relative_to(tmp_path)
    assert [command[1:3] for command in commands] == [["-m", "venv"], ["-m", "pip"]]
    assert set(haiku.PACKAGES) < set(commands[1])
    assert all("==" in package for package in haiku.PACKAGES)
    assert haiku.installed(tmp_path) == python
    assert len(commands) == 2


def test_an_older_python_is_told_of_in_a_line(tmp_path: Path) -> None:
    old = tmp_path / "python3.12"
    old.write_text("#!/bin/sh\nexit 127\n")  # a version manager's, of a version that is not there
    old.chmod(0o755)
    with pytest.raises(AssistantError, match=r"3\.12 or newer; name one with --python"):
        haiku.new_enough([str(old), "no-such-python"])
    new = tmp_path / "python3.13"
    new.write_text("#!/bin/sh\nexit 0\n")
    new.chmod(0o755)
    assert haiku.new_enough([str(old), str(new)]) == str(new)


def test_what_cannot_be_installed_is_a_line() -> None:
    with pytest.raises(AssistantError, match=r"^haiku\.rag cannot be installed: ValueError: no$"):
        haiku._run([sys.executable, "-c", "raise ValueError('no')"])


def test_a_corpus_that_is_missing_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert peer.main(["--corpus", str(tmp_path / "none"), "--results", str(tmp_path / "r.md")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "none" in line
