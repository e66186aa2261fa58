"""CONTRIBUTING.md against the tree: its files, its make targets, and the size of the house."""

import re
from pathlib import Path

CHECKOUT = Path(__file__).parent.parent
TEXT = (CHECKOUT / "CONTRIBUTING.md").read_text("utf-8")
PACKAGE = CHECKOUT / "assistant"

LONGEST_MODULE = 300
LONGEST_LISTING = 12


def test_every_file_that_is_named_exists() -> None:
    named = re.findall(r"`((?:assistant|prompts|eval|tests)/[\w./]+)`", TEXT)
    assert len(named) > 10
    assert [name for name in named if not (CHECKOUT / name).exists()] == []


def test_every_make_target_is_one() -> None:
    makefile = (CHECKOUT / "Makefile").read_text("utf-8")
    targets = re.findall(r"^    make ([\w-]+)", TEXT, re.MULTILINE)
    assert len(targets) >= 5
    assert [target for target in targets if not re.search(rf"^{target}:", makefile, re.MULTILINE)] == []


def test_no_module_is_long() -> None:
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in PACKAGE.rglob("*.py")}
    assert {str(path): length for path, length in lengths.items() if length > LONGEST_MODULE} == {}


def test_no_listing_is_long() -> None:
    """The package itself has its packages, and the three modules that all of them use."""
    packages = {path.parent for path in PACKAGE.rglob("__init__.py")} - {PACKAGE}
    listings = {
        folder: [entry.name for entry in folder.iterdir() if not entry.name.startswith("__")]
        for folder in packages
    }
    assert {str(folder): names for folder, names in listings.items() if len(names) > LONGEST_LISTING} == {}


def test_every_package_says_what_lives_in_it() -> None:
    for path in PACKAGE.rglob("__init__.py"):
        assert path.read_text("utf-8").startswith('"""'), path
