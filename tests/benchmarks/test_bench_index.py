"""Indexes of question sets: kept, brought in line with their corpus, and made anew by a newer program."""

from pathlib import Path
from typing import Any

import pytest
from fakes import write_corpus

from assistant.settings import load_settings
from eval.benchmarks.index import indexed

pytestmark = pytest.mark.slow


def test_an_index_is_kept_updated_and_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    corpus = write_corpus(tmp_path / "corpus")
    settings = load_settings(model="extractive")
    mine, index = indexed(settings, "talks", corpus, tmp_path)
    count = len(index.catalogue.fingerprints())
    index.close()
    assert mine.corpus == corpus
    assert mine.index_path == tmp_path / "talks-bge-small-en-v1.5"
    assert "embedding talks" in capsys.readouterr().err

    _, index = indexed(settings, "talks", corpus, tmp_path)
    index.close()
    assert capsys.readouterr().err == ""

    (corpus / "new.txt").write_text("New\n\nText.", encoding="utf-8")
    _, index = indexed(settings, "talks", corpus, tmp_path)
    assert len(index.catalogue.fingerprints()) == count + 1
    index.close()

    other = settings.model_copy(update={"chunk_words": 100})
    _, index = indexed(other, "talks", corpus, tmp_path)
    assert len(index.catalogue.fingerprints()) == count + 1
    index.close()
