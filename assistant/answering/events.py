"""Events: progress reports while a question is being answered."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.answering.verify import Rejected, Statement
from assistant.retrieval.passages import Passage


@dataclass(frozen=True, slots=True)
class CandidatesFound:
    """The searches are done; these are their best passages, not yet reranked."""

    passages: list[Passage]


@dataclass(frozen=True, slots=True)
class PassagesFound:
    """Retrieval is done; the model is about to read these."""

    passages: list[Passage]


@dataclass(frozen=True, slots=True)
class Searching:
    """The model asked for further searches."""

    searches: list[str]


@dataclass(frozen=True, slots=True)
class TextSoFar:
    """What the model has written so far, unchecked; empty when it starts over."""

    text: str


@dataclass(frozen=True, slots=True)
class SentenceKept:
    """A sentence that passed its checks."""

    statement: Statement


@dataclass(frozen=True, slots=True)
class SentenceDropped:
    """A sentence that failed its checks, with the reason."""

    rejected: Rejected


Event = CandidatesFound | PassagesFound | Searching | TextSoFar | SentenceKept | SentenceDropped


def ignore(_: Event) -> None:
    """Does nothing."""
