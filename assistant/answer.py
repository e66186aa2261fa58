"""Answering: `Assistant.ask` takes a question the whole way to a checked answer.

    question ─► standalone (if it follows up) ─► passages ─► gate ─► draft ─► grounded ─► filled up ─► ordered
                                                                                                       │
                                                                                               Answer ◄┘

One way for everybody: the command line, the chat and the evaluation all call `ask`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any

from langchain_core.language_models import BaseChatModel

from assistant.arrangement import Arrangement, arranged, arrangement
from assistant.citing import (
    answer_passage,
    answer_warnings,
    arrangement_warnings,
    cite,
    hidden_warnings,
    marked,
    nearest,
    premise_warnings,
)
from assistant.context import Turn, condense, standalone
from assistant.drafting import MOST_WORDS, Draft, draft_extractive, draft_with_model
from assistant.events import CandidatesFound, ClaimDropped, ClaimKept, Event, PassagesFound, TextSoFar, ignore
from assistant.evidence import Sentence, choose, number_sentences, plain, quotable
from assistant.filters import Filters
from assistant.gate import Gate, answerable
from assistant.grounding import Grounded, Support, ground
from assistant.interface import (
    Abstention,
    AbstentionReason,
    Answer,
    Claim,
    Seconds,
    Tokens,
)
from assistant.premise import denial, is_clear
from assistant.prompts import Prompt
from assistant.retrieval import READ, Passage, Retriever
from assistant.surface import words
from assistant.times import day_asked_as_of

RELEVANT = 0.01
"""Score of the best passage below which nothing relevant was found; chosen on the dev half of gold."""

QUOTED = 4
"""Paragraphs that an answer without wording takes its sentences from; chosen on the dev half of gold."""

EXTRACTIVE = "extractive"

MESSAGES: dict[AbstentionReason, str] = {
    "nothing-relevant": "The corpus has nothing about this.",
    "not-stated": "The corpus has articles about this, but they do not say.",
    "unsupported": "What was found to say about this is not supported by the articles.",
    "unclear-question": "The question is not clear; please ask it in more words.",
}


class Assistant:
    """Everything a question needs, put together by `build`."""

    def __init__(
        self,
        retriever: Retriever,
        support: Support,
        prompts: dict[str, Prompt],
        model: BaseChatModel | None,
        *,
        model_name: str = EXTRACTIVE,
        evidence: int = 2,
        gate: Gate | None = None,
        fill: bool = False,
        condenses: bool = False,
    ) -> None:
        """`support` scores (claim, quote) pairs; without a `model`, the articles' own sentences answer.

        With `fill` they also stand behind a model's claims, up to the length of an answer: a small model
        often picks a sentence beside the point. A model that `condenses` words a follow-up so that it stands
        alone.
        """
        self.retriever = retriever
        self._support = support
        self.prompts = prompts
        self._model = model
        self._model_name = model_name
        self._evidence = evidence
        self._gate = gate or Gate(threshold=0.0)
        self._fill = fill
        self._condenses = condenses

    def load_model(self) -> None:
        """Reads the weights of an embedded model, which the first draft would do else. Raises ModelError."""
        load = getattr(self._model, "load", None)
        if load is not None:
            load()

    def ask(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        filters: Filters = Filters(),
        on_event: Callable[[Event], None] = ignore,
    ) -> Answer:
        """One grounded answer, or an abstention that shows what came nearest.

        A question that says "as of 26 November" is asked as of that day.

        Raises ModelError when the model fails; nothing else is expected to be raised.
        """
        clock = _Clock()
        today = self.retriever.index.catalogue.newest(filters)
        if filters.as_of is None and today:
            filters = replace(filters, as_of=day_asked_as_of(question, today))
        if not history and not is_clear(question):
            return self._answer(question, filters, clock, reason="unclear-question")
        asked, spent = self._standalone(question, history)
        rewritten = asked if asked != question else None
        cited = history[-1].articles if history else ()
        passages = self.retriever.retrieve(
            asked, filters, cited=cited, on_candidates=lambda found: on_event(CandidatesFound(found))
        )
        clock.lap("retrieve")
        on_event(PassagesFound(passages))

        common: dict[str, Any] = {"rewritten": rewritten, "passages": passages, "tokens": spent}
        if not passages or passages[0].score < RELEVANT:
            return self._answer(question, filters, clock, reason="nothing-relevant", **common)
        chance = answerable(hit for passage in passages for hit in passage.hits)
        common["chance"] = chance
        hits = choose(passages, max(READ, QUOTED, self._evidence))
        order = arrangement(question, number_sentences(hits[:READ]))
        opens = chance is None or self._gate.opens(chance)
        # Of differing accounts the reader cannot be sure; where it is not, they alone are told.
        if not opens and not order.accounts:
            return self._answer(question, filters, clock, reason="not-stated", **common)
        quoted = number_sentences(quotable(hits[:QUOTED])) if opens else []
        sentences = number_sentences(hits[: self._evidence]) if opens and self._model is not None else quoted
        draft = self._draft(asked, sentences, on_event)
        clock.lap("generate")
        common["tokens"] = spent + draft.tokens
        grounded = ground(draft.claims, sentences, self._support, asked)
        correction = denial(question, quoted)
        if correction:
            grounded = _corrected(grounded, correction)
            common["corrected"] = correction
        if self._fill:
            grounded = self._filled_up(grounded, quoted, asked)
        grounded = arranged(grounded, order, MOST_WORDS)
        if not grounded:
            return self._answer(question, filters, clock, reason="not-stated", **common)
        common["order"] = order
        for claim in grounded:
            on_event(ClaimKept(claim) if claim.sentences else ClaimDropped(claim))
        clock.lap("ground")
        reason: AbstentionReason | None = (
            None if any(claim.sentences for claim in grounded) else "unsupported"
        )
        return self._answer(question, filters, clock, reason=reason, grounded=grounded, **common)

    def _standalone(self, question: str, history: Sequence[Turn]) -> tuple[str, Tokens]:
        if self._model is None or not self._condenses:
            return standalone(question, history), Tokens()
        return condense(self._model, self._model_name, self.prompts["condense"], question, history)

    def _draft(self, question: str, sentences: list[Sentence], on_event: Callable[[Event], None]) -> Draft:
        if self._model is None or not sentences:  # no schema could name a sentence
            return draft_extractive(sentences)
        prompt = self.prompts["answer"]
        return draft_with_model(
            self._model,
            self._model_name,
            prompt,
            question,
            sentences,
            lambda raw: on_event(TextSoFar(raw)),
        )

    def _filled_up(self, grounded: list[Grounded], sentences: list[Sentence], asked: str) -> list[Grounded]:
        """The claims, and behind those that stand the likeliest sentences that they do not cite."""
        kept = [claim for claim in grounded if claim.sentences]
        cited = {one.place for claim in kept for one in claim.sentences}
        room = MOST_WORDS - sum(len(claim.text.split()) for claim in kept)
        left = [one for one in sentences if one.place not in cited]
        if room <= 0 or not left:
            return grounded
        return [*grounded, *ground(draft_extractive(left, room).claims, left, self._support, asked)]

    def _answer(
        self,
        question: str,
        filters: Filters,
        clock: _Clock,
        *,
        reason: AbstentionReason | None,
        rewritten: str | None = None,
        passages: Sequence[Passage] = (),
        grounded: Sequence[Grounded] = (),
        tokens: Tokens = Tokens(),
        chance: float | None = None,
        corrected: Sentence | None = None,
        order: Arrangement = Arrangement(),
    ) -> Answer:
        kept = [claim for claim in grounded if claim.sentences] if reason is None else []
        claims, citations = cite(kept)
        dropped = [claim for claim in grounded if not claim.sentences]
        catalogue = self.retriever.index.catalogue
        corpus_ends = catalogue.newest(filters)
        return Answer(
            question=question,
            rewritten=rewritten,
            as_of=filters.as_of,
            status="abstained" if reason else "conflicting" if order.accounts else "answered",
            abstention=Abstention(reason=reason, message=MESSAGES[reason]) if reason else None,
            confidence=_confidence(chance, passages, kept),
            answer=("\n" if order.in_time else " ").join(marked(claim) for claim in claims),
            claims=claims,
            dropped=[Claim(text=claim.text, citations=[], support=0.0) for claim in dropped],
            citations=citations,
            nearest=nearest(passages) if reason else [],
            passages=[answer_passage(passage) for passage in passages],
            corpus_ends=corpus_ends,
            warnings=[
                *answer_warnings(question, grounded, citations, passages, filters, corpus_ends),
                *hidden_warnings(catalogue.counts()[2], filters),
                *premise_warnings(corrected if kept else None),
                *(arrangement_warnings(order) if kept else ()),
            ],
            model=self._model_name,
            seconds=clock.seconds(),
            tokens=tokens,
        )


def _corrected(grounded: Sequence[Grounded], correction: Sentence) -> list[Grounded]:
    """The claims behind the sentence that denies what the question takes for granted."""
    first = Grounded(plain(correction.text), (correction,), 1.0)
    return [first, *(claim for claim in grounded if words(claim.text) != words(first.text))]


class _Clock:
    """Wall-clock seconds of each stage."""

    def __init__(self) -> None:
        self._start = self._last = time.perf_counter()
        self._laps: dict[str, float] = {}

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self._laps[name] = round(now - self._last, 3)
        self._last = now

    def seconds(self) -> Seconds:
        return Seconds(**self._laps, total=round(time.perf_counter() - self._start, 3))


def _confidence(chance: float | None, passages: Sequence[Passage], kept: Sequence[Grounded]) -> float:
    """How sure the evidence makes us: the reader's probability that the passages answer.

    Where nothing was read, the best passage's score, times how well the claims are supported.
    """
    if not kept:
        return 0.0
    if chance is not None:
        return round(chance, 4)
    best = passages[0].score if passages else 0.0
    return round(best * fmean(claim.support for claim in kept), 4)
