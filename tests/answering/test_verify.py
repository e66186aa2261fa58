"""Verification: what of a draft stands, by code and by a model."""

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
from fakes import QueuedChat, checked, sentences_of

from assistant.answering.verify import (
    Drafted,
    Rejected,
    Statement,
    check_by_model,
    check_exactly,
    misquoted,
)
from assistant.corpus.articles import Article
from assistant.models.chat.structured_output import Reply
from assistant.models.prompts import load_prompt
from assistant.schema import Tokens
from assistant.settings import prompts_folder

DAM = Article(
    "dam",
    "Valley dam is approved",
    "Parliament approved the dam on Tuesday. It costs 90 billion crowns, Ilse Brandt said. "
    '"We build it for our children," she said.',
    dt.date(2025, 3, 4),
)
EVIDENCE = {one.id: one for one in sentences_of(DAM)}
PROMPT = load_prompt(prompts_folder(), "verify")


def exact(text: str, *cites: str, computed: bool = False) -> Statement | Rejected:
    return check_exactly(Drafted(text, cites), EVIDENCE, computed=computed)


def statement(text: str, *cites: str) -> Statement:
    made = exact(text, *cites, computed=True)
    assert isinstance(made, Statement)
    return made


@pytest.mark.parametrize(
    ("text", "cites", "by"),
    [
        ("Parliament approved the dam on Tuesday.", ("1.1",), "verbatim"),
        ("PARLIAMENT approved the dam, on Tuesday", ("1.2", "1.1"), "verbatim"),
        ("It costs EUR 90bn, hardly.", ("1.1",), None),
        ("It costs 90 billion.", ("1.2", "7.7"), "exact"),
        ("It was approved on 4 March 2025.", ("1.1",), "exact"),
        ('Brandt said: "We build it for our children."', ("1.3",), "exact"),
        ('Brandt said: "We … for our children."', ("1.3",), "exact"),
        ('Brandt said: "We build it for money."', ("1.3",), None),
        ("It costs 95 billion.", ("1.2",), None),
        ("It costs 90 billion.", ("7.7",), None),
        ("It costs 90 billion.", (), None),
    ],
)
def test_what_code_can_check(text: str, cites: tuple[str, ...], by: str | None) -> None:
    made = exact(text, *cites)
    assert (made.by if isinstance(made, Statement) else None) == by
    if isinstance(made, Rejected):
        assert made.reason


def test_quoted_words_bring_the_sentence_that_holds_them() -> None:
    made = exact('Brandt, who named the cost, said "we build it for our children".', "1.2")
    assert isinstance(made, Statement)
    assert [one.id for one in made.sentences] == ["1.2", "1.3"]


def test_what_may_be_computed_is_left_to_a_model() -> None:
    assert isinstance(exact("It costs 95 billion.", "1.2", computed=True), Statement)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ('He called it "the worst day".', ["the worst day"]),
        ('He called it a "day".', []),
        ("It isn't the people's, he said, 'nor the king'.", ["nor the king"]),
        ("“We … for our children”", []),
        ("“We [will] build it”", ["build it"]),
        ("Sie sagte: „das ist nicht wahr“, und ging ins „Haus“.", ["das ist nicht wahr"]),
        ("Sie sagte: »for our children«, „for our children”.", []),
        ("Elle a dit « ce n’est pas vrai ».", ["ce n’est pas vrai"]),
        ("no quotation", []),
    ],
)
def test_quotations(text: str, wrong: list[str]) -> None:
    assert [part.strip() for part in misquoted(text, [DAM.text.replace("build", "raise")])] == wrong


def test_a_model_checks_all_sentences_in_one_call() -> None:
    chat = QueuedChat(checked("", "the quote says 90"))
    good, bad = statement("It costs 90 billion.", "1.2"), statement("It costs 95 billion.", "1.2")
    made, tokens = check_by_model([good, bad], chat, PROMPT)  # type: ignore[arg-type]
    assert isinstance(made[0], Statement)
    assert made[0].by == "model"
    assert made[1] == Rejected("It costs 95 billion.", "the quote says 90")
    assert tokens.prompt == 100
    (shown,) = chat.prompts
    assert "Sentence 2: It costs 95 billion.\nQuote from [Valley dam is approved | " in shown
    assert "(… Parliament approved the dam on Tuesday.) It costs 90 billion crowns" in shown
    assert "Not found in the quotes by a search: 95 billion" in shown


def test_a_sentence_is_told_as_soon_as_the_model_has_said_that_it_stands() -> None:
    whole = json.dumps(checked("", "the quote says 90", ""))

    class Slow:
        """Says its reply a character at a time."""

        def __init__(self) -> None:
            self.told_at: dict[str, int] = {}

        def ask(self, messages: Any, schema: Any, *, on_text: Callable[[str], None]) -> Reply:
            for end in range(1, len(whole) + 1):
                self.end = end
                on_text(whole[:end])
            return Reply(whole, Tokens(), "stop", "json_schema")

        def tell(self, one: Statement) -> None:
            assert one.by == "model"
            self.told_at.setdefault(one.text, self.end)

    chat = Slow()
    three = [statement(text, "1.2") for text in ("It costs 90.", "It costs 95.", "It is dear.")]
    made, _ = check_by_model(three, chat, PROMPT, chat.tell)  # type: ignore[arg-type]
    assert [type(one) for one in made] == [Statement, Rejected, Statement]
    assert list(chat.told_at) == ["It costs 90.", "It is dear."]
    assert chat.told_at["It costs 90."] < whole.index("the quote says")


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "{",
        "{}",
        {"checks": None},
        {"checks": "all right"},
        {"checks": [None, 3, {"sentence": 2, "supported": True}]},
        {"checks": [{"sentence": 1, "supported": "true"}]},
        {"checks": [{"sentence": 1, "problem": ["x"], "supported": False}]},
    ],
)
def test_what_a_model_does_not_plainly_support_does_not_stand(reply: Any) -> None:
    made, _ = check_by_model([statement("It costs 90 billion.", "1.2")], QueuedChat(reply), PROMPT)  # type: ignore[arg-type]
    assert isinstance(made[0], Rejected)
    assert made[0].reason
