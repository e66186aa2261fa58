"""Events: what becomes of a question while it is being answered, for whoever looks on."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.grounding import Grounded
from assistant.retrieval import Passage


@dataclass(frozen=True, slots=True)
class CandidatesFound:
    """The searches are done; these are their best passages, which are still to be read and ranked."""

    passages: list[Passage]


@dataclass(frozen=True, slots=True)
class PassagesFound:
    """Retrieval is done; the model is about to read the first of these."""

    passages: list[Passage]


@dataclass(frozen=True, slots=True)
class TextSoFar:
    """What the model has written up to now, unchecked."""

    raw: str


@dataclass(frozen=True, slots=True)
class ClaimKept:
    """A claim that stands."""

    claim: Grounded


@dataclass(frozen=True, slots=True)
class ClaimDropped:
    """A claim that does not stand, with the reason."""

    claim: Grounded


Event = CandidatesFound | PassagesFound | TextSoFar | ClaimKept | ClaimDropped


def ignore(event: Event) -> None:
    """Takes an event and does nothing."""
