"""Briefs and timelines: dated points in order of time, each from the articles."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from fakes import CAPABLE, QueuedChat, checked, with_chat

from assistant.answering import brief as briefs
from assistant.answering.brief import brief, timeline
from assistant.answering.events import Event, PassagesFound
from assistant.answering.pipeline import Pipeline
from assistant.errors import OutOfTime
from assistant.index.filters import Filters

FERRY = "20 November 2025: The ferry Marta ran aground off the island of Sandoy on Thursday morning"
POINT = {"text": "20 November 2025: The ferry Marta ran aground.", "cites": ["1.1"]}


def test_a_timeline(base: Pipeline) -> None:
    answer = timeline(base, "ferry Sandoy")
    assert answer.answer == f"{FERRY} with 212 passengers on board [1]."
    assert (answer.model, answer.status, answer.searches) == ("extractive", "answered", ["ferry Sandoy"])
    article = base.retriever.index.catalogue.article("ferry")
    assert article is not None
    assert all(article.text[one.start : one.end] == one.quote for one in answer.citations)
    assert answer.claims[0].checks.by == "verbatim"


def test_entries_stand_in_order_of_time_on_lines_of_their_own(
    base: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(briefs, "RELEVANT", 0.0)
    lines = timeline(base, "ferry").answer.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["4 March 2025", "20 November 2025"]
    assert len(timeline(base, "ferry", words=3).claims) == 1, "one at least"


@pytest.mark.parametrize(
    ("topic", "reason"),
    [
        ("", "unclear-question"),
        ("?", "unclear-question"),
        ("the operas of Giuseppe Verdi", "nothing-relevant"),
        ("herring quota", "not-stated"),
    ],
)
def test_nothing_about_a_topic(base: Pipeline, topic: str, reason: str) -> None:
    answer = timeline(base, topic)
    assert answer.abstention is not None
    assert (answer.status, answer.abstention.reason) == ("abstained", reason)
    undated = "1 article has no date and cannot stand among dated points"
    assert [one.message for one in answer.warnings] == [undated] * (reason == "not-stated")


def test_the_day_may_stand_in_the_topic(base: Pipeline) -> None:
    assert timeline(base, "ferry as of 5 March 2025").as_of == dt.date(2025, 3, 5)
    assert timeline(base, "ferry", Filters(as_of=dt.date(2025, 3, 5))).status == "abstained"


def made(base: Pipeline, *replies: Any, evidence: int | None = None, **more: Any) -> Any:
    chat = QueuedChat(*replies)
    profile = CAPABLE if evidence is None else replace(CAPABLE, context=evidence)
    answer = brief(with_chat(base, chat, profile), "ferry Sandoy", **more)
    assert chat.replies == []
    return answer, chat


def test_a_capable_model_writes_a_brief(base: Pipeline) -> None:
    events: list[Event] = []
    answer, chat = made(base, {"sentences": [POINT]}, checked(""), words=50, on_event=events.append)
    assert answer.answer == "20 November 2025: The ferry Marta ran aground [1]."
    assert (answer.model, answer.claims[0].checks.by, answer.tokens.prompt) == ("queued", "model", 200)
    assert "At most 50 words." in chat.prompts[0]
    assert [type(event) for event in events] == [PassagesFound]


def test_points_that_do_not_stand_are_dropped(base: Pipeline) -> None:
    answer, _ = made(base, {"sentences": [POINT, POINT | {"text": "It sank."}]}, checked("", "it did not"))
    assert [claim.text for claim in answer.claims] == [POINT["text"]]
    assert [claim.reason for claim in answer.dropped] == ["it did not"]
    for points, reason in (([], "nothing-relevant"), ([POINT | {"cites": []}], "unsupported")):
        nothing, _ = made(base, {"sentences": points})
        assert nothing.abstention.reason == reason


def test_what_does_not_fit_is_written_in_parts_and_merged(
    base: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(CAPABLE), "evidence_words", property(lambda self: 30))
    replies = [{"sentences": [POINT]}, {"sentences": []}, {"sentences": [POINT]}]
    parts = len(briefs._parts(briefs.pack(briefs._found(base, "ferry Sandoy", Filters()).passages, 999), 30))
    assert parts == 2
    answer, chat = made(base, *replies, checked(""))
    assert len(answer.claims) == 1
    assert "2.2" not in chat.prompts[2]


def test_without_a_capable_model_a_brief_is_a_timeline(base: Pipeline) -> None:
    assert brief(base, "ferry Sandoy").answer == timeline(base, "ferry Sandoy").answer
    capable = with_chat(base, QueuedChat())
    assert timeline(capable, "ferry Sandoy").model == "extractive"


def test_the_articles_tell_where_a_model_runs_out_of_time(base: Pipeline) -> None:
    answer, _ = made(base, {"sentences": [POINT]}, OutOfTime("the time is up"))
    own = brief(base, "ferry Sandoy")
    assert (answer.answer, answer.model) == (own.answer, "extractive")
    assert [warning.code for warning in answer.warnings] == ["out-of-time"]
