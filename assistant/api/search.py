"""Search: retrieval only, in the format that `search --json` prints."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, replace

from assistant.answering.citations import hidden_warnings
from assistant.answering.query import Turn, make_query
from assistant.index.filters import Filters
from assistant.retrieval.fusion import fused
from assistant.retrieval.passages import Passage
from assistant.retrieval.retriever import Retriever
from assistant.schema import SearchAnswer, SearchPassage, Seconds, StageRanks


def search(
    retriever: Retriever,
    query: str,
    filters: Filters,
    *,
    k: int | None = None,
    history: Sequence[Turn] = (),
    explain: bool = False,
) -> SearchAnswer:
    """The `k` best passages; a follow-up is also searched together with the previous question.

    With `explain`, each has its rank at every stage.
    """
    start = time.perf_counter()
    catalogue = retriever.index.catalogue
    asked = make_query(query, history, filters, catalogue.newest(filters))
    passages: list[Passage] = []
    k = k or retriever.k
    retriever = retriever.thorough() if k > retriever.candidates else replace(retriever, eager=True)
    if any(map(str.isalnum, query)):
        rankings = [
            retriever.retrieve(words, asked.filters, k, cited=asked.cited) for words in asked.searches
        ]
        passages = fused((), rankings, k)
    seconds = round(time.perf_counter() - start, 3)
    return SearchAnswer(
        query=query,
        as_of=asked.filters.as_of,
        passages=[search_passage(passage, explain) for passage in passages],
        warnings=hidden_warnings(catalogue.hidden(asked.filters)),
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
