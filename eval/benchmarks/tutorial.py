"""The pipeline of LangChain's tutorial on question answering, to compare the assistant with.

    python -m eval.benchmarks.tutorial --set clapnq --bench FOLDER [--model NAME]

Articles split into 1000 characters of which 200 overlap, all-MiniLM-L6-v2, Chroma, the nearest four, and the
tutorial's prompts, word for word; of a conversation, the question is reworded first, as in its second part.
It reads an article as a page would show it, headline and day before the text. It knows no days to hide
articles after, checks nothing and cites nothing. The options are those of `eval.benchmarks.answers`.
"""

from __future__ import annotations

import hashlib
import platform
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import cast

import chromadb
from chromadb.api.client import Client
from chromadb.config import Settings as ChromaSettings
from langchain_chroma import Chroma
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from langchain_text_splitters import RecursiveCharacterTextSplitter

from assistant.corpus.articles import Article, corpus_stamp, read_corpus
from assistant.corpus.chunking import sentence_spans
from assistant.errors import ModelError
from assistant.evaluation.gold.cases import Case
from assistant.models.chat.loading import load_chat_model, model_errors, tokens_of
from assistant.models.encoders.embeddings import MINILM, embedder_id, load_embeddings
from assistant.models.recordings import file_name
from assistant.schema import Abstention, Answer, AnswerPassage, Claim, Seconds, Tokens
from assistant.settings import Settings
from assistant.text.dates import in_words
from eval.benchmarks.answers import System, main
from eval.benchmarks.unknowing import does_not_know

NAME = "tutorial"
CHARACTERS, SHARED = 1000, 200
NEAREST = 4
BATCH = 256
"""Pieces embedded at a time."""

PROMPT = (
    "You are an assistant for question-answering tasks. Use the following pieces of retrieved context to "
    "answer the question. If you don't know the answer, just say that you don't know. Use three sentences "
    "maximum and keep the answer concise."
)
REWORD = (
    "Given a chat history and the latest user question which might reference context in the chat history, "
    "formulate a standalone question which can be understood without the chat history. Do NOT answer the "
    "question, just reformulate it if needed and otherwise return it as is."
)


def pieces_of(article: Article) -> list[Document]:
    """The article as a page shows it, split; each piece knows where it stands in the article's text."""
    day = f"{in_words(article.published)}\n\n" if article.published else ""
    heading = f"{article.title}\n\n{day}"
    splitter = RecursiveCharacterTextSplitter(
        chunk_size=CHARACTERS, chunk_overlap=SHARED, add_start_index=True
    )
    pieces = splitter.create_documents([heading + article.text])
    for piece in pieces:
        start = piece.metadata["start_index"] - len(heading)
        piece.metadata = {
            "article": article.id,
            "date": article.published.isoformat() if article.published else "",
            "start": max(0, start),
            "end": max(0, start + len(piece.page_content)),
        }
    return pieces


def ask(store: Chroma, model: BaseChatModel, name: str, case: Case) -> Answer:
    """The case's question, answered as in the tutorial. Raises ModelError."""
    begun = perf_counter()
    history: list[BaseMessage] = []
    for turn in case.turns():
        history += [HumanMessage(turn.question), AIMessage(turn.answer)]
    rewritten, tokens = None, Tokens()
    if history:
        reworded = _say(model, name, [SystemMessage(REWORD), *history, HumanMessage(case.question)])
        rewritten, tokens = reworded.text.strip() or case.question, tokens_of(reworded)
    searching = perf_counter()
    found = store.similarity_search_with_score(rewritten or case.question, k=NEAREST)
    retrieved = perf_counter()
    context = "\n\n".join(document.page_content for document, _ in found)
    prompt = SystemMessage(f"{PROMPT}\n\n{context}")
    reply = _say(model, name, [prompt, *history, HumanMessage(case.question)])
    ended = perf_counter()
    seconds = Seconds(
        retrieve=retrieved - searching,
        generate=ended - retrieved + searching - begun,
        total=ended - begun,
    )
    answer = as_answer(case.question, reply.text, found, name)
    more = {"rewritten": rewritten, "seconds": seconds, "tokens": tokens + tokens_of(reply)}
    return answer.model_copy(update=more)


def as_answer(question: str, reply: str, found: Sequence[tuple[Document, float]], model: str) -> Answer:
    """The model's text as an answer: an abstention if it says that it does not know, else uncited claims."""
    text = reply.strip()
    unknown = does_not_know(text)
    claims = [] if unknown else [text[start:end] for start, end in sentence_spans(text)]
    return Answer(
        question=question,
        status="abstained" if unknown else "answered",
        abstention=Abstention(reason="not-stated", message=text) if unknown else None,
        confidence=0.0 if unknown else 1.0,  # it has no doubts that it could tell of
        answer="" if unknown else text,
        claims=[Claim(text=claim, citations=[], support=0.0) for claim in claims],
        passages=[_passage(document, distance) for document, distance in found],
        model=model,
    )


def _passage(document: Document, distance: float) -> AnswerPassage:
    """`distance` is Chroma's squared one; of vectors of length 1 that is 2 - 2 cos."""
    where = document.metadata
    return AnswerPassage(
        article=where["article"],
        date=where["date"] or None,
        start=where["start"],
        end=where["end"],
        score=min(1.0, max(0.0, 1 - distance / 2)),
    )


def _say(model: BaseChatModel, name: str, messages: list[BaseMessage]) -> AIMessage:
    with model_errors(name):
        return model.invoke(messages)


@contextmanager
def opened(folder: Path, corpus: Path, settings: Settings) -> Iterator[Chroma]:
    """The pieces of the corpus in Chroma, embedded where it was not done for this state of it."""
    done = folder / "corpus"
    stamp = corpus_stamp(corpus)
    current = done.is_file() and done.read_text(encoding="utf-8") == stamp
    if not current:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    client = cast(
        "Client",
        chromadb.PersistentClient(str(folder / "chroma"), ChromaSettings(anonymized_telemetry=False)),
    )
    try:
        embeddings = load_embeddings(MINILM, settings.cache, for_queries=current, threads=settings.threads)
        store = Chroma(NAME, cast("Embeddings", embeddings), client=client)
        if not current:
            pieces = [piece for article in read_corpus(corpus) for piece in pieces_of(article)]
            for first in range(0, len(pieces), BATCH):
                store.add_documents(pieces[first : first + BATCH])
            done.write_text(stamp, encoding="utf-8")
        yield store
    finally:
        client.close()


@contextmanager
def the_tutorial(settings: Settings, name: str, corpus: Path | None) -> Iterator[System]:
    """The pipeline over the articles of a set, with the chat model of the settings. Raises AssistantError."""
    if settings.model == "extractive":
        raise ModelError("the tutorial needs a language model; name one with --model (MODEL=...)")
    model = load_chat_model(
        settings.model,
        settings.cache,
        base_url=settings.base_url,
        timeout=settings.timeout,
        requests_per_minute=settings.requests_per_minute,
        threads=settings.threads,
        repeatable=settings.repeatable,
    )
    articles = settings.model_copy(update={"corpus": corpus}).corpus_path
    with opened(settings.cache / "bench" / f"{NAME}-{name}", articles, settings) as store:
        made = {
            "pipeline": NAME,
            "model": settings.model,
            "embedder": embedder_id(MINILM),
            "chunking": f"{CHARACTERS} characters, {SHARED} of them shared",
            "retrieval": f"{NEAREST} pieces",
            "prompts": hashlib.sha256((PROMPT + REWORD).encode()).hexdigest()[:12],
            "platform": f"Python {platform.python_version()}, {platform.machine()}",
        }
        yield System(
            f"{NAME}-{file_name(settings.model)}",
            lambda case, on_event: ask(store, model, settings.model, case),
            made,
        )


if __name__ == "__main__":
    sys.exit(main(opens=the_tutorial, pipeline=NAME))
