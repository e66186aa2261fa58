"""Context: a follow-up stands alone, by rules or by a model, and a wrong rewriting is not taken."""

import pytest
from fakes import FAILURE, QueuedModel
from hypothesis import given
from hypothesis import strategies as st

from assistant.context import Turn, condense, keeps, standalone
from assistant.interface import Tokens
from assistant.prompts import load_prompt
from assistant.resources import prompts_folder

DAM = [
    Turn("Was the valley dam approved?", "Yes, by 61 votes to 38 [1][2]."),
    Turn("Who\tis the minister?", "Ilse Brandt [1]."),
]
COST = [Turn("What will the valley dam cost?", "The dam will cost 90 billion crowns [1].")]
TRUCE = [Turn("What did Brandt propose?", "A truce for 9 May, they said.")]
WHO = "Who quit on 4 March?"
QUIT = [Turn(WHO, "Olav Berg resigned.")]


@pytest.mark.parametrize(
    ("question", "history", "alone"),
    [
        # a pronoun gives way to what the conversation is about
        ("And what will it cost?", DAM, "And what will the valley dam cost?"),
        ("Who named its cost?", COST, "Who named the valley dam's cost?"),
        ("How\u200b long\n does it take?", COST, "How long does the valley dam take?"),
        ("What did she say?", DAM, "What did Ilse Brandt say?"),
        ("Who replaced him?", QUIT, "Who replaced Olav Berg?"),
        ("Who saw him before that?", QUIT, "Who saw Olav Berg before 4 March?"),
        ("Who took her place?", [Turn("When did Ilse Brandt resign?", "")], "Who took Ilse Brandt's place?"),
        ("Why did it end?", TRUCE, "Why did the truce for 9 May end?"),
        ("What did he do?", [*QUIT, Turn("Who replaced him?", "Ivan Novak.")], "What did Ivan Novak do?"),
        # what it stands for stays the topic
        ("Who paid for it?", [*COST, Turn("How long will it take?", "")], "Who paid for the valley dam?"),
        # a question without a topic is told it
        ("Who decides?", COST, "Who decides? (about the valley dam)"),
        # what points back in another way has the question before it
        ("What about it?", [Turn("Is it late?", "word " * 31)], "What about it? (Before: Is it late?)"),
        ("And there?", [Turn("Is it late?", "No [1].")], "And there? (Before: Is it late? No.)"),
        ("Did he deny that?", QUIT, f"Did Olav Berg deny that? (Before: {WHO} Olav Berg resigned.)"),
        ("And then?", [*COST, Turn("Who built it?", "")], "And then? (Before: Who built the valley dam?)"),
        ("Why?", [Turn("dams", "")], "Why? (Before: dams)"),
        # where two people or one of another number may be meant, nothing is put in
        ("What did he say?", [Turn("Did Berg meet Novak?", "Yes.")], "What did he say? (about Berg)"),
        ("Did they agree?", COST, "Did they agree? (about the valley dam)"),
        # what stands alone is left as it is
        ("When did the Marta run aground?", COST, "When did the Marta run aground?"),
        ("How many voted after Geneva?", COST, "How many voted after Geneva?"),
        ("And what will it cost?", [], "And what will it cost?"),
    ],
)  # fmt: skip
def test_a_follow_up_stands_alone(question: str, history: list[Turn], alone: str) -> None:
    assert standalone(question, history) == alone


texts = st.text(max_size=80) | st.sampled_from(
    [
        "What will the valley dam cost?",
        "Who is Ilse Brandt?",
        "And it?",
        "What did she say before that?",
        "Why there?",
    ]
)


@given(texts, st.lists(st.builds(Turn, texts, texts), max_size=4))
def test_a_rewriting_keeps_what_the_question_says(question: str, history: list[Turn]) -> None:
    rewritten = standalone(question, history)
    assert history or rewritten == question
    if rewritten != question:
        assert "\n" not in rewritten
        assert all(phrase in rewritten for phrase in question.split() if phrase.isalpha() and len(phrase) > 6)


PROMPT = load_prompt(prompts_folder(), "condense")


def reworded(reply: object, question: str = "And what will it cost?") -> tuple[str, QueuedModel]:
    model = QueuedModel(replies=[reply])
    return condense(model, "queued", PROMPT, question, DAM)[0], model


def test_what_rewording_takes_is_counted() -> None:
    asked = "And what will it cost?"
    _, spent = condense(QueuedModel(replies=["What will the dam cost?"]), "queued", PROMPT, asked, DAM)
    assert spent + spent == Tokens(prompt=200, completion=20)
    _, spent = condense(QueuedModel(replies=[FAILURE]), "queued", PROMPT, asked, DAM)
    assert spent == Tokens()


def test_a_model_words_the_question() -> None:
    asked, model = reworded(' "What will the approved valley dam cost?"\n')
    assert asked == "What will the approved valley dam cost?"
    (prompt,) = model.prompts
    assert "Question: Was the valley dam approved?\nAnswer: Yes, by 61 votes to 38." in prompt
    assert "Last question: And what will it cost?" in prompt


@pytest.mark.parametrize("reply", [FAILURE, "", "Ilse Brandt.", "word " * 61])
def test_where_the_model_fails_the_rules_are_taken(reply: object) -> None:
    assert reworded(reply)[0] == "And what will the valley dam cost?"


def test_a_question_that_stands_alone_is_not_put_to_the_model() -> None:
    asked, model = reworded(FAILURE, "When did the Marta run aground?")
    assert (asked, model.prompts) == ("When did the Marta run aground?", [])


@pytest.mark.parametrize(
    ("question", "rewritten", "kept"),
    [
        ("What about the ferry Marta?", "What happened to the ferry Marta?", True),
        ("What about the ferry Marta?", "What happened to the ferry?", False),
        ("Did 61 of them vote?", "Did 61 members vote?", True),
        ("Did 61 of them vote?", "Did the members vote?", False),
        ("Were ferries and dams discussed?", "Was money discussed?", False),
        ("Why?", "Why was the dam approved?", True),
    ],
)
def test_what_a_rewriting_has_to_keep(question: str, rewritten: str, kept: bool) -> None:
    assert keeps(question, rewritten) is kept
