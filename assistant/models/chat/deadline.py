"""When a question must be answered: the time left, for whatever asks a language model meanwhile.

It belongs to the thread that answers, so that questions answered side by side have their own.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Iterator
from contextvars import ContextVar

from assistant.errors import OutOfTime

_END: ContextVar[float] = ContextVar("end", default=math.inf)


@contextlib.contextmanager
def ending_in(seconds: float | None) -> Iterator[None]:
    """Whatever asks a model inside must be done in so many seconds; None is no limit."""
    token = _END.set(math.inf if seconds is None else time.monotonic() + seconds)
    try:
        yield
    finally:
        _END.reset(token)


def check(ahead: float = 0.0) -> None:
    """Raises OutOfTime if the time is up, or will be in `ahead` seconds."""
    if time.monotonic() + ahead > _END.get():
        raise OutOfTime("the model did not answer in the time that was set; set a longer answer_timeout")
