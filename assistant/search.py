"""Search: retrieval alone, in the shape that `search --json` prints."""

from __future__ import annotations

import time
from dataclasses import asdict

from assistant.citing import hidden_warnings
from assistant.filters import Filters
from assistant.interface import SearchAnswer, SearchPassage, Seconds, StageRanks
from assistant.retrieval import Passage, Retriever


def search(retriever: Retriever, query: str, filters: Filters, *, explain: bool = False) -> SearchAnswer:
    """The passages for a query; with `explain`, each with its rank at every stage."""
    start = time.perf_counter()
    asked = any(character.isalnum() for character in query)
    passages = retriever.retrieve(query, filters) if asked else []
    seconds = round(time.perf_counter() - start, 3)
    return SearchAnswer(
        query=query,
        as_of=filters.as_of,
        passages=[search_passage(passage, explain) for passage in passages],
        warnings=hidden_warnings(retriever.index.catalogue.counts()[2], filters),
        seconds=Seconds(retrieve=seconds, total=seconds),
    )


def search_passage(passage: Passage, explain: bool) -> SearchPassage:
    """A passage with its text."""
    return SearchPassage(
        article=passage.article.id,
        title=passage.article.title,
        date=passage.article.published,
        start=passage.start,
        end=passage.end,
        text=passage.text,
        score=round(passage.score, 4),
        also_in=[copy.article.id for copy in passage.copies],
        ranks=StageRanks(**asdict(passage.hits[0].ranks)) if explain else None,
    )
