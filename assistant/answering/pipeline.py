"""Answering: `Pipeline.ask` turns a question into a checked answer.

    question ─► Query ─► passages ─► evidence ─► generate ─► verify ─► Answer
                            ▲                       │
                            └─ further searches ◄───┘   (capable models)

The command line, the chat and the evaluation all call `ask`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from assistant.answering import answerability, short
from assistant.answering.course import Course
from assistant.answering.events import (
    CandidatesFound,
    Event,
    PassagesFound,
    Searching,
    SentenceDropped,
    TextSoFar,
    ignore,
)
from assistant.answering.evidence import Sentence, pack
from assistant.answering.query import Turn, make_query, reword
from assistant.answering.verify import Drafted, Rejected, Statement, check_by_model, check_exactly
from assistant.errors import ContextExceeded, OutOfTime
from assistant.index.filters import Filters
from assistant.models.asking import Prompt, StructuredChat
from assistant.models.chat.deadline import ending_in
from assistant.models.chat.profiles import Profile
from assistant.retrieval.fusion import fused
from assistant.retrieval.retriever import Retriever
from assistant.retrieval.similarity import unread
from assistant.schema import Answer
from assistant.settings import EXTRACTIVE
from assistant.text.languages import count_words

if TYPE_CHECKING:
    from assistant.answering.generate import Draft

MORE = 6
"""Passages that a further search adds."""


class Pipeline:
    """Everything needed to answer questions, assembled by `build`."""

    def __init__(
        self,
        retriever: Retriever,
        prompts: dict[str, Prompt],
        chat: StructuredChat | None,
        profile: Profile,
        *,
        model_name: str = EXTRACTIVE,
        verify: str = "auto",
        timeout: float | None = None,
    ) -> None:
        """Without a `chat`, answers are the articles' own sentences; so they are if it takes longer than
        `timeout` seconds. With `verify` "exact", no model checks that quotes support a sentence, but its
        numbers and dates must appear in them."""
        self.retriever = retriever
        self.prompts = prompts
        self.profile = profile
        self.chat = chat
        self.model_name = model_name
        self.timeout = timeout
        self._exact = verify == "exact"

    def load_model(self) -> None:
        """Loads an embedded model's weights ahead of the first answer. Raises ModelError."""
        load = getattr(self.chat.model if self.chat else None, "load", None)
        if load is not None:
            load()

    def newest(self, filters: Filters) -> dt.date | None:
        """The date of the newest article that passes the filters."""
        day: dt.date | None = self.retriever.index.catalogue.newest(filters)
        return day

    def ask(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        filters: Filters = Filters(),
        on_event: Callable[[Event], None] = ignore,
    ) -> Answer:
        """One checked answer, or an abstention with the nearest quotes.

        Raises ModelError if the model fails; no other exception is expected.
        """
        course = Course(make_query(question, history, filters, self.newest(filters)), on_event)
        model = self.model_name
        if not any(map(str.isalnum, question)):
            course.reason = "unclear-question"
        else:
            try:
                with ending_in(self.timeout):
                    if self.chat is not None and self.profile.capable:
                        self._ask_model(course, self.chat)
                    else:
                        self._ask_reader(course, self.chat)
            except OutOfTime:
                model = course.without_model()
                self._ask_reader(course, None)
        for statement in course.statements:
            course.tell(statement)
        for rejected in course.rejected:
            on_event(SentenceDropped(rejected))
        hidden = self.retriever.index.catalogue.hidden(course.query.filters)
        return course.answer(self.newest(course.query.filters), hidden, model, self.profile)

    def _ask_model(self, course: Course, chat: StructuredChat) -> None:
        """A capable model answers, may request further searches, and is checked."""
        if course.query.history:
            course.query, spent = reword(chat, self.prompts["rewrite"], course.query)
            course.tokens += spent
        self._search(course, course.query.searches, self.profile.passages)
        if not course.passages:
            course.reason = "nothing-relevant"
            return
        drafted, evidence = self._draft(chat, course)
        while drafted.verdict == "search":
            course.on_event(Searching(list(drafted.searches)))
            self._search(course, drafted.searches, MORE)
            course.rounds += 1
            drafted, evidence = self._draft(chat, course)
        course.lap("generate")
        if not drafted.sentences:
            course.reason = "not-stated"
            return
        drafted = self._verify_draft(chat, course, drafted, evidence)
        course.accounts_differ, course.premise = drafted.accounts_differ, drafted.premise
        course.missing = drafted.missing if drafted.verdict == "partly" else None
        course.reason = None if course.statements else "unsupported"
        course.lap("ground")

    def _search(self, course: Course, searches: Sequence[str], count: int) -> None:
        """Runs the searches under the question's filters and adds what they find to the passages."""
        query = course.query
        rankings = [
            self.retriever.retrieve(
                search,
                query.filters,
                count,
                cited=query.cited,
                on_candidates=lambda found: course.on_event(CandidatesFound([*course.passages, *found])),
            )
            for search in searches
        ]
        course.passages = fused(course.passages, rankings, count)
        course.searches += searches
        course.on_event(PassagesFound(course.passages))
        course.lap("retrieve")

    def _draft(self, chat: StructuredChat, course: Course) -> tuple[Draft, list[Sentence]]:
        """The model's draft from the passages that fit; on context overflow, retries with half of them."""
        from assistant.answering.generate import draft

        words = self.profile.evidence_words
        while True:
            evidence = pack(course.passages, words)
            try:
                drafted = draft(
                    chat,
                    self.prompts["answer"],
                    course.query,
                    evidence,
                    may_search=course.rounds < self.profile.rounds,
                    on_text=lambda text: course.on_event(TextSoFar(text)),
                )
            except ContextExceeded:
                words = sum(count_words(sentence.text) for sentence in evidence) // 2
                if len(pack(course.passages, words)) == len(evidence):
                    raise
                continue
            course.tokens += drafted.tokens
            return drafted, evidence

    def _verify_draft(
        self, chat: StructuredChat, course: Course, drafted: Draft, evidence: Sequence[Sentence]
    ) -> Draft:
        """Checks the sentences, sends failed ones back once, and returns the resulting draft."""
        from assistant.answering.generate import repair

        course.statements, course.rejected = self.check(course, drafted.sentences, evidence)
        if not course.rejected:
            return drafted
        try:
            repaired = repair(chat, drafted, course.rejected)
        except ContextExceeded:  # with the first draft before it
            return drafted
        course.tokens += repaired.tokens
        known = {statement.text: statement for statement in course.statements}
        new = [one for one in repaired.sentences if one.text not in known]
        mended, rejected = self.check(course, new, evidence)
        known |= {statement.text: statement for statement in mended}
        course.statements = [known[one.text] for one in repaired.sentences if one.text in known]
        if course.statements or rejected:
            course.rejected = rejected
        return repaired

    def check(
        self, course: Course, drafted: Sequence[Drafted], evidence: Sequence[Sentence]
    ) -> tuple[list[Statement], list[Rejected]]:
        """The accepted and the rejected sentences, by exact checks and then the model's.

        Raises ModelError.
        """
        by_id = {sentence.id: sentence for sentence in evidence}
        judged = [check_exactly(one, by_id, computed=not self._exact) for one in drafted]
        statements = [one for one in judged if isinstance(one, Statement)]
        rejected = [one for one in judged if isinstance(one, Rejected)]
        if statements and self.chat is not None and not self._exact:
            prompt = self.prompts["verify"]
            judged, spent = check_by_model(statements, self.chat, prompt, course.tell)
            course.tokens += spent
            statements = [one for one in judged if isinstance(one, Statement)]
            rejected += [one for one in judged if isinstance(one, Rejected)]
        return statements, rejected

    def _ask_reader(self, course: Course, chat: StructuredChat | None) -> None:
        """Answers with quotes: the one nearest to an embedded model's words, if any, and the likeliest."""
        if not course.passages:
            self._search(course, course.query.searches, self.retriever.k)
        course.chance = answerability.chance(course.passages)
        course.warnings += unread(course.passages)
        if not course.passages or course.passages[0].score < answerability.RELEVANT:
            course.reason = "nothing-relevant"
        elif course.chance is not None and course.chance < answerability.THRESHOLD:
            course.reason = "not-stated"
        else:
            evidence, said = short.numbered(course.passages, self.profile.passages), ""
            if chat is not None and evidence:
                prompt = self.prompts["answer_small"]
                said, spent = short.worded(chat, prompt, course.query, evidence)
                course.tokens += spent
            course.statements = short.quotes(evidence, course.query.standalone, said)
            course.reason = None if course.statements else "not-stated"
        course.lap("generate")
