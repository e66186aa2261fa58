"""The evidence gate: do these passages answer this question, before any model is asked?

A passage that is about a question may still not answer it. The reader was trained to tell (see
`assistant/models/reader`); what it makes of the best passages decides. The threshold is chosen by `make
calibrate` on the dev half of gold (and shown on public sets), and kept beside the reader.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pydantic import Field, ValidationError

from assistant.errors import AssistantError
from assistant.interface import Strict
from assistant.retrieval import Hit

READ = 3
"""The best passages, whose best reading counts: among more of them, more just look like an answer. Chosen
on the dev half of gold."""

FILE = Path(__file__).parent / "data" / "gate.json"


class Gate(Strict):
    """The probability that the passages answer, as the reader gives it, below which no answer is tried."""

    threshold: float = Field(ge=0, le=1)

    def opens(self, chance: float) -> bool:
        """Whether an answer is tried at this probability."""
        return chance >= self.threshold


def load_gate(path: Path = FILE) -> Gate:
    """The calibrated gate. Raises AssistantError if its file is damaged."""
    try:
        return Gate.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValidationError) as error:
        message = " ".join(str(error).split())
        raise AssistantError(f"cannot read {path} ({message}); make it anew with: make calibrate") from error


def answerable(hits: Iterable[Hit]) -> float | None:
    """The reader's probability that one of the best `READ` hits answers; None where nothing was read."""
    best = sorted((hit for hit in hits if hit.reading), key=lambda hit: -hit.score)[:READ]
    return max((hit.reading.answers for hit in best if hit.reading), default=None)
