"""The public API: a corpus of articles, opened, that answers.

    with assistant.open("articles/") as news:
        print(news.ask("Who resigned?").answer)

The command line, the chat and the servers use this and nothing behind it.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from assistant.api import build
from assistant.api.selection import article_named, limits
from assistant.corpus.articles import Options
from assistant.corpus.fields.metadata import mapping_of
from assistant.settings import EXTRACTIVE, Settings

if TYPE_CHECKING:
    from assistant.answering.events import Event
    from assistant.answering.pipeline import Pipeline
    from assistant.answering.query import Turn
    from assistant.api.runnable import AnswerRunnable
    from assistant.corpus.articles import Article
    from assistant.index.filters import Filters
    from assistant.index.lexical import Catalogue
    from assistant.index.opened import Index
    from assistant.index.sync import Changes
    from assistant.retrieval.retriever import Retriever
    from assistant.schema import Answer, SearchAnswer


def _silent(*_: object) -> None:
    """Tells nobody."""


class Assistant:
    """Answers questions from one corpus, with citations. Made by `assistant.open`.

    Index and models are loaded when they are first needed, and kept. Several threads may ask at once. All
    methods raise AssistantError, whose message is one line that says what is wrong and what to do.

    Dates (`as_of`, `since`) are inclusive; `section` and `outlet` narrow the articles down. Those that no
    article has are an error, for else it would look as if the corpus did not say.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        notice: Callable[[str], None] = _silent,
        on_progress: Callable[[int, int], None] = _silent,
    ) -> None:
        """`notice` is told in a line what a person should know, such as that an index is being built;
        `on_progress` gets the passages embedded and to be embedded, meanwhile."""
        self.settings = build.settled(settings)
        """As given; without a model where the default one is not installed."""
        self._modelless = "" if self.settings is settings else build.without_a_model(settings)
        self._notice, self._on_progress = notice, on_progress
        self._lock = threading.RLock()
        self._encoders: Callable[[], build.Encoders] | None = None
        self._index: Index | None = None
        self._retriever: Retriever | None = None
        self._pipeline: Pipeline | None = None

    def __enter__(self) -> Assistant:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the index. What is asked afterwards opens it again."""
        with self._lock:
            if self._index is not None:
                self._index.close()
            self._index = self._retriever = self._pipeline = None

    # Asking

    def ask(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        as_of: dt.date | None = None,
        since: dt.date | None = None,
        section: str | None = None,
        outlet: str | None = None,
        on_event: Callable[[Event], None] = _silent,
    ) -> Answer:
        """One checked answer; with the status "abstained" where the articles do not say.

        `history` has the turns before a follow-up; `on_event` is told of passages and sentences meanwhile.
        """
        filters = self.filters(as_of, since, section, outlet)
        return self.pipeline.ask(question, history=history, filters=filters, on_event=on_event)

    def brief(
        self,
        topic: str,
        *,
        words: int = 200,
        as_of: dt.date | None = None,
        since: dt.date | None = None,
        section: str | None = None,
        outlet: str | None = None,
        on_event: Callable[[Event], None] = _silent,
    ) -> Answer:
        """Dated points about a topic, in about `words` words at most."""
        from assistant.answering.brief import brief

        filters = self.filters(as_of, since, section, outlet)
        return brief(self.pipeline, topic, filters, words=words, on_event=on_event)

    def timeline(
        self,
        topic: str,
        *,
        as_of: dt.date | None = None,
        since: dt.date | None = None,
        section: str | None = None,
        outlet: str | None = None,
    ) -> Answer:
        """The articles' own sentences about a topic, day by day; no language model."""
        from assistant.answering.brief import timeline

        return timeline(self.pipeline, topic, self.filters(as_of, since, section, outlet))

    def search(
        self,
        query: str,
        *,
        k: int | None = None,
        history: Sequence[Turn] = (),
        as_of: dt.date | None = None,
        since: dt.date | None = None,
        section: str | None = None,
        outlet: str | None = None,
        explain: bool = False,
    ) -> SearchAnswer:
        """The best passages, without a language model; `k` of them, by default as many as the settings say.

        With `explain`, each has its rank at every stage.
        """
        from assistant.api.search import search

        filters = self.filters(as_of, since, section, outlet)
        return search(self.retriever, query, filters, k=k, history=history, explain=explain)

    # Articles

    def article(self, name: str) -> Article:
        """The article of that id, as stored. Raises SettingsError, with the ids most like it."""
        return article_named(name, self.catalogue)

    def articles(
        self,
        *,
        as_of: dt.date | None = None,
        since: dt.date | None = None,
        section: str | None = None,
        outlet: str | None = None,
    ) -> Iterator[Article]:
        """The articles that may be seen, by id."""
        for name in self.catalogue.matching(self.filters(as_of, since, section, outlet)):
            article = self.catalogue.article(name)
            if article is not None:
                yield article

    def index(
        self,
        *,
        rebuild: bool = False,
        strict: bool = False,
        exclude: Sequence[str] = (),
        mapping: Sequence[str] = (),
        tell_all: bool = False,
    ) -> Changes:
        """Brings the index in line with the corpus, embedding only what changed.

        With `strict`, an article that cannot be read is an error; else it is passed over with a notice, the
        first few of a kind or, with `tell_all`, each. `exclude` are patterns as in a .gitignore, `mapping`
        says of keys what they mean: "date=published_at". The result's `reading` sums it up.
        """
        return build.build_index(
            self.settings,
            self._notice,
            self._on_progress,
            rebuild=rebuild,
            strict=strict,
            options=Options(tuple(exclude), mapping_of(mapping)),
            tell_all=tell_all,
        )

    def filters(
        self,
        as_of: dt.date | None = None,
        since: dt.date | None = None,
        section: str | None = None,
        outlet: str | None = None,
    ) -> Filters:
        """These limits, checked against the articles. Raises SettingsError."""
        return limits(self.catalogue, as_of, since, section, outlet)

    # Parts that others can build on

    @property
    def retriever(self) -> Retriever:
        """The retriever, a LangChain `BaseRetriever`."""
        with self._lock:
            if self._retriever is None:
                self.prepare()
                self._retriever = build.build_retriever(self.settings, self.opened_index, self._encoders)
            return self._retriever

    def runnable(self) -> AnswerRunnable:
        """The assistant as a LangChain `Runnable` from a question to an `Answer`."""
        from assistant.api.runnable import AnswerRunnable

        return AnswerRunnable(self)

    def with_model(self, model: str) -> Assistant:
        """The same corpus, index and encoders with another language model. Closing one closes both."""
        other = Assistant(
            self.settings.model_copy(update={"model": model}),
            notice=self._notice,
            on_progress=self._on_progress,
        )
        other._index, other._retriever = self.opened_index, self.retriever
        return other

    # What the commands need besides

    def prepare(self, *, encoders: bool = True) -> None:
        """Opens the index, which is built where there is none, while the encoders begin to load."""
        with self._lock:
            if encoders and self._encoders is None:
                self._encoders = build.begin_encoders(self.settings)
            self._index = self.opened_index

    def load(self) -> None:
        """Loads all that a question needs, except for an embedded model's weights."""
        self._pipeline = self.pipeline

    @property
    def catalogue(self) -> Catalogue:
        """What is indexed; the index is built first where there is none."""
        return self.opened_index.catalogue

    @property
    def capable(self) -> bool:
        """Whether the language model is one that searches, writes and checks by itself."""
        return build.profile_for(self.settings).capable and self.settings.model != EXTRACTIVE

    @property
    def pipeline(self) -> Pipeline:
        """The way from a question to an answer, with all that it needs loaded."""
        with self._lock:
            if self._pipeline is None:
                if self._modelless:
                    self._notice(self._modelless)
                self._pipeline = build.build_pipeline(self.settings, self.retriever, notice=self._notice)
            return self._pipeline

    @property
    def opened_index(self) -> Index:
        """The index as the last run left it, built first where there is none."""
        with self._lock:
            if self._index is None:
                self._index = build.open_index(self.settings, self._notice, self._on_progress)
            else:
                # A thread that has read nothing yet could not open what was replaced more than once.
                self._index.follow()
            return self._index
