"""The bill of materials holds what is installed and the weights; every licence is known and allowed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.models.table import TABLE

CHECKOUT = Path(__file__).parents[1]


def made(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(CHECKOUT / ".ci" / "sbom.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)


@pytest.mark.slow
def test_the_bill_holds_packages_and_weights(tmp_path: Path) -> None:
    assert made("sbom", str(tmp_path / "bill.json")).returncode == 0
    bill = json.loads((tmp_path / "bill.json").read_text())
    assert (bill["bomFormat"], bill["metadata"]["component"]["name"]) == ("CycloneDX", "news-assistant")
    components = {component["name"]: component for component in bill["components"]}
    assert {"chromadb", "langchain-core", "onnxruntime", "typer"} <= set(components)
    for model in TABLE:
        weights = components[model.name]
        assert weights["hashes"] == [{"alg": "SHA-256", "content": model.sha256}]
        assert weights["licenses"] == [{"license": {"id": model.licence}}]


@pytest.mark.slow
def test_every_licence_is_known_and_allowed() -> None:
    ended = made("licences")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "UNKNOWN" not in ended.stdout
    for model in TABLE:
        assert model.name in ended.stdout
