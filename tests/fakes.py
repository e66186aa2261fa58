"""Stand-ins: a language model that says what it is told to, and a small corpus."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from langchain_core.cross_encoders import BaseCrossEncoder
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import Field

from assistant.answering.evidence import Sentence, pack
from assistant.answering.pipeline import Pipeline
from assistant.corpus.articles import Article
from assistant.corpus.chunking import split_article
from assistant.errors import ModelError
from assistant.models.chat.profiles import Profile, profile_of
from assistant.models.chat.structured_output import Reply
from assistant.retrieval.passages import Hit, Passage
from assistant.schema import Tokens

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


def passages_of(*articles: Article) -> list[Passage]:
    """Each article whole, as a passage that was found."""
    return [
        Passage(article, 0, len(article.text), tuple(Hit(chunk, article, 0.9) for chunk in chunks))
        for article in articles
        if (chunks := split_article(article, 160))
    ]


def sentences_of(*articles: Article) -> list[Sentence]:
    """All sentences of some articles, as a model would be shown them."""
    return pack(passages_of(*articles), 10_000)


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

CAPABLE = profile_of("openai:gpt-5-mini", passages=5, rounds=3)
SMALL = profile_of("qwen2.5-coder-1.5b", passages=5)


class QueuedChat:
    """Gives its replies in turn, as `StructuredChat` does; a `Reply` as it is, an error is raised."""

    def __init__(self, *replies: Any) -> None:
        self.replies = list(replies)
        self.prompts: list[str] = []
        """What it was asked."""
        self.schemas: list[Any] = []
        self.model = self

    def ask(
        self,
        messages: Sequence[BaseMessage],
        schema: Any,
        *,
        on_text: Callable[[str], None] = lambda text: None,
    ) -> Reply:
        """The next reply, in pieces of a few characters before."""
        self.prompts.append("\n".join(message.text for message in messages))
        self.schemas.append(schema)
        reply = self.replies.pop(0)
        if isinstance(reply, BaseException):
            raise reply
        if not isinstance(reply, Reply):
            text = reply if isinstance(reply, str) else json.dumps(reply)
            reply = Reply(text, Tokens(prompt=100, completion=10), "stop", "json_schema")
        for end in range(7, len(reply.text) + 7, 7):
            on_text(reply.text[:end])
        return reply


def drafted(*sentences: tuple[str, str], **more: Any) -> dict[str, Any]:
    """A capable model's reply: sentences, each with the ids that it cites."""
    said = [{"text": text, "cites": ids.split()} for text, ids in sentences]
    return {"verdict": "answered", "sentences": said} | more


def checked(*problems: str) -> dict[str, Any]:
    """A capable model's checks of as many sentences: a problem of each, empty where there is none."""
    return {
        "checks": [
            {"sentence": number, "problem": problem, "supported": not problem}
            for number, problem in enumerate(problems, 1)
        ]
    }


def small(answer: str) -> dict[str, Any]:
    """An embedded model's reply."""
    return {"answer": answer}


def with_chat(base: Pipeline, chat: Any, profile: Profile = CAPABLE, **more: Any) -> Pipeline:
    """An assistant over the same retriever, with a model that says what it is told to."""
    return Pipeline(base.retriever, base.prompts, chat, profile, **{"model_name": "queued"} | more)


class CommonWords(BaseCrossEncoder):
    """Scores a passage by the words that it shares with the question."""

    def score(self, text_pairs: Sequence[tuple[str, str]]) -> list[float]:  # type: ignore[override]
        return [float(len(set(one.lower().split()) & set(two.lower().split()))) for one, two in text_pairs]
