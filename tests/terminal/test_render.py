"""The terminal: whole transcripts, and nothing in an article or answer that could steer a terminal."""

import datetime as dt
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from assistant.corpus.articles import Article, Source
from assistant.schema import (
    Abstention,
    Answer,
    AnswerWarning,
    Checks,
    Citation,
    Claim,
    SearchAnswer,
    SearchPassage,
    StageRanks,
)
from assistant.terminal import render
from assistant.terminal.render import (
    article_json,
    article_text,
    notice,
    print_answer,
    print_article,
    print_search,
    safe,
    stdout,
)

QUOTE = "Parliament approved the valley dam on Tuesday by 61 votes to 38, after a debate of nine hours."
DAM = Citation(
    number=1,
    article="2025-03-04-dam",
    title="Valley dam is approved",
    date=dt.date(2025, 3, 4),
    outlets=["Harbour Post"],
    quote=QUOTE,
    start=0,
    end=len(QUOTE),
    url="https://harbour.example/dam",
)
ANSWERED = Answer(
    question="How many voted for it?",
    rewritten="How many voted for the valley dam?",
    status="answered",
    confidence=0.9,
    answer="61 members voted for it [1].",
    claims=[Claim(text="61 members voted for it.", citations=[1], support=1, checks=Checks(by="model"))],
    citations=[DAM],
    warnings=[AnswerWarning(code="superseded", message="a later article says more")],
    model="m",
)
ABSTAINED = Answer(
    question="Who built it?",
    status="abstained",
    abstention=Abstention(reason="not-stated", message="The corpus does not say."),
    confidence=0.0,
    answer="",
    nearest=[DAM.model_copy(update={"url": None, "date": None})],
    corpus_ends=dt.date(2025, 11, 20),
    model="m",
)
ESCAPES = "\x1b[2J\x1b]8;;https://evil.example\x07click\x1b]8;;\x07\x9b31m\u202eevil\u2066\u200b\x7f"


def on_terminal(width: int, **more: Any) -> Console:
    """A console like `stdout()` on a terminal of this width, writing to a buffer."""
    return Console(
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        width=width,
        highlight=False,
        markup=False,
        emoji=False,
        _environ={},
        **more,
    )


def shown(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return re.sub(r"id=\d+", "id=N", console.file.getvalue())


def plain_text(text: str) -> str:
    """What a terminal shows of a text, without what only steers it."""
    return re.sub(r"\x1b\[[0-9;]*m|\x1b\]8;[^\x1b]*\x1b\\", "", text)


# In a pipe


def test_an_answer_in_a_pipe(capsys: Any) -> None:
    print_answer(ANSWERED, stdout())
    captured = capsys.readouterr()
    assert captured.out == (
        "How many voted for the valley dam?\n"
        "61 members voted for it [1].\n"
        "\n"
        "[1] 4 Mar 2025  Valley dam is approved  2025-03-04-dam\n"
        f"    “{QUOTE}”\n"
    )
    assert captured.err == "assistant: a later article says more\n"


def test_quotes_of_one_article_stand_together(capsys: Any) -> None:
    again = DAM.model_copy(update={"number": 2, "quote": "Damage\nnone."})
    other = DAM.model_copy(update={"number": 3, "article": "x", "quote": "No."})
    print_answer(ANSWERED.model_copy(update={"citations": [DAM, again, other], "warnings": []}), stdout())
    assert capsys.readouterr().out.split("\n\n")[1] == (
        "[1] 4 Mar 2025  Valley dam is approved  2025-03-04-dam\n"
        f"    “{QUOTE}”\n"
        "[2] “Damage none.”\n"
        "[3] 4 Mar 2025  Valley dam is approved  x\n"
        "    “No.”\n"
    )


def test_differing_accounts_are_announced(capsys: Any) -> None:
    warning = AnswerWarning(code="conflict", message="accounts differ")
    print_answer(ANSWERED.model_copy(update={"status": "conflicting", "warnings": [warning]}), stdout())
    captured = capsys.readouterr()
    assert "\nAccounts differ:\n61 members voted for it [1].\n" in captured.out
    assert captured.err == ""


def test_an_abstention_in_a_pipe(capsys: Any) -> None:
    print_answer(ABSTAINED, stdout())
    assert capsys.readouterr().out == (
        "The corpus does not say. The newest article is of 20 Nov 2025.\n"
        "\n"
        "Nearest:\n"
        "[1] undated  Valley dam is approved  2025-03-04-dam\n"
        f"    “{QUOTE}”\n"
    )


@pytest.mark.parametrize(
    ("as_of", "ends", "said"),
    [
        (
            dt.date(2025, 11, 26),
            dt.date(2025, 11, 20),
            "As of 26 Nov 2025, the newest article is of 20 Nov 2025.",
        ),
        (dt.date(2025, 1, 1), None, "No article is of 1 Jan 2025 or earlier."),
        (None, dt.date(2025, 11, 20), "The newest article is of 20 Nov 2025."),
    ],
)
def test_an_abstention_says_what_it_looked_at(
    capsys: Any, as_of: dt.date | None, ends: dt.date | None, said: str
) -> None:
    print_answer(ABSTAINED.model_copy(update={"as_of": as_of, "corpus_ends": ends, "nearest": []}), stdout())
    assert capsys.readouterr().out == f"The corpus does not say. {said}\n"


def test_an_abstention_without_any_dates(capsys: Any) -> None:
    print_answer(ABSTAINED.model_copy(update={"corpus_ends": None, "nearest": []}), stdout())
    assert capsys.readouterr().out == "The corpus does not say.\n"


def test_nothing_is_cut_wrapped_or_padded_in_a_pipe(capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setenv("FORCE_COLOR", "1")
    long = ANSWERED.model_copy(update={"answer": "word " * 500 + "x" * 500, "rewritten": None})
    print_answer(long, stdout())
    out = capsys.readouterr().out
    assert out.splitlines()[0] == "word " * 500 + "x" * 500
    assert "\x1b" not in out


def test_a_passage_is_one_line_in_a_pipe(capsys: Any) -> None:
    print_search(FOUND, ["dam"], stdout())
    assert capsys.readouterr().out == (
        " 1  0.875  4 Mar 2025  Valley dam is approved  2025-03-04-dam\n"
        "    also in dam-2\n"
        "    The dam, approved. Damage none.\n"
        "\n"
    )


def test_what_was_dropped_is_withdrawn(capsys: Any) -> None:
    dropped = [
        Claim(text="62 members voted for it.", citations=[], support=0, reason="the quote says 61"),
        Claim(text="Nobody did.", citations=[], support=0),
    ]
    print_answer(ANSWERED.model_copy(update={"dropped": dropped, "warnings": []}), stdout())
    captured = capsys.readouterr()
    assert "62" not in captured.out
    assert captured.err == (
        "assistant: withdrawn: 62 members voted for it. (the quote says 61)\n"
        "assistant: withdrawn: Nobody did.\n"
    )


def said(text: str, *citations: int, by: Any = "verbatim") -> Claim:
    return Claim(text=text, citations=list(citations), support=1, checks=Checks(by=by))


@pytest.mark.parametrize(
    ("claims", "listed"),
    [
        ([said(QUOTE, 1), said("Damage none.", 2)], "[1][2] {}"),
        ([said(f"4 March 2025: {QUOTE}", 1), said("None was damaged.", 2, by="model")], "[1] {}[2] {none}"),
        ([said("It was approved.", 1, by="model"), said("Damage: none.", 2)], "[2] {}[1] {quote}"),
        ([said(QUOTE, 1, 2)], "[1] {}[2] {none}"),
        ([said(QUOTE, 1, by="model"), said("Damage none.", 2, by="exact")], "[1] {}    {quote}[2] {none}"),
        ([said("61 members voted for it.", 1), said("Hardly.", 2)], "[1] {}    {quote}[2] {none}"),
    ],
)
def test_a_quote_that_the_answer_consists_of_is_not_repeated(
    capsys: Any, claims: list[Claim], listed: str
) -> None:
    again = DAM.model_copy(update={"number": 2, "quote": "Damage\nnone."})
    update = {"claims": claims, "citations": [DAM, again], "warnings": []}
    print_answer(ANSWERED.model_copy(update=update), stdout())
    source = "4 Mar 2025  Valley dam is approved  2025-03-04-dam\n"
    expected = listed.format(source, none="“Damage none.”\n", quote=f"“{QUOTE}”\n")
    assert capsys.readouterr().out.split("\n\n")[1] == expected


def test_what_an_answer_lacks_stands_below_it(capsys: Any) -> None:
    part = ANSWERED.model_copy(update={"status": "partly", "missing": "who \x1b pays", "warnings": []})
    print_answer(part, stdout())
    assert "61 members voted for it [1].\nNot in the articles: who <U+001B> pays\n\n[1]" in (
        capsys.readouterr().out
    )


def test_a_premise_that_does_not_hold_is_told(capsys: Any) -> None:
    denied = AnswerWarning(code="premise-denied", message="It was approved.")
    print_answer(ANSWERED.model_copy(update={"warnings": [denied]}), stdout())
    assert capsys.readouterr().err == "assistant: not as the question has it: It was approved.\n"


@pytest.mark.parametrize(
    ("reason", "told"),
    [("not-stated", True), ("unsupported", True), ("nothing-relevant", False), ("unclear-question", False)],
)
def test_where_the_articles_do_not_say_what_else_may_be_asked(capsys: Any, reason: Any, told: bool) -> None:
    abstained = ABSTAINED.model_copy(update={"abstention": Abstention(reason=reason, message="No.")})
    print_answer(abstained, stdout(), hint="ask for a brief")
    assert capsys.readouterr().err == ("assistant: ask for a brief\n" if told else "")
    print_answer(abstained, stdout())
    print_answer(ANSWERED.model_copy(update={"warnings": []}), stdout(), hint="ask for a brief")
    stopped = abstained.model_copy(update={"warnings": [AnswerWarning(code="stopped", message="stopped")]})
    print_answer(stopped, stdout(), hint="ask for a brief")
    assert capsys.readouterr().err == "assistant: stopped\n"


def test_a_stopped_answer_shows_what_was_found(capsys: Any) -> None:
    stopped = AnswerWarning(code="stopped", message="stopped")
    print_answer(ABSTAINED.model_copy(update={"abstention": None, "warnings": [stopped]}), stdout())
    captured = capsys.readouterr()
    assert captured.out.startswith("\nNearest:\n[1] undated  Valley dam is approved"), "of an older session"
    assert captured.err == "assistant: stopped\n"


# On a terminal


@pytest.mark.parametrize("width", [20, 60, 120])
def test_an_answer_on_a_terminal(width: int) -> None:
    console = on_terminal(width)
    print_answer(ANSWERED.model_copy(update={"warnings": []}), console)
    lines = plain_text(shown(console)).split("\n")
    assert all(len(line) <= width for line in lines)
    assert " ".join(" ".join(lines).split()) == (
        "How many voted for the valley dam? 61 members voted for it [1]. "
        f"[1] 4 Mar 2025 Valley dam is approved 2025-03-04-dam “{QUOTE}”"
    )
    quoted = lines[next(number for number, line in enumerate(lines) if "“" in line) : -1]
    assert all(line.startswith("    ") for line in quoted)


def test_colours_and_a_link_on_a_terminal() -> None:
    console = on_terminal(120)
    print_answer(ANSWERED.model_copy(update={"warnings": [], "rewritten": None}), console)
    assert shown(console).split("\n")[2] == (
        "\x1b[1m[1] \x1b[0m\x1b[36m4 Mar 2025  \x1b[0m"
        "\x1b]8;id=N;https://harbour.example/dam\x1b\\Valley dam is approved\x1b]8;;\x1b\\"
        "\x1b[2m  2025-03-04-dam\x1b[0m"
    )


def test_no_color_and_dumb_terminals() -> None:
    console = on_terminal(120, no_color=True)
    print_answer(ANSWERED.model_copy(update={"warnings": []}), console)
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", shown(console))
    dumb = Console(file=io.StringIO(), force_terminal=True, width=120, _environ={"TERM": "dumb"})
    print_answer(ANSWERED.model_copy(update={"warnings": []}), dumb)
    assert "\x1b" not in shown(dumb)


@pytest.mark.parametrize(
    "url",
    [
        None,
        "javascript:alert(1)",
        "file:///etc/passwd",
        "ftp://a.example",
        "https://a.example/\x1b]8;;",
        "https://a.example/\x07",
        "https://a.example/ b",
        "https://exämple.example",
        "https://a.example/\u202e",
        "https://",
    ],
)
def test_what_is_no_web_address_is_no_link(url: str | None) -> None:
    console = on_terminal(120)
    print_answer(ANSWERED.model_copy(update={"citations": [DAM.model_copy(update={"url": url})]}), console)
    assert "\x1b]8" not in shown(console)
    assert "Valley dam is approved" in shown(console)


FOUND = SearchAnswer(
    query="dam",
    passages=[
        SearchPassage(
            article="2025-03-04-dam",
            title="Valley dam is approved",
            date=dt.date(2025, 3, 4),
            start=0,
            end=32,
            text="The dam,\n\napproved. Damage none.",
            score=0.875,
            also_in=["dam-2"],
        )
    ],
)


def test_the_words_of_a_query_are_marked() -> None:
    console = on_terminal(60)
    print_search(FOUND, ["dam", "none"], console)
    text = shown(console)
    assert "The \x1b[1mdam\x1b[0m," in text
    assert "Damage \x1b[1mnone\x1b[0m." in text, "only whole words"
    unmarked = on_terminal(60)
    print_search(FOUND, [], unmarked)
    assert "The dam," in shown(unmarked)


def test_a_word_of_a_query_is_no_pattern() -> None:
    console = on_terminal(60)
    print_search(FOUND, ["d.m", "(", "*"], console)
    assert "The dam," in shown(console)


def test_the_stages_of_a_passage(capsys: Any) -> None:
    ranks = StageRanks(dense=3, lexical=None, fused=2, reranked=1)
    passage = FOUND.passages[0].model_copy(update={"ranks": ranks, "also_in": []})
    print_search(FOUND.model_copy(update={"passages": [passage]}), [], stdout())
    assert "    dense 3  lexical -  fused 2  reranked 1\n" in capsys.readouterr().out


# What is not trusted


def test_escapes_are_written_out() -> None:
    assert safe("a\x1b[2J\x07\x9b\u202e\u200b\ue000\x7f\r\tb\n") == (
        "a<U+001B>[2J<U+0007><U+009B><U+202E><U+200B><U+E000><U+007F><U+000D>\tb\n"
    )


@pytest.mark.parametrize("width", [40, 200])
def test_an_article_cannot_steer_the_terminal(width: int) -> None:
    console = on_terminal(width)
    evil = DAM.model_copy(
        update={"title": f"T{ESCAPES}", "article": f"a{ESCAPES}", "quote": f"q{ESCAPES}", "url": None}
    )
    print_answer(
        ANSWERED.model_copy(
            update={"answer": f"A{ESCAPES}", "rewritten": f"R{ESCAPES}", "citations": [evil], "warnings": []}
        ),
        console,
    )
    text = shown(console)
    assert "\x1b" not in plain_text(text)
    assert not set("\x07\x9b\u202e\u2066\u200b\x7f") & set(text)
    assert "\x1b]8" not in text


def test_markup_in_an_article_stays_text() -> None:
    console = on_terminal(200)
    marked = "[bold]loud[/bold] [link=https://evil.example]x[/link] :smile: [1]"
    print_answer(ANSWERED.model_copy(update={"answer": marked, "warnings": [], "citations": []}), console)
    assert marked in shown(console)


@given(st.text())
def test_safe_text_is_printable_and_the_rest_untouched(text: str) -> None:
    written = safe(text)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", written)
    assert (
        re.sub(r"<U\+([0-9A-F]{4,6})>", lambda match: chr(int(match[1], 16)), written) == text
        or "<U+" in text
    )


def test_a_notice_is_one_line_of_plain_text(capsys: Any) -> None:
    notice("[bold]x[/bold]\x1b[2J " + "long " * 60)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "assistant: [bold]x[/bold]<U+001B>[2J " + "long " * 60 + "\n"


# Articles

ARTICLE = Article(
    "a-1",
    "A [bold] title",
    "One\ttab.\x1b[2J\x0c\n\n  Two.   \nline " + "long " * 60,
    dt.date(2025, 3, 4),
    "Energy",
    (Source("Harbour Post", "https://harbour.example"), Source("Radio")),
    "https://harbour.example",
)


def test_a_pipe_gets_an_article_exactly(capsys: Any) -> None:
    print_article(ARTICLE)
    assert capsys.readouterr().out == (
        f"A [bold] title\n4 Mar 2025  Energy  a-1\n\n{ARTICLE.text}\n\nHarbour Post  https://harbour.example\nRadio\n"
    )


def test_an_article_without_facts(capsys: Any) -> None:
    print_article(Article("b", "Title", "Text."))
    assert capsys.readouterr().out == "Title\nundated  b\n\nText.\n"


def test_a_terminal_gets_an_article_without_its_escapes(monkeypatch: pytest.MonkeyPatch) -> None:
    console = on_terminal(60)
    monkeypatch.setattr(render, "stdout", lambda: console)
    print_article(ARTICLE)
    text = plain_text(shown(console))
    assert "\x1b" not in text
    assert "<U+001B>[2J<U+000C>" in text
    assert "A [bold] title" in text


def test_a_quote_is_marked_in_its_article() -> None:
    start = ARTICLE.text.index("Two")
    text, begin = article_text(ARTICLE, (start, start + 4))
    (marked,) = [span for span in text.spans if span.style == "reverse"]
    assert text.plain[marked.start : marked.end] == "Two."
    assert marked.start == begin > start, "what steers a terminal takes more room written out"


def test_the_json_of_an_article_is_exact() -> None:
    assert json.loads(article_json(ARTICLE)) == {
        "id": "a-1",
        "title": "A [bold] title",
        "text": ARTICLE.text,
        "published": "2025-03-04",
        "section": "Energy",
        "sources": [
            {"outlet": "Harbour Post", "url": "https://harbour.example"},
            {"outlet": "Radio", "url": None},
        ],
        "url": "https://harbour.example",
        "updated": None,
        "superseded": None,
        "author": "",
        "language": "",
    }


def test_a_screen_narrower_than_its_indent(tmp_path: Path) -> None:
    console = on_terminal(3)
    print_answer(ANSWERED.model_copy(update={"warnings": []}), console)
    print_search(FOUND, ["dam"], console)
    assert shown(console)
