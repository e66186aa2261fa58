"""Imports: what answers at once loads nothing heavy, and a question never loads torch."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TORCH = {"torch", "transformers", "sentence_transformers"}
HEAVY = TORCH | {
    "chromadb",
    "dateparser",
    "feedparser",
    "frontmatter",
    "langchain",
    "langchain_chroma",
    "langchain_core",
    "mcp",
    "numpy",
    "onnxruntime",
    "protego",
    "rapidfuzz",
    "ray",
    "sentencex",
    "tokenizers",
    "trafilatura",
    "urllib3",
    "xllamacpp",
}

CODE = """
import json, sys
sys.argv = ["assistant", *json.loads(sys.argv[1])]
status = 0
try:
    import assistant.cli.main
    if sys.argv[1:]:
        assistant.cli.main.main()
except SystemExit as end:
    status = end.code
print()
print(json.dumps([status, sorted({name.partition(".")[0] for name in sys.modules})]))
"""


def run(*arguments: str, cwd: Path) -> tuple[int, set[str], str]:
    """The exit status, the top-level modules loaded at the end, and all that was printed."""
    path = os.pathsep.join(filter(None, [str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [sys.executable, "-c", CODE, json.dumps(arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": path},
    )
    printed, _, last = done.stdout.rstrip("\n").rpartition("\n")
    status, modules = json.loads(last)
    return status, set(modules), printed + done.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "text"),
    [
        ((), 0, ""),
        (("--help",), 0, "Commands:"),
        (("ask", "--help"), 0, "Examples:"),
        (("add", "--help"), 0, "robots.txt"),
        (("watch", "--help"), 0, "Ctrl-C"),
        (("models", "--help"), 0, "pull"),
        (("models",), 0, "language model"),
        (("--version",), 0, "assistant"),
        (("mcp", "--help"), 0, "Model Context Protocol"),
        (("ask", "--no-such-option"), 2, "No such option"),
        (("nonsense",), 2, "No such command"),
        (("ask", "Who?", "--as-of", "nonsense"), 2, "write it as 2025-11-26"),
    ],
)
def test_what_answers_at_once_loads_nothing_heavy(
    tmp_path: Path, arguments: tuple[str, ...], status: int, text: str
) -> None:
    ended, modules, printed = run(*arguments, cwd=tmp_path)
    assert ended == status
    assert text in printed
    assert "assistant" in modules
    assert modules & HEAVY == set()


@pytest.mark.slow
@pytest.mark.parametrize("command", [("search",), ("ask", "--model", "extractive")])
def test_a_question_loads_no_library_that_it_does_not_need(tmp_path: Path, command: tuple[str, ...]) -> None:
    """Once the index exists, which the first question builds."""
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "dam.txt").write_text(
        "Dam\n\nParliament approved the valley dam.", encoding="utf-8"
    )
    for _ in range(2):
        status, modules, printed = run(*command, "valley dam", "--corpus", "corpus", cwd=tmp_path)
        assert status == 0
        assert "Parliament approved" in printed
        assert "onnxruntime" in modules
    assert not modules & {
        *TORCH,
        "chromadb",
        "langchain_chroma",
        "langsmith",
        "opentelemetry",
        "ray",
        "xllamacpp",
    }


def test_the_package_is_imported_in_no_time(tmp_path: Path) -> None:
    """Of the processor, since others may keep it from the clock."""
    code = "from time import process_time as t; start = t(); import assistant; print(t() - start)"
    path = str(Path(__file__).parent.parent)
    command, environment = [sys.executable, "-c", code], os.environ | {"PYTHONPATH": path}
    times = [
        float(subprocess.run(command, env=environment, capture_output=True, check=True, cwd=tmp_path).stdout)
        for _ in range(5)
    ]
    assert min(times) < 0.15


def test_onnxruntime_reports_to_nobody() -> None:
    code = "import assistant, os; print(os.environ['ORT_DISABLE_TELEMETRY'])"
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    ended = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True)
    assert ended.stdout.split() == [b"1"]
