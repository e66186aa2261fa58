"""The language model's own opinion: does this evidence answer the question, yes or no?

Its first token's probabilities are the measure, as in Kadavath and others (2022), "Language Models (Mostly)
Know What They Know". A signal for `calibrate`, to be compared with the reader's; answers do not go by it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, SystemMessage

from assistant.evidence import choose, number_sentences, plain, render
from assistant.retrieval import Passage

SYSTEM = (
    "You are given sentences from news articles and a question. Do the sentences state the answer to the "
    "question? Sentences that are only about the same topic do not. Reply with one word: yes or no."
)
TOP = 20
"""Likeliest first tokens looked at."""

FLOOR = -12.0
"""Natural logarithm of the probability of a word that is not among them."""


def yes_over_no(model: BaseChatModel, question: str, passages: Sequence[Passage], read: int) -> float:
    """The logit of "yes" against "no" after the `read` best paragraphs; `FLOOR` where there are none.

    Needs a model that gives `logprobs`. Raises ModelError when it fails.
    """
    sentences = number_sentences(choose(passages, read))
    if not sentences:
        return FLOOR
    asked = HumanMessage(f"{render(sentences)}\n\nQuestion: {plain(question)}")
    reply = model.invoke([SystemMessage(SYSTEM), asked], max_tokens=1, logprobs=True, top_logprobs=TOP)
    words = first_words(reply.response_metadata.get("logprobs") or {})
    return words.get("yes", FLOOR) - words.get("no", FLOOR)


def first_words(logprobs: Mapping[str, Any]) -> dict[str, float]:
    """The likeliest first tokens as plain words, each with its best logarithm of the probability."""
    words: dict[str, float] = {}
    for token in logprobs.get("content", [])[:1]:
        for one in token["top_logprobs"]:
            word = one["token"].strip().lower()
            words[word] = max(one["logprob"], words.get(word, FLOOR))
    return words
