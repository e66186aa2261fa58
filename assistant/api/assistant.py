"""The public API: an open corpus that answers questions.

    with assistant.open("articles/") as news:
        print(news.ask("Who resigned?").answer)

The command line, the chat and the servers use only this.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from assistant.api import build
from assistant.api.remembered import last_options
from assistant.api.selection import article_named, limits
from assistant.corpus.articles import Options
from assistant.corpus.fields.metadata import mapping_of
from assistant.settings import Settings

if TYPE_CHECKING:
    from assistant.answering.events import Event
    from assistant.answering.pipeline import Pipeline
    from assistant.answering.query import Turn
    from assistant.api.runnable import AnswerRunnable, PassageRetriever
    from assistant.corpus.articles import Article
    from assistant.index.catalogue.lexical import Catalogue
    from assistant.index.encoding import Encode
    from assistant.index.filters import Filters
    from assistant.index.opened import Index
    from assistant.index.sync import Changes
    from assistant.retrieval.retriever import Retriever
    from assistant.schema import Answer, SearchAnswer


def _silent(*_: object) -> None:
    """Ignores its arguments."""


class Assistant:
    """Answers questions from one corpus, with citations. Create one with `assistant.open`.

    Index and models are loaded on first use and kept. Several threads may ask at once. All methods raise
    AssistantError, whose one-line message says what is wrong and what to do.

    Dates (`as_of`, `since`) are inclusive; `section` and `outlet` limit the articles. A section or outlet
    that no article has is an error; otherwise it would look as if the corpus did not say.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        notice: Callable[[str], None] = _silent,
        on_progress: Callable[[int, int], None] = _silent,
    ) -> None:
        """`notice` receives one-line messages for the user, such as that the index is being built;
        `on_progress` receives the number of passages embedded so far and the total."""
        self.settings = build.settled(settings)
        """As given, but extractive if no model was chosen and the default one is not installed."""
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
        """Closes the index. A later question reopens it."""
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
        """One checked answer; its status is "abstained" if the articles do not say.

        `history` holds the turns before a follow-up; `on_event` receives passages and sentences as they come.
        """
        with self.opened_index.steady():
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
        """Dated points about a topic, in at most about `words` words."""
        from assistant.answering.brief import brief

        with self.opened_index.steady():
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
        """The articles' own sentences about a topic, day by day, without a language model."""
        from assistant.answering.brief import timeline

        with self.opened_index.steady():
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
        """The `k` best passages (default: the setting `k`), without a language model.

        With `explain`, each has its rank at every stage.
        """
        from assistant.api.search import search

        with self.opened_index.steady():
            filters = self.filters(as_of, since, section, outlet)
            return search(self.searcher, query, filters, k=k, history=history, explain=explain)

    # Articles

    def article(self, name: str) -> Article:
        """The article with this id, as stored. Raises SettingsError that suggests similar ids."""
        return article_named(name, self.catalogue)

    def articles(
        self,
        *,
        as_of: dt.date | None = None,
        since: dt.date | None = None,
        section: str | None = None,
        outlet: str | None = None,
    ) -> Iterator[Article]:
        """The articles within these limits, ordered by id, all of the state that the index is in at first."""
        catalogue = self.catalogue
        for name in catalogue.matching(limits(catalogue, as_of, since, section, outlet)):
            article = catalogue.article(name)
            if article is not None:
                yield article

    def index(
        self,
        *,
        rebuild: bool = False,
        strict: bool = False,
        exclude: Sequence[str] | None = None,
        mapping: Sequence[str] | None = None,
        tell_all: bool = False,
        encoding: Callable[[Settings], Encode] | None = None,
    ) -> Changes:
        """Updates the index from the corpus, embedding only what changed.

        With `strict`, an article that cannot be read is an error. Otherwise it is skipped with a notice, for
        the first few of a kind or, with `tell_all`, for each. `exclude` holds .gitignore patterns; `mapping`
        assigns keys to fields: "date=published_at". Without these, those of the last run hold, unless the
        index is made anew with `rebuild`. `encoding` encodes elsewhere. The result's `reading` is a summary.
        """
        known = Options() if rebuild else last_options(self.settings)
        options = Options(
            known.exclude if exclude is None else tuple(exclude),
            known.mapping if mapping is None else mapping_of(mapping),
        )
        return build.build_index(
            self.settings,
            self._notice,
            self._on_progress,
            rebuild=rebuild,
            strict=strict,
            options=options,
            tell_all=tell_all,
            encoding=encoding,
        )

    def filters(
        self,
        as_of: dt.date | None = None,
        since: dt.date | None = None,
        section: str | None = None,
        outlet: str | None = None,
    ) -> Filters:
        """Filters for these limits, checked against the articles. Raises SettingsError."""
        return limits(self.catalogue, as_of, since, section, outlet)

    # Parts that others can build on

    @property
    def retriever(self) -> PassageRetriever:
        """A LangChain `BaseRetriever`."""
        from assistant.api.runnable import PassageRetriever

        return PassageRetriever(found_by=self.searcher)

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
        other._index, other._retriever = self.opened_index, self.searcher
        return other

    # Used by the commands

    @property
    def searcher(self) -> Retriever:
        """Finds passages, with the models that it needs loaded."""
        with self._lock:
            if self._retriever is None:
                self.prepare()
                self._retriever = build.build_retriever(self.settings, self.opened_index, self._encoders)
            return self._retriever

    def prepare(self, *, encoders: bool = True) -> None:
        """Opens the index, building a missing one, while the encoders start to load."""
        with self._lock:
            if encoders and self._encoders is None:
                self._encoders = build.begin_encoders(self.settings)
            self._index = self.opened_index

    def load(self) -> None:
        """Loads everything a question needs, except an embedded model's weights."""
        self._pipeline = self.pipeline

    @property
    def catalogue(self) -> Catalogue:
        """The stored articles; builds a missing index first."""
        return self.opened_index.catalogue

    @property
    def capable(self) -> bool:
        """Whether the language model can request searches, write answers and check them."""
        return build.is_capable(self.settings)

    @property
    def pipeline(self) -> Pipeline:
        """The answering pipeline, with everything it needs loaded."""
        with self._lock:
            if self._pipeline is None:
                if self._modelless:
                    self._notice(self._modelless)
                self._pipeline = build.build_pipeline(self.settings, self.searcher, notice=self._notice)
            return self._pipeline

    @property
    def opened_index(self) -> Index:
        """The open index, as the last run left it; a missing one is built first."""
        with self._lock:
            if self._index is None:
                self._index = build.open_index(self.settings, self._notice, self._on_progress)
            else:
                # A thread that has read nothing yet could not open what was replaced more than once.
                self._index.follow()
            return self._index
