"""Where the files lie that the program brings along: the prompts and the built-in corpus.

An installed package carries them in its `data` folder. A checkout has them at its top level.
"""

from __future__ import annotations

from pathlib import Path

from assistant.errors import AssistantError


def prompts_folder() -> Path:
    """The folder of the prompt files; raises AssistantError if the installation lacks it."""
    return _folder("prompts")


def corpus_folder() -> Path:
    """The folder of the built-in corpus; raises AssistantError if the installation lacks it."""
    return _folder("corpus")


def _folder(name: str, package: Path = Path(__file__).parent) -> Path:
    installed, checkout = package / "data" / name, package.parent / name
    for folder in (installed, checkout):
        if folder.is_dir():
            return folder
    raise AssistantError(
        f"the built-in {name} folder is in neither {installed.parent} nor {checkout.parent}; "
        "reinstall with: pip install --force-reinstall --no-deps news-assistant"
    )
