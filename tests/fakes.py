"""Stand-ins: a language model that says what it is told to, and a small corpus."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import Field

from assistant.articles import Article
from assistant.chunks import split_article
from assistant.errors import ModelError
from assistant.evidence import Sentence, number_sentences
from assistant.retrieval import Hit

CORPUS = {
    "dam.md": """---
title: Valley dam is approved
date: 2025-03-04
section: Energy
sources:
- outlet: Harbour Post
  url: https://harbour.example/dam
---
Parliament approved the valley dam on Tuesday by 61 votes to 38, after a debate of nine hours.

The dam will cost 90 billion crowns, said energy minister Ilse Brandt. "We build it for our children," she
said. Work begins in April 2026 and takes six years, according to the ministry of energy in Norrhavn.
""",
    "ferry.md": """---
title: Ferry runs aground off Sandoy
date: 2025-11-20
section: Transport
sources:
- outlet: Island Radio
- outlet: Harbour Post
---
The ferry Marta ran aground off the island of Sandoy on Thursday morning with 212 passengers on board.

Nobody was hurt. The coast guard brought all passengers ashore within three hours, its spokesman Olav Berg
said. He called the rescue "the smoothest I have seen in twenty years".
""",
    "fish.txt": """Herring stocks recover

Herring stocks in the northern sea have recovered to their level of the year 2000, researchers of the marine
institute found. They advise a quota of 800,000 tonnes.
""",
}


def write_corpus(folder: Path) -> Path:
    """The small corpus as files; the last of its articles has no date."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in CORPUS.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def sentences_of(*articles: Article) -> list[Sentence]:
    """All sentences of some articles, as a model would be shown them."""
    chunks = [(article, chunk) for article in articles for chunk in split_article(article, 160)]
    return number_sentences(Hit(chunk, article, 0.9) for article, chunk in chunks)


USAGE: UsageMetadata = {"input_tokens": 100, "output_tokens": 10, "total_tokens": 110}


class QueuedModel(BaseChatModel):
    """Gives its replies in turn, in pieces of a few characters; a reply that is an error is raised."""

    replies: list[Any]
    prompts: list[str] = Field(default_factory=list)
    """What it was asked: the system's and the user's part of each call."""
    bound: list[dict[str, Any]] = Field(default_factory=list)
    """The keyword arguments of each call."""

    @property
    def _llm_type(self) -> str:
        return "queued"

    def _next(self, messages: list[BaseMessage], kwargs: dict[str, Any]) -> str:
        self.prompts.append("\n".join(message.text for message in messages))
        self.bound.append(kwargs)
        reply = self.replies.pop(0)
        if isinstance(reply, BaseException):
            raise reply
        return str(reply)

    def _generate(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> ChatResult:
        message = AIMessage(content=self._next(messages, kwargs), usage_metadata=USAGE)
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _stream(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> Iterator[ChatGenerationChunk]:
        reply = self._next(messages, kwargs)
        for start in range(0, max(1, len(reply)), 7):
            yield ChatGenerationChunk(message=AIMessageChunk(content=reply[start : start + 7]))
        yield ChatGenerationChunk(message=AIMessageChunk(content="", usage_metadata=USAGE))


FAILURE = ModelError("the model is gone; start it again")
