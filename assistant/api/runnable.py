"""The assistant as a LangChain `Runnable`, for use in chains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_core.runnables import Runnable, RunnableConfig

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
