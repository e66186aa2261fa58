"""What docs/ci.md and docs/evaluation.md say, and the action for GitHub, run over a small corpus."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from fakes import write_corpus
from junitparser import JUnitXml
from test_readme import arguments_of, parse

from assistant.evaluation.gate.regression_gate import FIRST_FLOORS, read_rules
from assistant.evaluation.gold.cases import read_gold

pytestmark = pytest.mark.slow

CHECKOUT = Path(__file__).parents[2]
ACTION = CHECKOUT / ".github" / "actions" / "assistant-eval" / "action.yml"
STEPS: dict[str, dict[str, Any]] = {
    step["name"]: step
    for step in yaml.safe_load(ACTION.read_text("utf-8"))["runs"]["steps"]
    if "name" in step
}
INPUTS: dict[str, dict[str, str]] = yaml.safe_load(ACTION.read_text("utf-8"))["inputs"]
CI = (CHECKOUT / "docs" / "ci.md").read_text("utf-8")
GOLD = [
    {"question": "What will the valley dam cost?", "answer": "90 billion"},
    {"question": "Where did the ferry Marta run aground?", "answer": "Sandoy"},
]
WRONG = {"question": "By how many votes did parliament approve the valley dam?", "answer": "77"}


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def write_gold(path: Path, *cases: dict[str, Any]) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(f"{json.dumps(line)}\n" for line in cases), encoding="utf-8")


class Place:
    """A project's folder, with `assistant`, `pytest` and `python` of this checkout on the path."""

    def __init__(self, folder: Path, data: Path) -> None:
        self.folder = folder
        write_corpus(folder / "articles")
        commands = folder / "bin"
        commands.mkdir()
        python = shlex.quote(sys.executable)
        scripts = {
            "assistant": f'exec {python} -m assistant "$@"',
            "pytest": f'exec {python} -m pytest -p assistant.evaluation.pytest_plugin "$@"',
            # Installs nothing, and says what it was to install.
            "python": f'if [ "$2" = pip ]; then printf "%s\\n" "$@" > pip.txt; else exec {python} "$@"; fi',
        }
        for name, script in scripts.items():
            (commands / name).write_text(f"#!/usr/bin/env bash\n{script}\n", encoding="utf-8")
            (commands / name).chmod(0o755)
        self.environment = os.environ | {
            "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(CHECKOUT),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "XDG_DATA_HOME": str(data),
        }

    def shell(self, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Runs it as GitHub runs a step."""
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
            cwd=self.folder,
            env=self.environment | environment,
        )

    def step(self, name: str, **inputs: str) -> subprocess.CompletedProcess[str]:
        """Runs a step of the action with these inputs, by their names with `_` for `-`."""
        given = {key: value.get("default", "") for key, value in INPUTS.items()}
        given |= {key.replace("_", "-"): value for key, value in inputs.items()}
        values = {f"inputs.{key}": value for key, value in given.items()} | {
            "runner.temp": str(self.folder / "temp"),
            "github.action_path": inputs.get("action", str(ACTION.parent)),
        }

        def filled(text: str) -> str:
            return re.sub(r"\$\{\{ (\S+) \}\}", lambda match: values[match[1]], text)

        (self.folder / "temp").mkdir(exist_ok=True)
        step = STEPS[name]
        assert step["shell"] == "bash"
        assert "${{" not in step["run"]
        return self.shell(
            step["run"],
            **{key: filled(value) for key, value in step["env"].items()},
            GITHUB_OUTPUT=str(self.folder / "output.txt"),
            GITHUB_STEP_SUMMARY=str(self.folder / "summary.md"),
        )

    def read(self, name: str) -> str:
        return (self.folder / name).read_text("utf-8")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path, tmp_path / "data")


def commands() -> Iterator[str]:
    """The lines of docs/ci.md that a person types, in order."""
    for block in blocks(CI, "sh"):
        yield from block.splitlines()


@pytest.mark.timeout(600)
def test_the_page_works_from_top_to_bottom(place: Place) -> None:
    """All that needs no server; what does is parsed."""
    ran = []
    for line in commands():
        if "openai:" in line:
            parse(arguments_of(line), whole=True)
            continue
        done = place.shell(line)
        assert done.returncode == 0, line + done.stdout + done.stderr
        ran.append(line)
        if " init " in line:
            drafts = place.read("my/gold.jsonl").splitlines()
            assert all(json.loads(draft)["draft"] for draft in drafts)
            write_gold(place.folder / "my" / "gold.jsonl", *GOLD)
    assert len(ran) == 5
    named = {"report.html", "report.md", "report.json", "junit.xml"}
    assert {path.name for path in (place.folder / "report").iterdir()} == named
    assert all(f"`{name}`" in CI for name in named)
    cases = {
        case.name: case.is_passed
        for suite in JUnitXml.fromfile(str(place.folder / "report/junit.xml"))
        for case in suite
    }
    assert len(cases) == len(GOLD) + 1
    assert cases["gate"]
    (tests,) = blocks(CI, "python")
    (place.folder / "test_own.py").write_text(tests, encoding="utf-8")
    options = "--assistant-corpus articles --assistant-model extractive"
    done = place.shell(f"pytest {options} test_own.py")
    assert "2 passed" in done.stdout, done.stdout + done.stderr


def test_a_mistake_on_the_page_would_be_seen() -> None:
    lines = list(commands())
    assert sum("openai:" in line for line in lines) == 2
    assert all(line.split()[0] in ("assistant", "pytest") for line in lines)
    options = set(re.findall(r"--assistant-[a-z]+", CI))
    plugin = (CHECKOUT / "assistant/evaluation/pytest_plugin.py").read_text("utf-8")
    assert options == set(re.findall(r'addoption\(\s*"(--assistant-[a-z]+)"', plugin))


def test_the_workflows_give_the_action_what_it_takes() -> None:
    example = yaml.safe_load((CHECKOUT / ".github/workflows/eval-example.yml").read_text("utf-8"))
    whole, step = blocks(CI, "yaml")
    uses = [
        *example["jobs"]["evaluate"]["steps"],
        *yaml.safe_load(whole)["jobs"]["evaluate"]["steps"],
        *yaml.safe_load(step),
    ]
    given = [one["with"] for one in uses if "assistant-eval" in one["uses"]]
    assert len(given) == 3
    assert all(set(values) <= set(INPUTS) for values in given)
    assert (CHECKOUT / example["jobs"]["evaluate"]["steps"][1]["uses"] / "action.yml").is_file()


def test_the_action_keeps_its_report_whatever_came() -> None:
    keep = STEPS["Keep the report"]
    assert keep["if"] == "always()"
    assert keep["with"]["path"] == STEPS["Evaluate"]["env"]["REPORT"]
    outputs = yaml.safe_load(ACTION.read_text("utf-8"))["outputs"]
    assert {name: value["value"] for name, value in outputs.items()} == {
        name: f"${{{{ steps.evaluate.outputs.{name} }}}}" for name in ("status", "report")
    }
    assert all(value["description"] for value in INPUTS.values())


def test_the_action_installs_its_own_checkout_or_what_is_named(place: Place) -> None:
    def installed(**inputs: str) -> list[str]:
        done = place.step("Install the assistant", **inputs)
        assert done.returncode == 0, done.stderr
        return place.read("pip.txt").splitlines()

    *options, package = installed()
    assert Path(package).resolve() == CHECKOUT
    assert options[-2:] == ["--extra-index-url", INPUTS["torch-index"]["default"]]
    assert installed(package="dist/a b.whl", torch_index="")[-2:] == [
        "--disable-pip-version-check",
        "dist/a b.whl",
    ]
    assert installed(action=str(place.folder / "a" / "b" / "c"))[-1] == "news-assistant"


@pytest.mark.timeout(600)
def test_the_action_passes_fails_and_tells(place: Place) -> None:
    given = {"corpus": "articles", "gold": "my/gold.jsonl", "model": "extractive"}
    write_gold(place.folder / "my" / "gold.jsonl", *GOLD)
    done = place.step("Evaluate", **given, args="--baseline 'no such $(touch made).json'")
    assert done.returncode == 0, done.stderr
    assert not (place.folder / "made").exists()
    assert place.read("summary.md").startswith("## Evaluation\n\n**The gate passed.**")
    assert "no baseline: compared with floors only" in place.read("summary.md")
    report = place.folder / "temp" / "assistant-eval"
    assert place.read("output.txt") == f"status=0\nreport={report}\n"
    assert (report / "report.html").is_file()

    (place.folder / "summary.md").unlink()
    write_gold(place.folder / "my" / "gold.jsonl", *GOLD, WRONG)
    done = place.step("Evaluate", **given)
    assert done.returncode == 1
    assert "**The gate failed:**\n\n- not wrong is 66.7%, below its floor of 80.0%" in place.read(
        "summary.md"
    )
    assert "3/3" in done.stderr

    (place.folder / "summary.md").unlink()
    (place.folder / "output.txt").unlink()
    done = place.step("Evaluate", **given | {"gold": "none.jsonl"})
    assert done.returncode == 2
    assert "assistant: none.jsonl: is not there; write it with: assistant eval init" in place.read(
        "summary.md"
    )
    assert place.read("output.txt").startswith("status=2\n")


def test_what_the_page_on_gold_shows_can_be_read(tmp_path: Path) -> None:
    page = (CHECKOUT / "docs" / "evaluation.md").read_text("utf-8")
    (lines,) = blocks(page, "jsonl")
    (rules,) = blocks(page, "toml")
    (tmp_path / "gold.jsonl").write_text(lines, encoding="utf-8")
    (tmp_path / "floors.toml").write_text(rules, encoding="utf-8")
    told: list[str] = []
    assert len(read_gold(tmp_path / "gold.jsonl", told.append)) == 4
    assert told == []
    floors = read_rules(tmp_path / "floors.toml").floors
    assert floors is not None
    assert floors["all"] == FIRST_FLOORS["all"]
    for line in re.findall(r"`(assistant [^`]+)`", page):
        parse(arguments_of(line), whole=True)
