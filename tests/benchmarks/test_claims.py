"""The benchmark of the checks of sentences: its pairs, its table, and what is said of a damaged file."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from fakes import QueuedModel, checked

from assistant.api.build import Encoders
from assistant.errors import GoldError
from eval.benchmarks import claims
from eval.benchmarks.claims import CLAIMS, ClaimPair, best_threshold, exact, exact_computed, main, read_pairs

DAM = {"article": "dam", "title": "Dam is approved", "date": "2025-03-04"}
COST = DAM | {"quote": "The dam will cost 90 billion crowns, said energy minister Ilse Brandt."}
VOTES = DAM | {"quote": "Parliament approved the dam by 61 votes to 38."}


def pair(name: str, kind: str, claim: str, quote: dict[str, str], *, supported: bool) -> dict[str, Any]:
    return {"id": name, "kind": kind, "supported": supported, "claim": claim, "quotes": [quote]}


PAIRS = [
    pair("a1", "same words", "The dam will cost 90 billion crowns.", COST, supported=True),
    pair("a11", "number", "The dam will cost 95 billion crowns.", COST, supported=False),
    pair("a2", "sum", "Together 99 members voted.", VOTES, supported=True),
    pair("a3", "roles", "Ilse Brandt rejected the dam.", VOTES, supported=False),
]
SUPPORT = dict(zip((one["claim"] for one in PAIRS), (0.9, 0.3, 0.6, 0.4), strict=True))


class Reader:
    """Gives the support of each claim that it is told to."""

    def support(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        return [SUPPORT[claim] for claim, _ in pairs]


def write(path: Path, pairs: Sequence[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(one) + "\n" for one in pairs), encoding="utf-8")
    return path


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Arguments for a run over a small file, with a reader that says what it is told to."""
    encoders = Encoders(None, None, Reader())  # type: ignore[arg-type]
    monkeypatch.setattr(claims, "load_encoders", lambda settings: encoders)
    file = write(tmp_path / "claims.jsonl", PAIRS)
    return ["--claims", str(file), "--results", str(tmp_path / "RESULTS.md")]


def test_the_pairs_fall_into_halves_by_their_ids() -> None:
    assert [ClaimPair.model_validate(one).half for one in PAIRS] == ["dev", "dev", "test", "test"]


@pytest.mark.parametrize(("number", "letter", "worked_out"), [(0, True, True), (1, False, False)])
def test_a_value_must_stand_in_the_quotes(number: int, letter: bool, worked_out: bool) -> None:
    one = ClaimPair.model_validate(PAIRS[number])
    assert (exact(one), exact_computed(one)) == (letter, worked_out)


def test_a_value_may_follow_from_the_quotes_where_that_is_allowed() -> None:
    one = ClaimPair.model_validate(PAIRS[2])
    assert (exact(one), exact_computed(one)) == (False, True)


def test_the_threshold_is_the_best_of_the_dev_half() -> None:
    dev = [ClaimPair.model_validate(one) for one in PAIRS[:2]]
    assert best_threshold(dev, {"a1": 0.9, "a11": 0.3}) == 0.9
    assert best_threshold(dev, {"a1": 0.3, "a11": 0.9}) == 0.3


NONE, ALL = "0.00 (0.00–0.79)", "1.00 (0.21–1.00)"
TABLE = f"""\
| check | pairs | unsupported rejected | supported rejected |
| --- | ---: | ---: | ---: |
| exact, dev | 2 | {ALL} | {NONE} |
| exact, test | 2 | {NONE} | {ALL} |
| exact, computed, dev | 2 | {ALL} | {NONE} |
| exact, computed, test | 2 | {NONE} | {NONE} |
| reader at 0.5, dev | 2 | {ALL} | {NONE} |
| reader at 0.5, test | 2 | {ALL} | {NONE} |
| reader at 0.400, best on dev, dev | 2 | {ALL} | {NONE} |
| reader at 0.400, best on dev, test | 2 | {NONE} | {NONE} |
| exact and reader at 0.5, dev | 2 | {ALL} | {NONE} |
| exact and reader at 0.5, test | 2 | {ALL} | {ALL} |
"""
BY_KIND = """\
| kind | exact | exact, computed | reader at 0.5 | reader at 0.400, best on dev | exact and reader at 0.5 |
| --- | ---: | ---: | ---: | ---: | ---: |
| roles | 0.00 | 0.00 | 1.00 | 0.00 | 1.00 |
| sum (supported) | 1.00 | 0.00 | 0.00 | 0.00 | 1.00 |
"""


def test_the_tables(places: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(places) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("## Checks of sentences against their quotes\n")
    assert "4 pairs" in shown
    assert TABLE in shown
    assert shown.endswith(BY_KIND)
    written = (tmp_path / "RESULTS.md").read_text(encoding="utf-8")
    assert f"<!-- claims: begin -->\n{shown.strip()}\n<!-- claims: end -->" in written


def test_a_model_checks_the_test_half(
    places: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model = QueuedModel(replies=[json.dumps(checked("", "she did not"))])
    monkeypatch.setattr(claims, "load_model", lambda *arguments: model)
    assert main([*places, "--model", "some:model"]) == 0
    shown = capsys.readouterr().out
    assert f"| some:model, test | 2 | {ALL} | {NONE} |" in shown
    assert "| roles | 0.00 | 0.00 | 1.00 | 0.00 | 1.00 | 1.00 |" in shown
    (prompt,) = model.prompts
    assert "Sentence 1: Together 99 members voted." in prompt
    assert "Sentence 2: Ilse Brandt rejected the dam." in prompt
    assert PAIRS[0]["claim"] not in prompt


def test_many_pairs_are_checked_a_few_at_a_time(
    places: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model = QueuedModel(replies=[json.dumps(checked("")), json.dumps(checked("she did not"))])
    monkeypatch.setattr(claims, "load_model", lambda *arguments: model)
    monkeypatch.setattr(claims, "TOGETHER", 1)
    assert main([*places, "--model", "some:model"]) == 0
    assert f"| some:model, test | 2 | {ALL} | {NONE} |" in capsys.readouterr().out
    assert len(model.prompts) == 2


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("no JSON\n", "holds no claims (1 validation error"),
        ('{"id": "a1"}\n', "holds no claims"),
        (json.dumps(PAIRS[0] | {"more": 1}), "holds no claims"),
        (json.dumps(PAIRS[0] | {"quotes": [COST | {"date": "soon"}]}), "holds no claims"),
        ("", "needs supported and unsupported claims in both halves"),
        ("".join(json.dumps(one) + "\n" for one in PAIRS[:3]), "needs supported and unsupported"),
        ("".join(json.dumps(one) + "\n" for one in [*PAIRS, PAIRS[0]]), "holds the id a1 twice"),
    ],
)
def test_a_damaged_file_is_one_line(
    places: list[str], capsys: pytest.CaptureFixture[str], content: str, problem: str
) -> None:
    Path(places[1]).write_text(content, encoding="utf-8")
    assert main(places) == 2
    shown = capsys.readouterr()
    (line,) = shown.err.splitlines()
    assert line.startswith(f"{places[1]}: {problem}")
    assert (shown.out, Path(places[3]).exists()) == ("", False)


def test_a_file_that_is_missing_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(GoldError, match=r"absent\.jsonl: holds no claims \(.*\); correct it$"):
        read_pairs(tmp_path / "absent.jsonl")


def test_the_pairs_of_this_project_tell_something() -> None:
    pairs = read_pairs(Path(__file__).parents[2] / CLAIMS)
    assert len({one.claim for one in pairs}) == len(pairs) >= 600
    for half in ("dev", "test"):
        own = [one for one in pairs if one.half == half]
        assert 0.4 < sum(one.supported for one in own) / len(own) < 0.6
    kinds = {one.kind: one.supported for one in pairs}
    assert all(one.supported == kinds[one.kind] for one in pairs), "a kind is supported or it is not"
