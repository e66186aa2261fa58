"""Prompts: `prompts/*.md` as LangChain templates, read once and checked.

A prompt file has a `# system` part, which is the same in every call so that a model can cache it, and a
`# user` part. `{name}` is a slot; a literal brace is doubled. A comment may come before them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Set
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING

from assistant.errors import PromptError

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage
    from langchain_core.prompts import ChatPromptTemplate

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


@dataclass(frozen=True)
class Prompt:
    """The two parts of a prompt and the digest of the file it came from, which tells two versions apart."""

    system: str
    user: str
    digest: str

    @cached_property
    def template(self) -> ChatPromptTemplate:
        """Made where a model is asked: LangChain takes longer to import than a search takes."""
        from langchain_core.prompts import ChatPromptTemplate

        return ChatPromptTemplate.from_messages([("system", self.system), ("human", self.user)])

    def format_messages(self, **values: object) -> list[BaseMessage]:
        """The messages, their slots filled."""
        return self.template.format_messages(**values)


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
        fields = [field for part in parts.groups() for field in Formatter().parse(part)]
    except ValueError as error:  # a brace that is neither a slot nor doubled
        raise PromptError(f"{path}: {error}; write a literal brace twice") from None
    # A slot has a name and nothing else, such as a width.
    named = {
        name + (conversion or "") + (form or "") for _, name, form, conversion in fields if name is not None
    }
    wanted, found = sorted(slots or SLOTS[name]), sorted(named)
    if found != wanted:
        raise PromptError(f"{path} has the slots {found}, but needs {wanted}; correct them")
    return Prompt(parts["system"].strip(), parts["user"].strip(), hashlib.sha256(raw).hexdigest()[:12])
