"""The assistant under test: opened once, asked, run over gold. pytest's fixture `assistant_eval` is one.

def test_it_is_good_enough(assistant_eval):
    report = assistant_eval.run(gold="eval/gold.jsonl")
    assert report.passed, report.gate.reasons
    assert report.figures["wrong"] < 0.1
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from typing import Any

from filelock import FileLock

from assistant.api.assistant import Assistant
from assistant.errors import AssistantError, GoldError
from assistant.evaluation.gold.cases import Case, check_gold
from assistant.evaluation.harness import GOLD, Prepared, Wanted, evaluate, prepare
from assistant.evaluation.run import Graded, Report
from assistant.schema import Answer
from assistant.settings import Settings


def _silent(_: object) -> None:
    """Tells nobody."""


class Evaluator:
    """An assistant to ask and to measure. All methods raise AssistantError.

    Index and models are loaded on first use and kept. A failed load is not retried.
    """

    def __init__(self, settings: Settings, gold: Path | None = None, *, live: bool = False) -> None:
        """`gold` is what is run without another one named; `live` asks the model in place of recordings."""
        self.settings = settings
        self._wanted = Wanted(gold=gold or GOLD, mode="live" if live else "replay")
        self._news = Assistant(settings, notice=_to_stderr)
        self._opened = False
        self._error: AssistantError | None = None
        self._prepared: Prepared | None = None
        self._reports: dict[Wanted, Report] = {}

    def close(self) -> None:
        """Closes the index."""
        self._news.close()

    def ask(self, question: str, **limits: Any) -> Answer:
        """A live answer, never a recorded one; `limits` are those of `Assistant.ask`, such as `as_of`."""
        return self._open().ask(question, **limits)

    def run(
        self, gold: str | Path | None = None, *, live: bool | None = None, max_cost: float | None = None
    ) -> Report:
        """Runs `assistant eval`, with its verdict; repeating a run asks nothing again.

        `max_cost`: the limit in US dollars; reaching it stops the questions, and the run fails.
        """
        wanted = Wanted(
            gold=Path(gold) if gold is not None else self._wanted.gold,
            mode=self._wanted.mode if live is None else "live" if live else "replay",
            max_cost=max_cost,
        )
        if wanted not in self._reports:
            news = self._open()
            self._reports[wanted] = evaluate(self.settings, news.opened_index, wanted, _silent, news.searcher)
        return self._reports[wanted]

    def grade(self, case: Case) -> Graded:
        """Asks and scores one gold case. Raises GoldError for one that cannot be answered."""
        news = self._open()
        if self._prepared is None:
            self._prepared = prepare(self.settings, news.opened_index, self._wanted, news.searcher)
        if problems := check_gold([case], self._prepared.articles):
            raise GoldError(f"{problems[0]}; correct the gold")
        (graded,) = self._prepared.run([case], _silent).graded
        return graded

    def _open(self) -> Assistant:
        """The assistant with its index open; of several processes that find none, one builds it."""
        if self._error is not None:
            raise self._error
        if not self._opened:
            name = hashlib.sha256(os.fsencode(self.settings.index_path.absolute())).hexdigest()[:16]
            try:
                self.settings.cache.mkdir(parents=True, exist_ok=True)
                with FileLock(self.settings.cache / f"open-{name}.lock"):
                    self._news.prepare()
            except AssistantError as error:
                self._error = error
                raise
            self._opened = True
        return self._news


def _to_stderr(message: str) -> None:
    """Where pytest shows it with a test that failed."""
    print(f"assistant: {message}", file=sys.stderr)
