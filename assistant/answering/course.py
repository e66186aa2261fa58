"""The course of an answer: its state as it goes through the stages, and the resulting `Answer`."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from assistant.answering.citations import (
    answer_passage,
    answer_warnings,
    cite,
    dropped,
    hidden_warnings,
    marked,
    nearest,
)
from assistant.answering.events import Event, SentenceKept, ignore
from assistant.answering.query import Query
from assistant.answering.verify import Rejected, Statement
from assistant.index.filters import Hidden
from assistant.models.chat.profiles import Profile, cost_of
from assistant.retrieval.passages import Passage
from assistant.schema import (
    Abstention,
    AbstentionReason,
    Answer,
    AnswerWarning,
    Cost,
    Seconds,
    Status,
    Tokens,
)
from assistant.settings import EXTRACTIVE

MESSAGES: dict[AbstentionReason, str] = {
    "nothing-relevant": "The corpus has nothing about this.",
    "not-stated": "The corpus has articles about this, but they do not say.",
    "unsupported": "No answer could be supported from the articles.",
    "unclear-question": "The question is not clear; please ask it in more words.",
}


@dataclass(slots=True)
class Course:
    """The state of an answer in progress."""

    query: Query
    on_event: Callable[[Event], None] = ignore
    """Receives progress events."""
    passages: list[Passage] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    searches: list[str] = field(default_factory=list)
    tokens: Tokens = Tokens()
    rounds: int = 1
    reason: AbstentionReason | None = None
    chance: float | None = None
    """The reader's probability that the passages answer."""
    accounts_differ: bool = False
    premise: str | None = None
    missing: str | None = None
    warnings: list[AnswerWarning] = field(default_factory=list)
    """Warnings from the stages, added to those about the sources."""
    told: set[str] = field(default_factory=set)
    separator: str = " "
    """Joins the sentences of the answer."""
    started: float = field(default_factory=time.perf_counter)
    laps: dict[str, float] = field(default_factory=dict)

    def lap(self, stage: str) -> None:
        """Adds the time since the last lap to this stage."""
        passed = time.perf_counter() - self.started - sum(self.laps.values())
        self.laps[stage] = self.laps.get(stage, 0.0) + passed

    def tell(self, statement: Statement) -> None:
        """Sends a `SentenceKept` event for a statement, once."""
        if statement.text not in self.told:
            self.told.add(statement.text)
            self.on_event(SentenceKept(statement))

    def without_model(self) -> str:
        """Goes on without the model, whose time is up, and says so; the name of what answers instead."""
        self.statements, self.rejected = [], []
        late = "the model was not done in the time set; these are the articles' own sentences"
        self.warnings.append(AnswerWarning(code="out-of-time", message=late))
        return EXTRACTIVE

    @property
    def status(self) -> Status:
        if self.reason:
            return "abstained"
        return "conflicting" if self.accounts_differ else "partly" if self.missing else "answered"

    def answer(self, corpus_ends: dt.date | None, hidden: Hidden, model: str, profile: Profile) -> Answer:
        """The answer; `corpus_ends` is the newest visible day, `hidden` counts what the date limits hide."""
        query = self.query
        claims, citations = cite(self.statements if self.reason is None else ())
        amount = cost_of(self.tokens, profile)
        laps = {stage: round(seconds, 3) for stage, seconds in self.laps.items()}
        total = round(time.perf_counter() - self.started, 3)
        return Answer(
            question=query.question,
            rewritten=query.reworded,
            as_of=query.filters.as_of,
            status=self.status,
            abstention=Abstention(reason=self.reason, message=MESSAGES[self.reason]) if self.reason else None,
            confidence=self._confidence() if claims else 0.0,
            answer=self.separator.join(marked(claim) for claim in claims),
            missing=self.missing if claims else None,
            premise=self.premise if claims else None,
            claims=claims,
            dropped=dropped(self.rejected),
            citations=citations,
            nearest=nearest(self.passages) if self.reason else [],
            passages=[answer_passage(passage) for passage in self.passages],
            corpus_ends=corpus_ends,
            warnings=[
                *answer_warnings(query, citations, self.statements, self.passages, corpus_ends),
                *hidden_warnings(hidden),
                *self.warnings,
                *(self._notes() if claims else ()),
            ],
            model=model,
            seconds=Seconds(**laps, total=total),
            tokens=self.tokens,
            rounds=self.rounds,
            searches=self.searches,
            cost=Cost(amount=round(amount, 6)) if amount is not None else None,
        )

    def _notes(self) -> list[AnswerWarning]:
        notes = {
            "premise-denied": self.premise,
            "conflict": "accounts differ; none of them is preferred" if self.accounts_differ else None,
        }
        return [AnswerWarning(code=code, message=note) for code, note in notes.items() if note]

    def _confidence(self) -> float:
        """The reader's probability that the passages answer, else the support of the weakest sentence."""
        weakest = min(statement.support for statement in self.statements)
        return round(weakest if self.chance is None else self.chance, 4)
