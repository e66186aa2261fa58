"""Support: how likely a quote supports a claim, by whichever encoder is available. For the evaluation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from assistant.retrieval.scores import probability

if TYPE_CHECKING:
    from assistant.models.encoders.kinds import Reranker
    from assistant.models.encoders.reader import Reader

Support = Callable[[Sequence[tuple[str, str]]], list[float]]
"""Gives for each (claim, quote) the probability that the quote supports the claim."""


def support_of(reader: Reader | None, reranker: Reranker | None) -> Support:
    """Does a quote support a claim? The reader's probability; without one, the cross-encoder's; without
    either, the share of common words.

    Which is right more often stands in `eval/RESULTS.md`.
    """
    if reader is not None:
        return reader.support
    if reranker is None:
        from rapidfuzz.fuzz import token_set_ratio

        return lambda pairs: [token_set_ratio(claim, quote) / 100 for claim, quote in pairs]
    return lambda pairs: [probability(logit) for logit in reranker.score(list(pairs))]
