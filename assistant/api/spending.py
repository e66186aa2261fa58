"""Spending: counts tokens and cost, and stops a batch or an evaluation at its limit."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from assistant.errors import SettingsError
from assistant.schema import Answer, Tokens

Ask = Callable[[Any, Any], Answer]
"""Takes a batch line and its limits, or an evaluation case and its event callback."""


class Spending:
    """Adds up tokens and cost; thread-safe."""

    def __init__(self, most: float | None = None) -> None:
        """`most`: the limit in US dollars from which no more questions are asked."""
        self._most = most
        self._lock = threading.Lock()
        self._answers = 0
        self._tokens = Tokens()
        self._cost: float | None = None

    def metered(self, ask: Ask) -> Ask:
        """Wraps `ask` to count its cost, and raises SettingsError once the limit is reached.

        Questions already being answered are finished.
        """

        def asked(question: Any, more: Any) -> Answer:
            cost = self._cost or 0.0
            if self._most is not None and cost >= self._most:
                raise SettingsError(
                    f"not asked: the answers before cost {cost:.4f} USD; raise --max-cost {self._most:g}"
                )
            answer = ask(question, more)
            self._add(answer)
            return answer

        return asked

    def _add(self, answer: Answer) -> None:
        with self._lock:
            self._answers += 1
            self._tokens += answer.tokens
            if answer.cost is not None:
                self._cost = (self._cost or 0.0) + answer.cost.amount

    def summary(self) -> str:
        """The totals in one line."""
        plural = "s" if self._answers != 1 else ""
        return f"{self._answers} answer{plural}: {spent(self._tokens, self._cost)}"


def spent(tokens: Tokens, cost: float | None) -> str:
    """Tokens and cost, as "5,210 tokens read, 310 written, 0.0071 USD"."""
    read = f"{tokens.prompt:,} tokens read, {tokens.completion:,} written"
    return f"{read}, {cost:.4f} USD" if cost else read
