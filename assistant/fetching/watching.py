"""Watching: polls a folder and feeds.

It compares the names, sizes and times of the folder's files, as the index does to know whether it is up to
date. That needs no library and works on network drives and in containers, which send no change notifications.
Large folders are polled less often, to limit the load.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from assistant.corpus.articles import corpus_stamp
from assistant.corpus.report import Notice
from assistant.errors import AssistantError, CorpusError

LOOK_EVERY = 2.0
"""Seconds between two looks at the folder."""

SHARE = 20
"""A look may take one part in as many of the time between looks."""


@dataclass(slots=True)
class Watch:
    """What to do, and when it was done last.

    `fetch` reads the feeds; `index` brings the index in line; each says itself what came of it. An
    AssistantError of either is told to `notice` and costs no more than that turn.
    """

    folder: Path
    index: Callable[[], None]
    fetch: Callable[[], None] | None
    every: float
    """Seconds between two readings of the feeds."""
    notice: Notice
    look_every: float = LOOK_EVERY
    sleep: Callable[[float], None] = time.sleep

    def run(self) -> None:
        """Watches until KeyboardInterrupt, which it lets pass.

        Files are indexed once they are the same at two looks, so that none is read half written.
        """
        indexed: str | None = None
        seen: str | None = None
        due = time.monotonic()
        while True:
            if self.fetch and time.monotonic() >= due:
                self._guarded(self.fetch)
                due = time.monotonic() + self.every
            started = time.monotonic()
            now = self._stamp()
            took = time.monotonic() - started
            if now is not None and now != indexed and (now == seen or indexed is None):
                # Also after an error: the same files would only give the same again.
                indexed = now
                self._guarded(self.index)
            seen = now
            self.sleep(max(self.look_every, SHARE * took))

    def _stamp(self) -> str | None:
        """None where the folder is away for now, as a drive may be."""
        try:
            return corpus_stamp(self.folder)
        except CorpusError:
            return None

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except AssistantError as error:
            self.notice(str(error))
