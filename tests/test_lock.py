"""requirements.lock fits pyproject.toml: offline, so without asking whether newer releases exist."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

CHECKOUT = Path(__file__).parents[1]
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]
LOCK = (CHECKOUT / "requirements.lock").read_text("utf-8")
APART = {"torch"}
"""Installed in a step of its own, pinned in pyproject.toml."""


def wanted(lines: list[str]) -> Iterator[Requirement]:
    """What is asked for, with what the project's own extras ask for in their place."""
    for line in lines:
        requirement = Requirement(line)
        if requirement.name == PROJECT["name"]:
            for extra in sorted(requirement.extras):
                yield from wanted(PROJECT["optional-dependencies"][extra])
        else:
            yield requirement


def pins(python: str) -> dict[str, Requirement]:
    """What the lock installs with that Python on Linux, by name."""
    entries = [Requirement(line.rstrip(" \\")) for line in re.findall(r"(?m)^[a-z].*$", LOCK)]
    where = {
        **default_environment(),
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": "linux",
        "os_name": "posix",
        "platform_machine": "x86_64",
        "platform_python_implementation": "CPython",
    }
    here = [entry for entry in entries if entry.marker is None or entry.marker.evaluate(where)]
    assert len({entry.name for entry in here}) == len(here), "a package is pinned twice"
    return {canonicalize_name(entry.name): entry for entry in here}


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_the_lock_has_what_the_project_asks_for(python: str) -> None:
    locked = pins(python)
    for requirement in wanted([*PROJECT["dependencies"], f"{PROJECT['name']}[dev]"]):
        name = canonicalize_name(requirement.name)
        if name in APART:
            assert name not in locked
            continue
        assert name in locked, f"{name} is not locked; run: make lock"
        (pin,) = locked[name].specifier
        assert pin.operator == "=="
        assert requirement.specifier.contains(pin.version), f"{requirement} is not {pin}; run: make lock"


def test_every_release_in_the_lock_has_hashes() -> None:
    entries = re.split(r"(?m)^(?=[a-z])", LOCK)[1:]
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []


def test_no_build_of_torch_brings_its_libraries_into_the_lock() -> None:
    assert not re.search(r"(?m)^(nvidia|cuda|triton|torch)\b", LOCK)


def test_all_extras_are_in_all() -> None:
    """But those of developers, and Ray, which has no wheel for every platform."""
    everything = {
        extra for line in PROJECT["optional-dependencies"]["all"] for extra in Requirement(line).extras
    }
    named = set(PROJECT["optional-dependencies"]) - {"all", "llama", "ray", "bench", "train", "dev"}
    assert named <= everything
