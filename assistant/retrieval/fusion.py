"""Fusion: merges rankings, and groups near-duplicates."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.corpus.near_duplicates import OVERLAP, Trigrams, containment, trigrams
from assistant.retrieval.passages import Hit, Passage

RRF_K = 10
"""Constant of reciprocal rank fusion (Cormack, Clarke and Büttcher 2009, who use 60 for long rankings);
chosen on the dev half of gold."""

ChunkKey = tuple[str, int]
"""A chunk by its article's id and its position."""


def fused(known: Sequence[Passage], rankings: Sequence[Sequence[Passage]], count: int) -> list[Passage]:
    """The known passages, and behind them the `count` best new ones of several rankings, fused by rank.

    A passage whose best paragraph stands in one that is known already is not new; of those that several
    rankings hold, the first one's counts, since scores for different questions do not compare.
    """
    best: dict[ChunkKey, Passage] = {}
    for passage in (passage for ranking in rankings for passage in ranking):
        best.setdefault((passage.article.id, passage.hits[0].chunk.position), passage)
    keys = [[(one.article.id, one.hits[0].chunk.position) for one in ranking] for ranking in rankings]
    found = list(known)
    for key in reciprocal_rank_fusion(*keys):
        chunk = best[key].hits[0].chunk
        held = any(
            one.article.id == key[0] and one.start <= chunk.start and chunk.end <= one.end for one in found
        )
        if not held and len(found) < len(known) + count:
            found.append(best[key])
    return found


def reciprocal_rank_fusion(*rankings: list[ChunkKey]) -> list[ChunkKey]:
    """One ranking out of several: each gives 1 / (k + rank) to what it holds; ties are broken by id."""
    scores: dict[ChunkKey, float] = {}
    for ranking in rankings:
        for rank, key in enumerate(ranking, 1):
            scores[key] = scores.get(key, 0.0) + 1 / (RRF_K + rank)
    return sorted(scores, key=lambda key: (-scores[key], key))


def group_copies(hits: Sequence[Hit]) -> tuple[list[Hit], dict[str, tuple[Hit, ...]]]:
    """The hits without those that repeat a better one of another article; and these, by its chunk's id."""
    kept: list[Hit] = []
    copies: dict[str, tuple[Hit, ...]] = {}
    seen: list[Trigrams] = []
    for hit in hits:
        mine = trigrams(hit.chunk.text)
        for other, theirs in zip(kept, seen, strict=True):
            if other.article.id != hit.article.id and containment(mine, theirs) >= OVERLAP:
                copies[other.chunk.id] = (*copies.get(other.chunk.id, ()), hit)
                break
        else:
            kept.append(hit)
            seen.append(mine)
    return kept, copies
