"""Prompts: what is shipped loads, and a broken file is told from a good one before any model is asked."""

from pathlib import Path

import pytest

from assistant.errors import PromptError
from assistant.models.prompts import SLOTS, load_prompt
from assistant.settings import prompts_folder

SHORT = "# system\n\nAnswer. {{}}\n\n# user\n\n{evidence}\n\n{question}\n\n{today}\n"


def write(folder: Path, text: str) -> Path:
    (folder / "answer.md").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", sorted(SLOTS))
def test_the_shipped_prompts_load(name: str) -> None:
    prompt = load_prompt(prompts_folder(), name)
    filled = prompt.template.invoke(dict.fromkeys(SLOTS[name], "FILLED {not_a_slot}")).to_messages()
    assert [message.type for message in filled] == ["system", "human"]
    assert "FILLED" not in filled[0].text, "the first part stays the same from call to call"
    assert filled[1].text.count("FILLED {not_a_slot}") == len(SLOTS[name])


def test_every_shipped_prompt_is_used() -> None:
    assert {path.stem for path in prompts_folder().glob("*.md")} == set(SLOTS) | {"judge"}


def test_a_doubled_brace_is_a_brace(tmp_path: Path) -> None:
    template = load_prompt(write(tmp_path, SHORT), "answer").template
    assert (
        template.invoke({"evidence": "H", "question": "Q", "today": "T"}).to_string()
        == "System: Answer. {}\nHuman: H\n\nQ\n\nT"
    )


def test_the_digest_tells_versions_apart(tmp_path: Path) -> None:
    first = load_prompt(write(tmp_path, SHORT), "answer").digest
    second = load_prompt(write(tmp_path, SHORT + "\nShortly."), "answer").digest
    assert first != second
    assert load_prompt(write(tmp_path, SHORT), "answer").digest == first


def test_windows_line_ends(tmp_path: Path) -> None:
    (tmp_path / "answer.md").write_bytes(SHORT.replace("\n", "\r\n").encode())
    assert load_prompt(tmp_path, "answer").template.input_variables == ["evidence", "question", "today"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Answer {evidence} {question}", "needs a '# system' part and a '# user' part"),
        ("# system\nAnswer.\n", "needs a '# system' part"),
        (
            "# system\nAnswer.\n# user\n{evidence}",
            r"has the slots \['evidence'\], but needs \['evidence', 'question', 'today'\]",
        ),
        (SHORT + "{history}", r"has the slots \['evidence', 'history', 'question', 'today'\], but needs"),
        (SHORT + "{", "write a literal brace twice"),
        (SHORT + '{"claims": []}', "answer.md"),
        (SHORT + "{}", "answer.md"),
        (SHORT + "{0}", "answer.md"),
        (SHORT + "{question!r:>{evidence}}", "answer.md"),
    ],
)
def test_a_broken_prompt(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(PromptError, match=problem) as caught:
        load_prompt(write(tmp_path, text), "answer")
    assert "\n" not in str(caught.value)


def test_a_missing_prompt(tmp_path: Path) -> None:
    with pytest.raises(PromptError, match=r"cannot read the prompt .*answer\.md"):
        load_prompt(tmp_path, "answer")
