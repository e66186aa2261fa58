"""The README against what it describes: commands, options, settings, statuses, files, and transcripts."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from typer.main import get_group

from assistant.chat.commands import BY_NAME
from assistant.cli.main import app
from assistant.schema import AbstentionReason, Status
from assistant.settings import Settings

CHECKOUT = Path(__file__).parent.parent
README = (CHECKOUT / "README.md").read_text("utf-8")
MAKEFILE = (CHECKOUT / "Makefile").read_text("utf-8")

BLOCKS = [
    re.sub(r"^    ", "", block, flags=re.MULTILINE)
    for block in re.findall(r"(?:^    .*\n(?:\n(?=    ))?)+", README, re.MULTILINE)
]
"""What is indented, without its indentation."""
INLINE = [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", README)]
LINES = [line for block in BLOCKS for line in block.splitlines()]
COMMANDS = [line.removeprefix("$ ") for line in LINES if re.match(r"(?:\$ )?assistant ", line)]
TRANSCRIPTS = [
    (line, said)
    for block in BLOCKS
    for line, said in re.findall(r"^\$ (assistant ask .*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)
    if "--model" not in line
]
"""Questions put to the default, and what is printed."""


def arguments_of(line: str) -> list[str]:
    """What a shell would give to `assistant`, of a line that may say behind some spaces what it does."""
    lexer = shlex.shlex(re.split(r" {2,}", line)[0], posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words = list(lexer)
    end = next((place for place, word in enumerate(words) if word[0] in ";|<>&"), len(words))
    assert words[0] == "assistant"
    return words[1:end]


def parse(arguments: list[str], *, whole: bool) -> None:
    """Parses without running anything. `whole`: nothing that is required may be missing."""
    group = get_group(app)
    name, *rest = arguments
    command = group.commands[name]
    # A command of a command, as `eval init`, is parsed as what it is.
    if rest and rest[0] in getattr(command, "commands", {}):
        group, (name, *rest) = command, rest
        command = group.commands[name]
    with group.make_context("assistant", [name, *rest]) as parent:
        if whole:
            command.make_context(name, rest, parent=parent).close()
        else:
            with command.make_context(name, [], parent=parent, resilient_parsing=True) as context:
                context.resilient_parsing = False
                _, left, _ = command.make_parser(context).parse_args(rest)
                assert not left


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under the heading's row."""
    table = README.split(heading, 1)[1].split("\n\n", 1)[0]
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in table.splitlines()[2:]]


def code(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def made() -> Iterator[tuple[str, dict[str, str]]]:
    """The targets that make is told to make, each with its variables."""
    for line in (*LINES, *INLINE):
        if line.startswith("make "):
            _, target, *more = shlex.split(re.split(r" {2,}", line)[0])
            yield target, dict(re.findall(r"([A-Z_]+)=(\S*)", " ".join(more)))
            for name in re.findall(r"\(([A-Z]+)=", line):
                yield target, {name: ""}


def test_the_readme_is_read() -> None:
    """None of these tests is one of nothing."""
    assert len(COMMANDS) > 20
    assert len(TRANSCRIPTS) >= 2
    assert "/why" in "".join(BLOCKS)
    assert len(list(made())) > 15


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_is_one_as_it_stands(line: str) -> None:
    parse(arguments_of(line), whole=True)


@pytest.mark.parametrize("line", [line for line in INLINE if line.startswith("assistant ")])
def test_a_command_in_a_sentence_has_its_options(line: str) -> None:
    parse(arguments_of(line), whole=False)


@pytest.mark.parametrize("line", [line for line in INLINE if line.startswith("-")])
def test_an_option_in_a_sentence_is_one_of_some_command(line: str) -> None:
    option = line.split(maxsplit=1)[0]
    commands = get_group(app).commands.values()
    assert any(option in parameter.opts for command in commands for parameter in command.params)


def test_a_mistake_would_be_seen() -> None:
    mistakes = (
        "assistant ask --modl x",
        "assistant show",
        "assistant doctor much",
        "assistant eval init --modl x",
    )
    for line in mistakes:
        with pytest.raises(Exception, match=r"(?i)no such option|missing|unexpected"):
            parse(arguments_of(line), whole=True)
    with pytest.raises(Exception, match=r"(?i)no such option"):
        parse(["show", "--jsn"], whole=False)


def test_make_has_every_target_and_variable() -> None:
    for target, variables in made():
        assert re.search(rf"^{re.escape(target)}:", MAKEFILE, re.MULTILINE), target
        for name in variables:
            assert re.search(rf"\$\({name}\)|\$\${name}\b", MAKEFILE), name


def test_every_setting_stands_in_the_table_with_its_default() -> None:
    told: list[str] = []
    for names, default, _ in rows("| name | default |"):
        listed = code(names)
        told += listed
        for name in listed:
            value: Any = Settings.model_fields[name].default
            if isinstance(value, str | bool):
                assert (value if isinstance(value, str) else json.dumps(value)) in code(default), name
            elif isinstance(value, int | float):
                assert f"{value:g}" in re.findall(r"\d+", default), name
    assert sorted(told) == sorted(Settings.model_fields)


def test_every_status_and_reason_stands_in_the_table() -> None:
    statuses = {code(row[0])[0]: row for row in rows("| status |")}
    assert sorted(statuses) == sorted(get_args(Status))
    assert sorted(code(statuses["abstained"][1])) == sorted(get_args(AbstentionReason))
    assert {status: row[2] for status, row in statuses.items()} == {
        status: "1" if status == "abstained" else "0" for status in statuses
    }


def test_every_command_of_the_chat_is_one() -> None:
    """With what stands behind it."""
    section = README.partition("\n## Chat\n")[2].partition("\n## ")[0]
    listed = re.findall(r"(?:^ *|(?<=[ `]))/([a-z]+)(?: ([A-Z]+))?", section, re.MULTILINE)
    assert len(listed) > 10
    for name, argument in listed:
        assert name in BY_NAME
        assert argument in BY_NAME[name].argument


def test_every_file_that_is_named_exists() -> None:
    links = {link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", README) if "://" not in link}
    named = {name for name in INLINE if re.match(r"(?:assistant|corpus|demo|eval|prompts|tests)/\S*$", name)}
    assert links
    assert named
    assert [name for name in sorted(links | named) if not (CHECKOUT / name).exists()] == []


def test_every_extra_that_is_named_exists() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    assert set(re.findall(r"\.\[(\w+)\]", README)) <= set(extras)
    hosted = " ".join((*extras["openai"], *extras["anthropic"], *extras["ollama"]))
    assert all(name in hosted for name in re.findall(r"langchain-\w+", README))


def pattern(transcript: str) -> str:
    """What matches the transcript's text, wrapped otherwise, and where it is cut, however it goes on."""
    lines: list[str] = []
    for line in transcript.split("\n"):
        words = r"\s+".join(re.escape(word) for word in line.removesuffix("...").split())
        if line.strip() == "...":
            lines.append(r"(?s:.*?)")
        elif words:
            lines.append(words + (r"\S.*" if line.endswith("...") else ""))
    return r"\s*".join(lines) + r"\s*"


def test_a_transcript_matches_what_is_wrapped_or_cut() -> None:
    assert re.fullmatch(pattern("One\ntwo.\n\n[1] a-b...\n"), "One two.\n\n[1] a-b-c d\n")
    assert re.fullmatch(pattern("One\n...\n1\n"), "One\n\nNearest:\n1 and 2\n1\n")
    assert not re.fullmatch(pattern("One\ntwo.\n\n[1] a-b...\n"), "One two.\n\n[1] a-b-c d\n[2] e\n")
    assert not re.fullmatch(pattern("One\n...\n1\n"), "One\n\nNearest:\n0\n")


@pytest.mark.model
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("line", "said"), TRANSCRIPTS)
def test_the_default_answers_as_is_shown(line: str, said: str, built_in_index: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "assistant", *arguments_of(line), "--index", str(built_in_index)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(CHECKOUT)},
    )
    status = f"{done.returncode}\n" if line.endswith("; echo $?") else ""
    assert re.fullmatch(pattern(said), done.stdout + status), done.stdout + done.stderr
