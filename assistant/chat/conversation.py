"""A conversation: asking, taking back, and going on under other terms.

It knows the engine and the session and prints nothing; the loop and the commands work on it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.api.selection import limits
from assistant.chat.loading import Engine
from assistant.chat.sessions import Record, Session, Terms, automatic_name, names, unknown
from assistant.errors import SettingsError
from assistant.schema import Abstention, Answer, AnswerWarning, SearchAnswer, StageRanks
from assistant.terminal.render import STOPPED

if TYPE_CHECKING:
    import datetime as dt

    from assistant.answering.events import Event
    from assistant.answering.query import Turn
    from assistant.answering.verify import Rejected, Statement
    from assistant.api.assistant import Assistant
    from assistant.index.catalogue.lexical import Catalogue
    from assistant.index.filters import Filters
    from assistant.retrieval.passages import Passage

HISTORY = 6
"""Turns that a follow-up may refer to."""


class Conversation:
    """One person's questions, one after another."""

    def __init__(
        self, engine: Engine, session: Session, *, keep: bool = True, stoppable: bool = True
    ) -> None:
        """An interrupt ends an answer that is `stoppable` and keeps what came; else it ends the process.

        Without `keep`, other sessions that are gone on with are written nowhere either.
        """
        self.engine = engine
        self.session = session
        self._keep = keep
        self.written: set[Path] = set()
        """Files that this conversation has saved, and may write again."""
        self._stoppable = stoppable

    @property
    def assistant(self) -> Assistant:
        """The assistant, waited for if it is still loading."""
        return self.engine.assistant()

    @property
    def catalogue(self) -> Catalogue:
        return self.assistant.catalogue

    @property
    def terms(self) -> Terms:
        return self.session.terms

    def close(self) -> None:
        """Lets go of the session and the index."""
        self.session.close()
        self.engine.close()

    def last(self) -> Record:
        """The last turn. Raises SettingsError where there is none."""
        if not self.session.turns:
            raise SettingsError("nothing has been asked yet; ask a question first")
        return self.session.turns[-1]

    def ask(self, question: str, on_event: Callable[[Event], None]) -> Record:
        """Answers a question with the turns before it in mind; `keep` makes it one of them.

        Raises what `Pipeline.ask` does, and KeyboardInterrupt when stopped before anything came.
        """
        return self._answer(question, self.session.turns, on_event)

    def timeline(self, topic: str) -> Record:
        """What the articles say about a topic, day by day, in their own words."""
        return Record(answer=self.assistant.timeline(topic, **self.terms.limits()), topic=topic)

    def search(self, query: str) -> SearchAnswer:
        """The passages for a query."""
        return self.assistant.search(query, **self.terms.limits())

    def brief(self, topic: str, on_event: Callable[[Event], None]) -> Record:
        """What the articles say about a topic, in dated points."""
        answer = self.assistant.brief(topic, on_event=on_event, **self.terms.limits())
        return Record(answer=answer, topic=topic, brief=True)

    def again(self, on_event: Callable[[Event], None]) -> Record:
        """Answers the last question once more, under the terms of now; `replace` puts it in its place."""
        last = self.last()
        if last.topic is not None:
            return self.brief(last.topic, on_event) if last.brief else self.timeline(last.topic)
        return self._answer(last.answer.question, self.session.turns[:-1], on_event)

    def keep(self, record: Record) -> None:
        """Adds a turn. Raises SettingsError when it cannot be written; it counts even so."""
        self.session.add(record)

    def replace(self, record: Record) -> None:
        """Puts a turn in the place of the last one, as `keep` adds it."""
        self.session.undo()
        self.session.add(record)

    def undo(self) -> Record:
        """Takes back the last turn. Raises SettingsError where there is none."""
        last = self.last()
        self.session.undo()
        return last

    def change(self, **terms: Any) -> None:
        """Sets as_of, since, section or outlet. Raises SettingsError for what no article has."""
        changed = self.terms.model_copy(update=terms)
        check(changed, self.catalogue)
        self.session.change(changed)

    def switch_model(self, name: str) -> None:
        """Answers with another model from now on. Raises ModelError, and then nothing has changed."""
        self.engine.switch(name)
        self.session.change(self.terms.model_copy(update={"model": name}))

    def begin(self, name: str | None) -> None:
        """Goes on in a new session, under the same terms; it gets a name if this one has one.

        Raises SettingsError when there is a session of that name.
        """
        if name is not None and name in names():
            raise SettingsError(f"there is a session {name!r}; go on with it: /resume {name}")
        if name is None and self.session.name is not None:
            name = automatic_name()
        self._move(Session(name, self.terms, keep=self._keep))

    def resume(self, name: str) -> None:
        """Goes on in another session, under its terms. Raises SettingsError when there is none."""
        if name == self.session.name:
            return
        if name not in names():
            raise unknown(name)
        session = Session(name, self.terms, keep=self._keep)
        try:
            check(session.terms, self.catalogue)
            model = session.terms.model
            if model is not None and model != self.engine.settings.model:
                self.engine.switch(model)
        except BaseException:
            session.close()
            raise
        self._move(session)

    def greeting(self) -> list[str]:
        """What to know of a conversation that is gone on with, a line each."""
        lines = []
        turns = self.session.turns
        if turns:
            lines.append(f"going on after turn {len(turns)}: {turns[-1].answer.question}")
        if self.session.unreadable:
            lines.append(f"lines of the session that cannot be read are left out: {self.session.unreadable}")
        corpus = self.engine.settings.corpus
        if turns and self.terms.corpus != (str(corpus.resolve()) if corpus else None):
            lines.append(
                f"its answers so far are from another corpus: {self.terms.corpus or 'the built-in one'}"
            )
        return lines

    def _move(self, session: Session) -> None:
        self.session.close()
        self.session = session

    def _answer(self, question: str, before: Sequence[Record], on_event: Callable[[Event], None]) -> Record:
        seen = _Seen()

        def take(event: Event) -> None:
            seen.take(event)
            on_event(event)

        history = history_of(before[-HISTORY:], self.terms.as_of)
        try:
            answer = self.assistant.ask(question, history=history, on_event=take, **self.terms.limits())
        except KeyboardInterrupt:
            if not self._stoppable or not seen.passages:
                raise
            answer = seen.answer(question, self.terms.filters(), self.assistant)
        return Record(answer=answer, ranks=seen.ranks())


def check(terms: Terms, catalogue: Catalogue) -> None:
    """Raises SettingsError for days that exclude each other, or a section or outlet that no article has."""
    limits(catalogue, terms.as_of, terms.since, terms.section, terms.outlet)


def history_of(records: Sequence[Record], as_of: dt.date | None) -> list[Turn]:
    """What a follow-up refers to.

    Of a timeline or brief, which is long, the topic alone; and as of a day, no answer that rests on a later
    article.
    """
    from assistant.answering.query import Turn

    turns = []
    for record in records:
        answer = record.answer
        later = as_of is not None and any(one.date is None or one.date > as_of for one in answer.citations)
        if later or record.topic is not None:
            turns.append(Turn(record.topic or answer.question, ""))
        else:
            cited = dict.fromkeys(citation.article for citation in answer.citations)
            turns.append(Turn(answer.question, answer.answer, tuple(cited)))
    return turns


class _Seen:
    """What came of an answer by now."""

    def __init__(self) -> None:
        self.passages: list[Passage] = []
        self.kept: list[Statement] = []
        self.dropped: list[Rejected] = []

    def take(self, event: Event) -> None:
        from assistant.answering.events import PassagesFound, SentenceDropped, SentenceKept

        match event:
            case PassagesFound():
                self.passages = event.passages
            case SentenceKept():
                self.kept.append(event.statement)
            case SentenceDropped():
                self.dropped.append(event.rejected)

    def ranks(self) -> list[StageRanks]:
        return [StageRanks(**asdict(passage.hits[0].ranks)) for passage in self.passages]

    def answer(self, question: str, filters: Filters, assistant: Assistant) -> Answer:
        """An answer that was stopped: the sentences that stood by then, or what was nearest."""
        from assistant.answering.citations import answer_passage, cite, dropped, marked, nearest
        from assistant.answering.query import make_query

        newest = assistant.catalogue.newest
        asked = make_query(question, (), filters, newest(filters))
        claims, citations = cite(self.kept)
        nothing = Abstention(reason="unsupported", message="Stopped before an answer had been checked.")
        return Answer(
            question=question,
            as_of=asked.filters.as_of,
            status="answered" if claims else "abstained",
            abstention=None if claims else nothing,
            confidence=0.0,
            answer=" ".join(marked(claim) for claim in claims),
            claims=claims,
            dropped=dropped(self.dropped),
            citations=citations,
            nearest=[] if claims else nearest(self.passages),
            passages=[answer_passage(passage) for passage in self.passages],
            corpus_ends=newest(asked.filters),
            warnings=[AnswerWarning(code=STOPPED, message="stopped; this is what had come by then")],
            model=assistant.settings.model,
        )
