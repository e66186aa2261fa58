"""Arrangement: what comes first of an answer, with the dates that belong to it; and the whole way to it."""

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes import QueuedModel

from assistant.answer import Assistant
from assistant.arrangement import Arrangement, arranged, arrangement
from assistant.articles import Article
from assistant.build import build_assistant, open_index
from assistant.changes import in_turn, states
from assistant.chronology import asks_for_chronology
from assistant.chunks import split_article
from assistant.evidence import Sentence, number_sentences
from assistant.filters import Filters
from assistant.grounding import Grounded
from assistant.models.reader import Reading
from assistant.retrieval import Hit
from assistant.settings import load_settings

ARTICLES = {
    "2025-11-20-plan": "The peace plan for Norrhavn has 28 points, minister Ilse Brandt said on Wednesday.",
    "2025-11-25-talks": (
        "The peace plan for Norrhavn now has 19 points, negotiators said after a night of talks. The talks "
        "lasted four hours, according to Island Radio."
    ),
    "2025-12-08-paper": (
        "The peace plan for Norrhavn now contains 20 points, minister Ilse Brandt said. The Harbour Post put "
        "the talks on the plan at seven hours."
    ),
}
HOW_MANY = "How many points does the peace plan for Norrhavn have?"


def read(chance: float = 0.9) -> list[Sentence]:
    """The sentences of the articles, each as likely."""
    sentences: list[Sentence] = []
    for name, text in ARTICLES.items():
        one = Article(name, "The peace plan", text, dt.date.fromisoformat(name[:10]))
        for chunk in split_article(one, 160):
            reading = Reading(0, 9, chance, 1.0, tuple((place, chance) for place in range(0, len(text), 60)))
            sentences += number_sentences([Hit(chunk, one, 1.0, reading=reading)])
    return sentences


def claims(sentences: list[Sentence]) -> list[Grounded]:
    return [Grounded(one.text, (one,), 1.0) for one in sentences]


DROPPED = Grounded("It has 31 points.", (), 0.0, "no sentence that was read says 31")


def test_the_newest_state_comes_first_with_its_date() -> None:
    sentences = read()
    order = arrangement(HOW_MANY, sentences)
    assert in_turn(order.changes) == (
        "28 (20 November 2025), then 19 (25 November 2025), then 20 (8 December 2025)"
    )
    told = [claim.text for claim in arranged([*claims(sentences), DROPPED], order, 120)]
    assert told[0].startswith("8 December 2025: The peace plan for Norrhavn now contains 20 points")
    assert told[1].startswith("25 November 2025: The peace plan for Norrhavn now has 19 points")
    assert told[-1] == DROPPED.text
    assert len(told) == len(sentences) + 1


def test_unlikely_sentences_and_other_kinds_tell_of_no_change() -> None:
    assert not states(HOW_MANY, read(0.01))
    assert not states("How long did the talks last?", read())
    assert not states("When was the plan made?", read())
    assert not states("How many points did the peace plan for Norrhavn have?", read())
    assert not states("How many points has the peace plan for Norrhavn in June 2026?", read())


def test_where_nothing_stands_a_change_adds_nothing() -> None:
    assert arranged([DROPPED], arrangement(HOW_MANY, read()), 120) == [DROPPED]


def test_accounts_come_first_and_the_least_likely_claims_go_for_lack_of_room() -> None:
    sentences = read()
    accounts = sentences[2], sentences[4]
    told = arranged(claims(sentences), Arrangement(accounts=accounts), 40)
    assert [claim.sentences[0] for claim in told[:2]] == list(accounts)
    assert told[0].text.startswith("25 November 2025: The talks lasted four hours")
    assert sum(len(claim.text.split()) for claim in told) <= 40
    assert [claim.sentences[0] for claim in arranged([], Arrangement(accounts=accounts), 1)] == list(accounts)


def test_a_sequence_is_told_in_order_of_time() -> None:
    sentences = read()
    order = arrangement("How did the number of points change?", sentences)
    told = arranged([*claims(sentences)[::-1], DROPPED], order, 120)
    assert [claim.text[:11] for claim in told] == [
        "20 November", "25 November", "25 November", "8 December ", "8 December ", "It has 31 p",
    ]  # fmt: skip
    assert told[0].text.endswith("on Wednesday (19 November 2025).")


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("How has the plan evolved?", True),
        ("Trace the number of points from March to May.", True),
        ("When did the plan first become public?", True),
        ("Key dates of the loan?", True),
        ("When did the plan become public?", False),
        ("Who changed the plan?", False),
        ("How did various leaders react to the plan?", False),
        ("When was the first meeting?", False),
        ("When did the First Lady visit Paris?", False),
        ("Did investigators find a trace of explosives?", False),
        ("How many people from Gaza got through?", False),
        ("Who has a history of corruption?", False),
    ],
)
def test_what_asks_for_a_sequence(question: str, asked: bool) -> None:
    assert asks_for_chronology(question) == asked


# With the real models


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder: Path = tmp_path_factory.mktemp("arrangement")
    (folder / "corpus").mkdir()
    for name, text in ARTICLES.items():
        outlet = {"t": "Island Radio", "p": "Harbour Post"}[name[11]]
        head = (
            f"---\ntitle: The peace plan for Norrhavn\ndate: {name[:10]}\nsources:\n- outlet: {outlet}\n---\n"
        )
        (folder / "corpus" / f"{name}.md").write_text(head + text, encoding="utf-8")
    chosen = load_settings(corpus=folder / "corpus", index=folder / "index", model="extractive")
    index = open_index(chosen, lambda message: None, lambda done, total: None)
    yield build_assistant(chosen, index)
    index.close()


def test_differing_accounts_are_both_given(assistant: Assistant) -> None:
    answer = assistant.ask("How long did the talks on the peace plan for Norrhavn last?")
    assert answer.status == "conflicting"
    assert answer.answer.startswith(
        "25 November 2025: The talks lasted four hours, according to Island Radio [1]."
    )
    assert "8 December 2025: The Harbour Post put the talks on the plan at seven hours [2]." in answer.answer
    assert "conflict" in [warning.code for warning in answer.warnings]


def test_a_model_that_takes_a_side_is_given_both(assistant: Assistant) -> None:
    said = {"sentence": 2, "text": "They lasted four hours."}
    model = QueuedModel(replies=[json.dumps({"claims": [said]})])
    support = lambda pairs: [0.5] * len(pairs)  # noqa: E731
    asked = Assistant(assistant.retriever, support, assistant.prompts, model, model_name="queued")
    answer = asked.ask("How long did the talks on the peace plan for Norrhavn last?")
    assert answer.status == "conflicting"
    assert "four hours" in answer.claims[0].text
    assert "seven hours" in answer.claims[1].text


def test_no_account_is_later_than_the_day_asked_for(assistant: Assistant) -> None:
    filters = Filters(as_of=dt.date(2025, 11, 30))
    answer = assistant.ask("How long did the talks on the peace plan for Norrhavn last?", filters=filters)
    assert answer.status == "answered"
    assert all(one.date and one.date <= dt.date(2025, 11, 30) for one in answer.citations)


def test_what_changed_is_no_conflict(assistant: Assistant) -> None:
    answer = assistant.ask(HOW_MANY)
    assert answer.status == "answered"
    assert answer.claims[0].text.startswith(
        "8 December 2025: The peace plan for Norrhavn now contains 20 points"
    )
    assert "superseded" in [warning.code for warning in answer.warnings]
    assert "on Wednesday (19 November 2025)" in answer.answer


def test_a_sequence_is_a_line_a_step(assistant: Assistant) -> None:
    lines = assistant.ask("Trace how many points the peace plan for Norrhavn had.").answer.splitlines()
    assert len(lines) > 2
    assert [line.split(":")[0] for line in lines] == sorted(
        (line.split(":")[0] for line in lines), key=lambda day: dt.datetime.strptime(day, "%d %B %Y")
    )
