"""Saving: a conversation as a Markdown document with footnotes, or as JSON.

Every footnote is a verbatim quote with the article it stands in. Articles and models are not trusted: what
Markdown would read as markup, a link or HTML is escaped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from assistant.chat.sessions import Record
from assistant.errors import SettingsError
from assistant.schema import Answer, Citation
from assistant.terminal.render import CONFLICT, DIFFER, abstained, day, not_stated, safe, told

DROPPED = "unsupported-claim-dropped"
"""Code of warnings in older sessions that say why a sentence was dropped."""


def save(records: Sequence[Record], file: Path, *, again: bool) -> None:
    """Writes the turns to a new file, or `again` to one that was written before.

    Raises SettingsError for an ending other than .md and .json, a file that exists, or one that cannot be
    written.
    """
    forms = {".md": as_markdown, ".json": as_json}
    form = forms.get(file.suffix.lower())
    if form is None:
        raise SettingsError(f"{file.name} ends in neither .md nor .json; name a file that does")
    try:
        with file.open("w" if again else "x", encoding="utf-8") as out:
            out.write(form(records))
    except FileExistsError:
        raise SettingsError(f"{file} exists and is left as it is; give another name, or remove it") from None
    except OSError as error:
        raise SettingsError(f"cannot write {file} ({error.strerror}); give another name") from None


def as_json(records: Sequence[Record]) -> str:
    """The answers as `ask --json` gives them, in a list."""
    return (
        json.dumps([one.answer.model_dump(mode="json") for one in records], ensure_ascii=False, indent=1)
        + "\n"
    )


def as_markdown(records: Sequence[Record]) -> str:
    """Each question as a heading, its answer below it, and all footnotes in the end, numbered through."""
    notes = _Notes()
    parts = [part for record in records for part in _turn(record, notes)]
    return "\n\n".join([*parts, *notes.texts]) + "\n"


def escape(text: str) -> str:
    """The text on one line, and so that Markdown renders it as it stands.

    Escaped are the characters of CommonMark's and GitHub's markup, colons of addresses and emoji, and what
    makes a list or a rule at the start of a line.
    """
    line = " ".join(safe(text).split())
    line = re.sub(r"[\\`*_{}\[\]<>#|~&$!@^=]", r"\\\g<0>", line)
    line = re.sub(r":(?=\S)|(?<=\bwww)\.", r"\\\g<0>", line, flags=re.IGNORECASE)
    return re.sub(r"^([-+]|\d+[.)])", lambda match: f"{match[0][:-1]}\\{match[0][-1]}", line)


class _Notes:
    """Footnotes: each quote once, numbered as they are first referred to."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, int, int], int] = {}
        self.texts: list[str] = []

    def mark(self, citation: Citation) -> str:
        key = citation.article, citation.start, citation.end
        if key not in self._numbers:
            number = self._numbers[key] = len(self.texts) + 1
            source = f"{escape(citation.title)}, {day(citation.date)}, article {escape(citation.article)}"
            self.texts.append(f"[^{number}]: “{escape(citation.quote)}” ({source})")
        return f"[^{self._numbers[key]}]"


def _turn(record: Record, notes: _Notes) -> list[str]:
    answer = record.answer
    kind = "Brief: " if record.brief else "Timeline: " if record.topic is not None else ""
    heading = f"{kind}{answer.question}"
    parts = [f"## {escape(heading)}"]
    if answer.as_of:
        parts.append(f"*As of {day(answer.as_of)}*")
    if answer.status == "conflicting":
        parts.append(f"**{DIFFER}**")
    parts += [_marked(escape(line), answer, notes) for line in answer.answer.splitlines() if line.strip()]
    if answer.missing:
        parts.append(escape(not_stated(answer.missing)))
    if answer.abstention:
        parts.append(escape(abstained(answer)))
    if answer.nearest:
        parts.append("Nearest:" + "".join(notes.mark(citation) for citation in answer.nearest))
    shown = [warning for warning in answer.warnings if warning.code not in (CONFLICT, DROPPED)]
    parts += [f"*Note: {escape(told(warning))}*" for warning in shown]
    return parts


def _marked(escaped: str, answer: Answer, notes: _Notes) -> str:
    """A line of the answer with footnotes for its [n]."""
    cited = {str(citation.number): citation for citation in answer.citations}

    def mark(match: re.Match[str]) -> str:
        return notes.mark(cited[match[1]]) if match[1] in cited else match[0]

    return re.sub(r" ?\\\[(\d+)\\\]", mark, escaped)
