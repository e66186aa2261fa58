"""A real OpenAI-compatible server of one's own, llama.cpp's, asked through the real command line."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.models import packaged
from assistant.schema import Answer
from assistant.settings import load_settings

pytestmark = [pytest.mark.model, pytest.mark.timeout(600)]

SERVE = """
import sys, xllamacpp
parameters = xllamacpp.CommonParams()
parameters.model.path, parameters.n_ctx, parameters.n_parallel = sys.argv[1], 4096, 1
parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 2
server = xllamacpp.Server(parameters)
print(server.listening_address, flush=True)
sys.stdin.read()
"""
CORPUS = """---
title: Valley dam is approved
date: 2025-03-04
---
Parliament approved the valley dam on Tuesday by 61 votes to 38, after a debate of nine hours.

The dam will cost 90 billion crowns, said energy minister Ilse Brandt.
"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The server's address; it ends with its standard input."""
    path = packaged.gguf("qwen2.5-coder-1.5b", load_settings().cache)
    waiting = {"OMP_WAIT_POLICY": "PASSIVE"}  # else its threads spin while other tests want the cores
    with subprocess.Popen(
        [sys.executable, "-c", SERVE, str(path)],
        env=os.environ | waiting,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        assert server.stdout is not None
        line = next((line for line in server.stdout if line.startswith("http")), "")
        assert line, "the server did not start"
        yield f"{line.strip()}/v1"
        assert server.stdin is not None
        server.stdin.close()


def test_a_served_model_answers_behind_the_same_checks(address: str, tmp_path: Path) -> None:
    """The exact ones alone: so small a model finds fault with what is right."""
    (tmp_path / "dam.md").write_text(CORPUS, encoding="utf-8")
    asked = subprocess.run(
        [
            *(sys.executable, "-m", "assistant", "ask", "What will the valley dam cost?", "--json"),
            *("--model", "openai:local", "--corpus", str(tmp_path / "dam.md")),
            *("--index", str(tmp_path / "index")),
        ],
        env=os.environ
        | {"ASSISTANT_BASE_URL": address, "ASSISTANT_VERIFY": "exact", "ASSISTANT_CONTEXT_TOKENS": "4096"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert asked.returncode == 0, asked.stderr + asked.stdout
    answer = Answer.model_validate(json.loads(asked.stdout))
    assert (answer.status, answer.model) == ("answered", "openai:local")
    assert "90 billion" in answer.answer
    text = CORPUS.split("---\n", 2)[2].strip()
    assert all(citation.quote in text for citation in answer.citations)
