"""Prompts: `prompts/*.md` as LangChain templates, read once and checked.

A prompt file has a `# system` part, which is the same in every call so that a model can cache it, and a
`# user` part. `{name}` is a slot; a literal brace is doubled. A comment may come before them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path

from langchain_core.prompts import ChatPromptTemplate

from assistant.errors import PromptError

SLOTS = {
    "answer": {"evidence", "question", "today"},
    "answer_small": {"evidence", "question"},
    "verify": {"sentences"},
    "rewrite": {"conversation", "question"},
    "brief": {"evidence", "topic", "words"},
}
"""Every prompt that answering uses, with the slots it must have."""

_PARTS = re.compile(
    r"\A\s*(?:<!--(?:(?!-->).)*-->\s*)?# system\n(?P<system>.*?)^# user\n(?P<user>.*)\Z",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Prompt:
    """A template and the digest of the file it came from, which tells two versions apart."""

    template: ChatPromptTemplate
    digest: str


def load_prompt(folder: Path, name: str, slots: Set[str] | None = None) -> Prompt:
    """The prompt `folder/name.md`, with these slots, by default those of `SLOTS`.

    Raises PromptError if it is missing, or has wrong parts or slots.
    """
    path = folder / f"{name}.md"
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise PromptError(f"cannot read the prompt {path} ({error.strerror}); restore it") from None
    parts = _PARTS.match(raw.decode("utf-8", "replace").replace("\r\n", "\n"))
    if parts is None:
        raise PromptError(f"{path} needs a '# system' part and a '# user' part; restore them")
    try:
        template = ChatPromptTemplate.from_messages(
            [("system", parts["system"].strip()), ("human", parts["user"].strip())]
        )
    except ValueError as error:  # a brace that is neither a slot nor doubled
        raise PromptError(f"{path}: {error}; write a literal brace twice") from None
    wanted, found = sorted(slots or SLOTS[name]), sorted(template.input_variables)
    if found != wanted:
        raise PromptError(f"{path} has the slots {found}, but needs {wanted}; correct them")
    return Prompt(template, hashlib.sha256(raw).hexdigest()[:12])
