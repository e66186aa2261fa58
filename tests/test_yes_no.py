"""The language model's yes or no as a signal."""

from __future__ import annotations

import pytest
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage

from assistant.evaluation.calibrate import Row, combine
from assistant.evaluation.yes_no import FLOOR, first_words, yes_over_no


def test_words_with_and_without_a_space_are_one_and_the_likelier_counts() -> None:
    tokens = [("yes", -2.0), (" Yes", -1.0), ("no", -0.5)]
    top = [{"token": word, "logprob": chance} for word, chance in tokens]
    logprobs = {"content": [{"top_logprobs": top}]}
    assert first_words(logprobs) == {"yes": -1.0, "no": -0.5}
    assert first_words({}) == {}


def test_no_model_is_asked_where_there_is_nothing_to_read() -> None:
    model = GenericFakeChatModel(messages=iter([AIMessage("yes")]))
    assert yes_over_no(model, "Who?", [], 2) == FLOOR


def test_combined_signals_are_given_to_rows_that_have_their_parts() -> None:
    def row(half: str, answers: bool, value: float) -> Row:
        return Row(half, "lookup", answers, {"reranker": value, "reader": 2 * value})

    rows = [row("gold, dev", n % 2 == 0, n % 2 * -2.0 + 0.1 * n) for n in range(10)]
    combine([*rows, public := row("clapnq", True, 3.0)])
    assert all("fitted" in one.signals and "fitted with it" not in one.signals for one in [*rows, public])
    assert min(one.signals["fitted"] for one in rows if one.answers) > max(
        one.signals["fitted"] for one in rows if not one.answers
    )
    assert public.signals["fitted"] == pytest.approx(max(one.signals["fitted"] for one in [*rows, public]))
