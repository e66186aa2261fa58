"""The chat over the built-in corpus: ten turns with the embedded model, and the follow-ups of gold."""

import datetime as dt
import os
import re
import shutil
import sys
from pathlib import Path

import pytest
from screens import Terminal

from assistant.answering.events import ignore
from assistant.answering.query import Turn
from assistant.api.build import open_index
from assistant.chat.conversation import Conversation
from assistant.chat.loading import Engine
from assistant.chat.sessions import Record, Session, Terms, file_of, replay
from assistant.evaluation.gold.cases import read_gold
from assistant.evaluation.score_cache import with_memory
from assistant.schema import Answer
from assistant.settings import load_settings

pytestmark = [
    pytest.mark.slow,
    pytest.mark.model,
    pytest.mark.timeout(1800),
    pytest.mark.filterwarnings("ignore:This process:DeprecationWarning"),
]

GOLD = Path(__file__).parents[2] / "eval" / "gold.jsonl"
DAY = dt.date(2025, 11, 26)


@pytest.mark.skipif(shutil.which("less") is None, reason="less is not installed")
def test_ten_turns(built_in_index: Path, tmp_path: Path) -> None:
    def start(*options: str) -> Terminal:
        command = "-m", "assistant", "chat", "--index", str(built_in_index), *options
        env = os.environ | {"TERM": "xterm-256color", "PYTHONPATH": str(Path(__file__).parents[2])}
        env |= {"PAGER": "less", "LESS": "", "LESSOPEN": ""}
        terminal = Terminal(sys.executable, *command, env=env, cwd=str(tmp_path))
        terminal.wait_for(r"(?m)^>")
        return terminal

    terminal = start("--session", "office")
    terminal.ask("Who heads Zelensky's office?", 300)
    terminal.ask("When did he take over?", 300)
    terminal.ask("/asof 2025-11-26")
    terminal.ask("Who heads Zelensky's office?", 300)
    assert "[1] " in terminal.ask("/sources")
    terminal.type("/open 1\r")
    terminal.wait_for(r"(?m)^:|\(END\)")
    terminal.type("q")
    terminal.wait_for(r"(?m)^as of 26 Nov 2025 >$")
    assert "2025: " in terminal.ask("/timeline Yermak")
    assert "assistant: saved" in terminal.ask("/save office.md")
    terminal.type("/quit\r")
    assert terminal.end() == 0

    turns = [record.answer for record in replay(file_of("office").read_bytes()).turns]
    assert [turn.as_of for turn in turns] == [None, None, DAY, DAY]
    now, follow_up, then, timeline = turns
    assert "2026-01-03-budanov-heads-presidential-office" in {one.article for one in now.passages}
    assert follow_up.searches[-1] == "Who heads Zelensky's office? When did he take over?"
    for turn in (then, timeline):
        assert turn.passages
        assert all(one.date and one.date <= DAY for one in [*turn.passages, *turn.citations, *turn.nearest])
    assert "Yermak" in " ".join(citation.quote for citation in [*then.citations, *then.nearest])

    again = start()
    assert "going on after turn 4: Yermak" in again.ask("/resume office")
    again.wait_for(r"(?m)^qwen2\.5-coder-1\.5b")
    assert "as of 26 Nov 2025 >" in again.text()
    again.type("\x04")
    assert again.end() == 0
    check_footnotes((tmp_path / "office.md").read_text(encoding="utf-8"), turns, built_in_index)


def check_footnotes(markdown: str, turns: list[Answer], index: Path) -> None:
    """Every footnote is a quote that stands, word for word, in the article that it names."""
    notes = re.findall(r"(?m)^\[\^\d+\]: “(.*)” \((.*), article (.*)\)$", markdown)
    cited = {(one.article, one.start) for turn in turns for one in [*turn.citations, *turn.nearest]}
    assert len(notes) == len(cited)
    settings = load_settings(index=index)
    opened = open_index(settings, pytest.fail, lambda done, total: None)
    for quote, _, name in notes:
        article = opened.catalogue.article(re.sub(r"\\(.)", r"\1", name))
        assert article is not None
        assert re.sub(r"\\(.)", r"\1", quote) in " ".join(article.text.split())
    opened.close()


def test_follow_ups_of_gold_are_answered_as_in_a_batch(built_in_index: Path, tmp_path: Path) -> None:
    settings = load_settings(index=built_in_index, model="extractive")
    engine = Engine(settings)
    engine.load(pytest.fail, lambda done, total: None)
    # What is asked twice is read once: that the models say the same again is tested elsewhere.
    assistant = engine.assistant().pipeline
    assistant.retriever = with_memory(assistant.retriever, settings.model_copy(update={"cache": tmp_path}))
    cases = [case for case in read_gold(GOLD) if case.type == "follow-up"]
    assert cases
    for case in cases:
        session = Session(None, Terms(as_of=case.as_of))
        for turn in case.history:
            told = Answer(
                question=turn.question, status="answered", confidence=1, answer=turn.answer, model="m"
            )
            session.add(Record(answer=told))
        talked = Conversation(engine, session).ask(case.question, ignore).answer
        history = [Turn(turn.question, turn.answer) for turn in case.history]
        asked = engine.assistant().ask(case.question, history=history, as_of=case.as_of)
        assert talked.model_dump(exclude={"seconds"}) == asked.model_dump(exclude={"seconds"})
    engine.close()
