"""What the benchmarks' commands have in common: lines of progress, and the end."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from assistant.errors import AssistantError
from assistant.evaluation.report import update_results


def notice(message: str) -> None:
    """A line for the person who waits."""
    print(message, file=sys.stderr, flush=True)


def conclude(results: Path, measure: Callable[[], tuple[str, str]]) -> int:
    """Prints what is measured, a section's name and its Markdown, and puts it into the results.

    0, or 2 with one line that says what is wrong.
    """
    try:
        name, body = measure()
        print(body)
        update_results(results, name, body)
    except AssistantError as error:
        notice(str(error))
        return 2
    return 0
