"""The assistant as a LangChain `Runnable` and its searches as a `BaseRetriever`, for use in chains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import Runnable, RunnableConfig

from assistant.corpus.chunking import to_document
from assistant.retrieval.retriever import Retriever
from assistant.schema import Answer

if TYPE_CHECKING:
    from assistant.api.assistant import Assistant


class AnswerRunnable(Runnable[str | dict[str, Any], Answer]):
    """Takes a question, or a dictionary of `Assistant.ask` arguments, and returns an `Answer`.

    `ainvoke` and `abatch` are LangChain's: they run `invoke` in threads.
    """

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant

    def invoke(
        self, input: str | dict[str, Any], config: RunnableConfig | None = None, **kwargs: Any
    ) -> Answer:
        """Answers. Raises AssistantError."""

        def ask(asked: str | dict[str, Any]) -> Answer:
            arguments = {"question": asked} if isinstance(asked, str) else asked
            return self.assistant.ask(**arguments, **kwargs)

        return self._call_with_config(ask, input, config)


class PassageRetriever(BaseRetriever):
    """The best chunk of each passage that is found."""

    found_by: Any
    """A `Retriever`; pydantic need not look into it."""

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[Document]:
        retriever: Retriever = self.found_by
        return [to_document(passage.hits[0].chunk, passage.article) for passage in retriever.retrieve(query)]
