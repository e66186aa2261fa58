"""The chat: whole conversations, as they stand on the screen of whoever reads a pipe."""

import datetime as dt
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fakes import CAPABLE, FAILURE, SMALL, QueuedChat, checked, drafted, small, with_chat, write_corpus

from assistant.answering.pipeline import Pipeline
from assistant.api import build
from assistant.api.build import build_pipeline, build_retriever, open_index
from assistant.chat.conversation import HISTORY, Conversation, history_of
from assistant.chat.loading import Engine
from assistant.chat.loop import chat, converse
from assistant.chat.sessions import Record, Session, Terms, names
from assistant.errors import SettingsError
from assistant.schema import Answer, Citation
from assistant.settings import Settings, load_settings

COST = drafted(("The dam will cost 90 billion crowns.", "1.2"))
WRONG = drafted(("Ilse Brandt said it.", "1.2"), ("She spoke of 62 billion.", "1.2"))
"""Said twice, as it is sent back once."""
Talk = Callable[..., Conversation]
TERMS = Terms(model="extractive")
ASKED = "What will the valley dam cost?"
FOLLOW_UP = "Who said so?"
ALONE = "Who said what the dam will cost?"
REWORDED = {"question": ALONE}
QUOTE = "The dam will cost 90 billion crowns, said energy minister Ilse Brandt."
HEADLINE = "[1] 4 Mar 2025  Valley dam is approved  dam\n"
SOURCE = f"{HEADLINE}    “{QUOTE}”\n"
WITHDRAWN = "assistant: withdrawn: She spoke of 62 billion. (62 billion is not in what it cites)\n"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Of a small corpus, which is indexed."""
    folder = tmp_path_factory.mktemp("chat")
    settings = load_settings(
        corpus=write_corpus(folder / "corpus"), index=folder / "index", model="extractive"
    )
    open_index(settings, lambda message: None, lambda done, total: None).close()
    return settings


@pytest.fixture(scope="module")
def model(settings: Settings) -> Iterator[QueuedChat]:
    """The model of every conversation, over one retriever: it says what is put into its replies."""
    model = QueuedChat()
    index = open_index(settings, pytest.fail, lambda done, total: None)
    made = build_pipeline(settings, build_retriever(settings, index))

    def made_up(settings: Settings, retriever: Any, **more: Any) -> Pipeline:
        small, checked = settings.model == "small", settings.model.startswith("checked:")
        return with_chat(
            made,
            model,
            SMALL if small else CAPABLE,
            model_name=settings.model,
            verify="model" if checked else "exact",
        )

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "build_pipeline", made_up)
        yield model
    index.close()


@pytest.fixture(scope="module")
def loaded(settings: Settings, model: QueuedChat) -> Iterator[Engine]:
    engine = Engine(settings)
    engine.load(pytest.fail, lambda done, total: None)
    yield engine
    engine.close()


@pytest.fixture
def said(model: QueuedChat) -> QueuedChat:
    """The model, as if it had said nothing yet."""
    model.replies, model.prompts = [], []
    return model


@pytest.fixture
def talk(loaded: Engine, said: QueuedChat, monkeypatch: pytest.MonkeyPatch) -> Iterator[Talk]:
    """Has a conversation of these lines: in a session that is not kept, or the one that is given."""
    monkeypatch.setattr(loaded, "settings", loaded.settings)
    monkeypatch.setattr(loaded, "_loaded", loaded._loaded)
    held: list[Conversation] = []

    def talk(*lines: Any, session: Session | None = None, interactive: bool = True) -> Conversation:
        conversation = Conversation(loaded, session or Session(None, TERMS), stoppable=interactive)
        held.append(conversation)
        assert converse(conversation, reader(*lines), interactive=interactive) == 0
        return conversation

    yield talk
    for conversation in held:
        conversation.session.close()


def reader(*lines: Any) -> Callable[[], str]:
    """Gives the lines, then the end of the input; an exception among them is raised."""
    left = list(lines)

    def read() -> str:
        if not left:
            raise EOFError
        line = left.pop(0)
        if isinstance(line, BaseException):
            raise line
        return str(line)

    return read


def test_a_whole_conversation(talk: Talk, said: QueuedChat, capsys: Any, tmp_path: Path) -> None:
    said.replies = [COST, REWORDED, WRONG, WRONG, REWORDED, COST]
    talk(
        ASKED,
        "  ",
        FOLLOW_UP,
        "/sources",
        "/asof 4 Mar 2025",
        "/retry",
        "/undo",
        "/timeline ferry",
        "/asof off",
        "/timeline ferry",
        f"/save {tmp_path / 'talks.md'}",
        "/quit",
        "never read",
    )
    captured = capsys.readouterr()
    assert captured.out == (
        f"The dam will cost 90 billion crowns [1].\n\n{SOURCE}\n"
        f"{ALONE}\nIlse Brandt said it [1].\n\n{SOURCE}\n"
        f"{HEADLINE}"
        "    Harbour Post\n"
        "    Parliament approved the valley dam on Tuesday by 61 votes to 38, after a debate of nine hours."
        " “The dam will cost 90 billion crowns, said energy minister Ilse Brandt.”"
        ' "We build it for our children," she said.\n\n'
        "Also found\n"
        "    undated  Herring stocks recover  fish\n"
        "    20 Nov 2025  Ferry runs aground off Sandoy  ferry\n"
        f"{ALONE}\nThe dam will cost 90 billion crowns [1].\n\n{SOURCE}\n"
        "The corpus has nothing about this. As of 4 Mar 2025, the newest article is of 4 Mar 2025.\n\n"
        "20 November 2025: The ferry Marta ran aground off the island of Sandoy on Thursday morning"
        " with 212 passengers on board [1].\n\n"
        "[1] 20 Nov 2025  Ferry runs aground off Sandoy  ferry\n\n"
    )
    hidden = "assistant: 1 article has no date and stayed hidden under --as-of and --since\n"
    assert captured.err == (
        f"{WITHDRAWN}"
        "assistant: limits: as of 4 Mar 2025\n"
        f"{hidden}"
        f"assistant: taken back: {FOLLOW_UP}\n"
        f"{hidden}"
        "assistant: limits: none\n"
        f"assistant: saved {tmp_path / 'talks.md'}\n"
    )
    assert f"Question: {ASKED}\nAnswer: The dam will cost 90 billion crowns" in said.prompts[1]
    assert (tmp_path / "talks.md").read_text(encoding="utf-8").count("## ") == 3


# Turns


def test_why(talk: Talk, said: QueuedChat, capsys: Any) -> None:
    said.replies = [COST, REWORDED, WRONG, WRONG]
    talk(ASKED, FOLLOW_UP, "/why")
    out = capsys.readouterr().out
    why = out[out.index("Asked\n") :].splitlines()
    assert why[:4] == ["Asked", f"    {ALONE}", "Searches", f"    {ALONE}"]
    assert why[4] == "Found"
    assert re.search(r" 4 Mar 2025  Valley dam is approved  \(dense \d, lexical \d, .* 1\)$", why[5])
    assert why[8:14] == [
        "Verdict",
        "    answered (confidence 1.00)",
        "Kept",
        "    Ilse Brandt said it. [1]  (code finds its numbers and quotations there; no more, support 1.00)",
        "Dropped",
        "    She spoke of 62 billion. (62 billion is not in what it cites)",
    ]
    assert why[14] == "Took"
    assert re.fullmatch(r"    retrieve [\d.]+ s, generate [\d.]+ s, ground [\d.]+ s, total [\d.]+ s", why[15])
    assert why[16:] == ["    300 tokens read, 30 written, 0.0001 USD", "    model extractive"]


def test_why_the_articles_said_so(talk: Talk, said: QueuedChat, capsys: Any) -> None:
    said.replies = [small("It costs 90 billion crowns.")]
    talk("/model small", ASKED, "/why")
    out = capsys.readouterr().out
    assert out.startswith(f"{QUOTE[:-1]} [1]")
    assert f"    {QUOTE} [1]  (word for word, support 1.00)\n" in out


def test_why_a_capable_model_said_so(talk: Talk, said: QueuedChat, capsys: Any) -> None:
    cost = ("The dam will cost 90 billion crowns.", "1.2")
    said.replies = [
        {"verdict": "search", "search": ["crowns"], "sentences": []},
        drafted(cost, ("It is big.", "1.2"), verdict="partly", missing="who pays", wrong_premise="It is."),
        checked("", "nobody says so"),
        drafted(cost, ("It is big.", "1.2"), verdict="partly", missing="who pays", wrong_premise="It is."),
        checked("nobody says so"),
    ]
    talk("/model checked:m", ASKED, "/why")
    captured = capsys.readouterr()
    assert captured.out.startswith(f"{cost[0][:-1]} [1].\nNot in the articles: who pays\n\n{SOURCE}\n")
    assert captured.err.splitlines()[1:] == [
        "assistant: not as the question has it: It is.",
        "assistant: withdrawn: It is big. (nobody says so)",
    ]
    why = captured.out[captured.out.index("Asked\n") :]
    assert f"Searches\n    {ASKED}\n    crowns\n" in why
    assert re.search(
        r"Verdict\n    partly \(confidence 1\.00\) after reading 2 times\n    Not in the articles: who pays\n"
        r"    not as the question has it: It is\.\n",
        why,
    )
    assert f"    {cost[0]} [1]  (a model finds it in its quotes, support 1.00)\n" in why
    assert "    500 tokens read, 50 written, 0.0002 USD\n    model checked:m\n" in why


def test_a_brief(talk: Talk, said: QueuedChat, capsys: Any, tmp_path: Path) -> None:
    point = {"text": "20 November 2025: The Marta ran aground.", "cites": ["1.1"]}
    said.replies = [{"sentences": [point]}, checked(""), {"sentences": [point]}, checked(""), FAILURE]
    conversation = talk(
        "/model checked:m", "/brief ferry", "/retry", "/brief ferry", f"/save {tmp_path / 'a.md'}"
    )
    captured = capsys.readouterr()
    shown = "20 November 2025: The Marta ran aground [1].\n\n[1] 20 Nov 2025  Ferry runs aground off Sandoy  "
    assert captured.out.count(shown) == 2
    assert str(FAILURE) in captured.err
    (record,) = conversation.session.turns
    assert (record.topic, record.brief) == ("ferry", True)
    assert (tmp_path / "a.md").read_text(encoding="utf-8").startswith("## Brief: ferry\n")


def test_what_else_may_be_asked_where_the_articles_do_not_say(talk: Talk, capsys: Any) -> None:
    talk("/model small", "What does the valley dam weigh?")
    assert (
        capsys.readouterr().err.splitlines()[1] == "assistant: For what they say about a topic: /brief TOPIC"
    )


def test_why_nothing_was_answered(talk: Talk, capsys: Any) -> None:
    talk("?", "/why")
    out = capsys.readouterr().out
    assert "Verdict\n    unclear-question: The question is not clear; please ask it in more words." in out
    assert "Found" not in out


def test_an_error_ends_the_turn_and_not_the_conversation(talk: Talk, said: QueuedChat, capsys: Any) -> None:
    said.replies = [FAILURE, COST]
    conversation = talk(ASKED, ASKED)
    captured = capsys.readouterr()
    assert captured.err == f"assistant: {FAILURE}\n"
    assert captured.out.startswith("The dam will cost 90 billion crowns [1].\n")
    assert len(conversation.session.turns) == 1


def test_what_came_before_an_interrupt_is_kept(talk: Talk, said: QueuedChat, capsys: Any) -> None:
    said.replies = [KeyboardInterrupt(), REWORDED, WRONG, WRONG]
    conversation = talk(ASKED, "/why", "/open 1", FOLLOW_UP)
    captured = capsys.readouterr()
    assert captured.out.startswith(
        "Stopped before an answer had been checked. The newest article is of 20 Nov 2025.\n\n"
        f"Nearest:\n{HEADLINE}    “"
    )
    assert captured.err.startswith("assistant: stopped; this is what had come by then\n")
    stopped = conversation.session.turns[0].answer
    assert (stopped.status, stopped.answer, stopped.model) == ("abstained", "", "extractive")
    assert stopped.abstention is not None
    assert stopped.passages[0].article == "dam"
    assert len(conversation.session.turns) == 2


def test_claims_that_stood_before_an_interrupt_are_kept(
    talk: Talk, said: QueuedChat, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = Pipeline.ask

    def interrupted(self: Pipeline, *arguments: Any, **more: Any) -> Answer:
        ask(self, *arguments, **more)
        raise KeyboardInterrupt

    monkeypatch.setattr(Pipeline, "ask", interrupted)
    said.replies = [WRONG, WRONG]
    conversation = talk(ASKED)
    assert capsys.readouterr().out == f"Ilse Brandt said it [1].\n\n{SOURCE}\n"
    (record,) = conversation.session.turns
    assert record.answer.status == "answered"
    assert [one.reason for one in record.answer.dropped] == ["62 billion is not in what it cites"]


def test_a_stopped_answer_is_of_the_day_that_was_asked_for(talk: Talk, said: QueuedChat) -> None:
    said.replies = [KeyboardInterrupt()]
    conversation = talk(f"As of 5 March 2025, {ASKED}")
    answer = conversation.session.turns[0].answer
    assert (answer.as_of, answer.corpus_ends) == (dt.date(2025, 3, 5), dt.date(2025, 3, 4))
    assert Answer.model_validate_json(answer.model_dump_json()) == answer


def test_an_interrupt_before_anything_came_is_no_turn(
    talk: Talk, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(self: Pipeline, *arguments: Any, **more: Any) -> Answer:
        raise KeyboardInterrupt

    monkeypatch.setattr(Pipeline, "ask", interrupted)
    assert talk(KeyboardInterrupt(), ASKED).session.turns == []
    assert capsys.readouterr().err == (
        "assistant: /quit or Ctrl-D ends the conversation\nassistant: stopped\n"
    )


@pytest.mark.parametrize("reply", [KeyboardInterrupt(), COST])
def test_nobody_goes_on_after_an_interrupt_in_a_pipe(talk: Talk, said: QueuedChat, reply: Any) -> None:
    said.replies = [reply]
    with pytest.raises(KeyboardInterrupt):
        talk(ASKED, KeyboardInterrupt(), interactive=False)


def test_a_full_disk_loses_no_answer(talk: Talk, said: QueuedChat, capsys: Any, tmp_path: Path) -> None:
    session = Session("talks", Terms())
    (tmp_path / "data" / "news-assistant" / "sessions" / "talks.jsonl").mkdir()
    said.replies = [COST]
    talk(ASKED, session=session)
    captured = capsys.readouterr()
    assert "90 billion" in captured.out
    assert "cannot write" in captured.err


# Follow-ups


def test_a_follow_up_refers_to_the_last_turns_only(talk: Talk, said: QueuedChat) -> None:
    said.replies = [REWORDED, WRONG, WRONG]
    session = Session(None, TERMS)
    for number in range(HISTORY + 3):
        session.add(Record(answer=answer(f"Will the dam cost {number}0 billion?", "Yes [1].")))
    talk(FOLLOW_UP, session=session)
    assert "cost 20 billion" not in said.prompts[0]
    assert f"cost {HISTORY + 2}0 billion" in said.prompts[0]


def answer(question: str, text: str, day: dt.date | None = None) -> Answer:
    """An answer that rests on an article of that day."""
    source = Citation(
        number=1, article="a", title="A", date=day, outlets=[], quote="Yes.", start=0, end=4, url=None
    )
    return Answer(
        question=question, status="answered", confidence=1, answer=text, citations=[source], model="m"
    )


def test_what_was_answered_from_later_articles_is_not_told_earlier() -> None:
    day = dt.date(2025, 11, 26)
    records = [
        Record(answer=answer("When?", "Then [1].", day)),
        Record(answer=answer("Who?", "She [1].")),
        Record(answer=answer("dams", "4 March: a dam [1].", day), topic="dams"),
    ]

    def told(as_of: dt.date | None) -> list[tuple[str, str]]:
        return [(turn.question, turn.answer) for turn in history_of(records, as_of)]

    assert [turn.articles for turn in history_of(records, day)] == [("a",), (), ()]
    assert told(None) == [("When?", "Then [1]."), ("Who?", "She [1]."), ("dams", "")]
    assert told(day) == [("When?", "Then [1]."), ("Who?", ""), ("dams", "")]
    assert told(day - dt.timedelta(1)) == [("When?", ""), ("Who?", ""), ("dams", "")]


# Commands


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("/sesions", "there is no /sesions; did you mean /sessions? /help lists the commands"),
        ("/", "there is no /; did you mean /"),
        ("/help sorces", "there is no /sorces; did you mean /sources?"),
        ("/sources", "nothing has been asked yet; ask a question first"),
        ("/why", "nothing has been asked yet"),
        ("/open", "nothing has been asked yet"),
        ("/retry", "nothing has been asked yet"),
        ("/undo", "nothing has been asked yet"),
        ("/save a.md", "nothing has been asked yet"),
        ("/save", "save where? write /save FILE.md, or FILE.json"),
        ("/open damm", "no article 'damm'; did you mean dam"),
        ("/search", "search for what? write /search WORDS"),
        ("/search ?", "nothing found"),
        ("/timeline", "a timeline of what? write /timeline TOPIC"),
        ("/brief", "a brief of what? write /brief TOPIC"),
        ("/asof tomorrow", "'tomorrow' is not a date; write it as 2025-11-26 or 26 Nov 2025, or off"),
        ("/asof", "limits: none; lift this one with: off"),
        ("/ASOF 2025-11-26", "limits: as of 26 Nov 2025"),
        ("/section nonsense", "no article has the section 'nonsense'; there are: Energy, Transport"),
        ("/section energy", "limits: energy"),
        ("/outlet radio", "limits: radio"),
        ("/outlet nobody", "no article has the outlet 'nobody'"),
        ("/model", "model: extractive"),
        ("/sessions rename a b", "'rename a b' is not understood; write /sessions, or /sessions delete NAME"),
        ("/sessions delete talks", "no session 'talks'; none is kept"),
        ("/resume", "resume which? write /resume NAME; /sessions lists them"),
        ("/resume talks", "no session 'talks'; none is kept"),
        ("/new a/b", "'a/b' is no session name"),
        ("/new", "a new conversation"),
    ],
)
def test_what_commands_tell(talk: Talk, capsys: Any, line: str, told: str) -> None:
    talk(line)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"assistant: {told}")
    assert captured.err.count("\n") == 1


def test_limits_that_exclude_each_other_change_nothing(talk: Talk) -> None:
    conversation = talk("/since 2025-04-01", "/asof 2025-01-01")
    assert conversation.terms == Terms(model="extractive", since=dt.date(2025, 4, 1))


def test_an_article_and_a_source_of_it(talk: Talk, said: QueuedChat, capsys: Any) -> None:
    said.replies = [COST]
    talk("/open ferry", ASKED, "/open 1", "/open 2")
    captured = capsys.readouterr()
    assert captured.out.startswith(
        "Ferry runs aground off Sandoy\n20 Nov 2025  Transport  ferry\n\nThe ferry"
    )
    assert "\nValley dam is approved\n4 Mar 2025  Energy  dam\n\nParliament" in captured.out
    assert captured.err == "assistant: the last answer has no source 2; /sources lists them\n"


def test_passages(talk: Talk, capsys: Any) -> None:
    talk("/asof 2025-03-31", "/search dam")
    captured = capsys.readouterr()
    assert captured.out.splitlines()[0].endswith("4 Mar 2025  Valley dam is approved  dam")
    assert "1 article has no date" in captured.err


def test_help(talk: Talk, capsys: Any) -> None:
    talk("/help", "/help asof", "/help /asof")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "/help [COMMAND]          list the commands, or explain one"
    assert lines[-3].startswith("/quit ")
    assert lines[-2] == lines[-1] == "/asof DATE | off  ask as of a day: later articles are hidden"
    assert len(lines) == 21


def test_another_model(talk: Talk, said: QueuedChat, capsys: Any) -> None:
    said.replies = [COST, REWORDED, COST]
    conversation = talk(ASKED, "/model other", ASKED)
    assert [one.answer.model for one in conversation.session.turns] == ["extractive", "other"]
    assert conversation.terms.model == "other"
    assert capsys.readouterr().err.startswith("assistant: model: other\n")


def test_a_model_that_cannot_be_had_changes_nothing(
    talk: Talk, said: QueuedChat, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = talk()

    def fail(*arguments: Any, **more: Any) -> Pipeline:
        raise FAILURE

    monkeypatch.setattr(build, "build_pipeline", fail)
    said.replies = [COST]
    converse(conversation, reader("/model none", ASKED), interactive=True)
    assert capsys.readouterr().err == f"assistant: {FAILURE}\n"
    assert conversation.terms == TERMS
    assert conversation.session.turns[0].answer.model == "extractive"


def test_a_file_is_written_again_by_who_wrote_it(
    talk: Talk, said: QueuedChat, capsys: Any, tmp_path: Path
) -> None:
    said.replies = [COST, REWORDED, COST]
    file = tmp_path / "a file.md"
    talk(ASKED, f"/save {file}", ASKED, f"/save {file}")
    assert file.read_text(encoding="utf-8").count("## ") == 2
    talk(session=Session(None, TERMS))
    said.replies = [COST]
    talk(ASKED, f"/save {file}")
    assert capsys.readouterr().err.endswith(
        f"assistant: {file} exists and is left as it is; give another name, or remove it\n"
    )


# Sessions


def test_conversations_come_and_go(talk: Talk, said: QueuedChat, capsys: Any) -> None:
    said.replies = [COST, COST, REWORDED, WRONG, WRONG]
    talk(
        ASKED,
        "/asof 2025-03-31",
        "/new tanks",
        ASKED,
        "/new talks",
        "/sessions",
        "/sessions delete tanks",
        "/resume talks",
        FOLLOW_UP,
        "/sessions delete talks",
        "/new",
        "/sessions delete talks",
        session=Session("talks", Terms(model="extractive", corpus="elsewhere")),
    )
    captured = capsys.readouterr()
    assert "  talks  1 turn  What will the valley dam cost?\n" in captured.out
    assert "* tanks  1 turn  What will the valley dam cost?\n" in captured.out
    told = [line for line in captured.err.splitlines() if "no date" not in line]
    assert told[:7] == [
        "assistant: limits: as of 31 Mar 2025",
        "assistant: a new conversation, kept as tanks",
        "assistant: there is a session 'talks'; go on with it: /resume talks",
        "assistant: 'tanks' is this conversation; begin another with /new, then delete it",
        f"assistant: going on after turn 1: {ASKED}",
        "assistant: its answers so far are from another corpus: elsewhere",
        WITHDRAWN.rstrip(),
    ]
    assert told[7] == "assistant: 'talks' is this conversation; begin another with /new, then delete it"
    assert told[8].startswith("assistant: a new conversation, kept as 20")
    assert told[9:] == ["assistant: deleted talks"]
    assert names() == ["tanks"]


def test_a_session_is_gone_on_with_under_its_terms(
    settings: Settings, said: QueuedChat, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lines(*lines: str) -> None:
        left = iter(lines)
        monkeypatch.setattr("builtins.input", lambda prompt: next(left))

    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    said.replies = [COST, REWORDED, COST, REWORDED, COST]
    lines(ASKED, "/model other", "/asof 2025-03-31", "/quit")
    assert chat(settings, "talks", keep=True) == 0
    lines(FOLLOW_UP, "/quit")
    assert chat(settings, "talks", keep=True) == 0
    assert f"assistant: going on after turn 1: {ASKED}\n" in capsys.readouterr().err
    lines(FOLLOW_UP, "/quit")
    assert chat(settings, "talks", keep=True, model="third", since=dt.date(2025, 1, 1)) == 0
    session = Session("talks", Terms())
    session.close()
    turns = [one.answer for one in session.turns]
    assert [turn.model for turn in turns] == ["extractive", "other", "third"]
    assert [turn.as_of for turn in turns] == [None, dt.date(2025, 3, 31), dt.date(2025, 3, 31)]
    assert session.terms.since == dt.date(2025, 1, 1)


def test_nothing_is_kept_of_a_pipe_without_a_name_or_if_it_shall_not(
    settings: Settings, said: QueuedChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, keep in ((None, True), ("talks", False), (None, False)):
        left = iter([ASKED, "/new", ASKED, "/quit"])
        monkeypatch.setattr("builtins.input", lambda prompt, left=left: next(left))
        said.replies = [COST, COST]
        assert chat(settings, name, keep=keep) == 0
    assert names() == []


def test_a_line_that_fails_in_a_pipe_is_in_the_status(
    settings: Settings, said: QueuedChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = iter(["/nonsense", "/quit"])
    monkeypatch.setattr("builtins.input", lambda prompt: next(left))
    assert chat(settings, None, keep=True) == 2


def test_what_cannot_be_loaded_ends_the_chat(settings: Settings, said: QueuedChat) -> None:
    with pytest.raises(SettingsError, match="no article has the section 'nonsense'"):
        chat(settings, "talks", keep=True, section="nonsense")
    Session("talks", Terms()).close()
