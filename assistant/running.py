"""What the commands share in running: the index while one uses it, and a batch instead of one question.

Importing this module is cheap: it is read before `--help` is answered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, NoReturn

import typer

if TYPE_CHECKING:
    from pydantic import BaseModel

    from assistant.batch import Line
    from assistant.filters import Filters
    from assistant.index import Index
    from assistant.settings import Settings


@contextmanager
def opened_index(settings: Settings) -> Iterator[Index]:
    """The index while a command uses it, made first where there is none. Raises AssistantError."""
    from assistant.build import open_index
    from assistant.terminal import notice, progress

    with progress("embedding passages") as update:
        index = open_index(settings, notice, update)
    with closing(index):
        yield index


def answer_lines(batch: str, filters: Filters, answer: Callable[[Line, Filters], BaseModel]) -> NoReturn:
    """Answers the batch's lines, and leaves with status 0, or 2 when one failed. Raises SettingsError when
    the file cannot be read."""
    from assistant.batch import run_batch
    from assistant.terminal import notice

    raise typer.Exit(2 if run_batch(batch, filters, answer, notice) else 0)
