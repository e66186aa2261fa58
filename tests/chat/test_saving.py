"""Saving: footnotes that are verbatim, and nothing in an article or answer that Markdown takes for markup."""

import datetime as dt
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from assistant.chat.saving import as_markdown, escape, save
from assistant.chat.sessions import Record
from assistant.errors import SettingsError
from assistant.schema import Abstention, Answer, AnswerWarning, Citation, Claim

TEXT = "Parliament approved the *valley* dam\non Tuesday, by 61 votes to 38. She called it [1] a <b>day</b>."


def citation(number: int, quote: str) -> Citation:
    start = TEXT.index(quote)
    return Citation(
        number=number,
        article="2025-03-04-dam_vote",
        title="Dam [approved]",
        date=dt.date(2025, 3, 4),
        outlets=[],
        quote=quote,
        start=start,
        end=start + len(quote),
        url=None,
    )


VOTE = citation(1, TEXT[: TEXT.index(" She")])
DAY = citation(2, TEXT[TEXT.index("She") :])
ANSWERED = Answer(
    question="Who voted?",
    status="answered",
    confidence=1,
    answer="Parliament did [1]. It was a [3] *day* [1][2].",
    citations=[VOTE, DAY],
    warnings=[
        AnswerWarning(code="superseded", message="a later article says more"),
        AnswerWarning(code="unsupported-claim-dropped", message="of an older session"),
    ],
    model="m",
)
AGAIN = ANSWERED.model_copy(
    update={
        "question": "dams",
        "as_of": dt.date(2025, 11, 26),
        "answer": "4 March 2025: She called it a day [1].\n5 March 2025: more [2].",
        "citations": [DAY.model_copy(update={"number": 1}), VOTE.model_copy(update={"number": 2})],
        "warnings": [],
    }
)
ABSTAINED = Answer(
    question="Who built it?",
    as_of=dt.date(2025, 11, 26),
    status="abstained",
    abstention=Abstention(reason="not-stated", message="They do not say."),
    confidence=0,
    answer="",
    nearest=[VOTE],
    corpus_ends=dt.date(2025, 11, 20),
    model="m",
)
RECORDS = [Record(answer=ANSWERED), Record(answer=AGAIN, topic="dams"), Record(answer=ABSTAINED)]


def test_a_conversation_in_markdown() -> None:
    assert as_markdown(RECORDS) == (
        "## Who voted?\n\n"
        "Parliament did[^1]. It was a \\[3\\] \\*day\\*[^1][^2].\n\n"
        "*Note: a later article says more*\n\n"
        "## Timeline: dams\n\n"
        "*As of 26 Nov 2025*\n\n"
        "4 March 2025: She called it a day[^2].\n\n"
        "5 March 2025: more[^1].\n\n"
        "## Who built it?\n\n"
        "*As of 26 Nov 2025*\n\n"
        "They do not say. As of 26 Nov 2025, the newest article is of 20 Nov 2025.\n\n"
        "Nearest:[^1]\n\n"
        "[^1]: “Parliament approved the \\*valley\\* dam on Tuesday, by 61 votes to 38.”"
        " (Dam \\[approved\\], 4 Mar 2025, article 2025-03-04-dam\\_vote)\n\n"
        "[^2]: “She called it \\[1\\] a \\<b\\>day\\</b\\>.”"
        " (Dam \\[approved\\], 4 Mar 2025, article 2025-03-04-dam\\_vote)\n"
    )


def test_every_footnote_is_verbatim() -> None:
    written = as_markdown(RECORDS)
    quotes = re.findall(r"^\[\^\d+\]: “(.*)” \(", written, re.MULTILINE)
    assert len(quotes) == 2
    for quote in quotes:
        assert re.sub(r"\\(.)", r"\1", quote) in " ".join(TEXT.split())


def test_a_stopped_answer_says_so() -> None:
    stopped = ABSTAINED.model_copy(
        update={"abstention": None, "warnings": [AnswerWarning(code="stopped", message="stopped")]}
    )
    assert "## Who built it?\n\n*As of 26 Nov 2025*\n\nNearest:[^1]\n\n*Note: stopped*\n" in as_markdown(
        [Record(answer=stopped)]
    )


def test_a_brief_and_what_an_answer_lacks() -> None:
    denied = AnswerWarning(code="premise-denied", message="It was approved.")
    part = ANSWERED.model_copy(update={"status": "partly", "missing": "who *pays*", "warnings": [denied]})
    assert as_markdown([Record(answer=part, topic="x", brief=True)]).startswith(
        "## Brief: Who voted?\n\nParliament did[^1]. It was a \\[3\\] \\*day\\*[^1][^2].\n\n"
        "Not in the articles: who \\*pays\\*\n\n*Note: not as the question has it: It was approved.*\n"
    )


def test_differing_accounts_are_announced() -> None:
    warning = AnswerWarning(code="conflict", message="accounts differ")
    differ = ANSWERED.model_copy(update={"status": "conflicting", "warnings": [warning]})
    written = as_markdown([Record(answer=differ)])
    assert written.startswith("## Who voted?\n\n**Accounts differ:**\n\nParliament did[^1].")
    assert "Note" not in written


def test_a_claim_of_a_number_that_is_no_source_stays_text() -> None:
    alone = ANSWERED.model_copy(
        update={"claims": [Claim(text="x", citations=[1], support=1)], "citations": []}
    )
    assert "Parliament did \\[1\\]. It was" in as_markdown([Record(answer=alone)])


# What is not trusted

RENDERED = MarkdownIt("commonmark").enable(["table", "strikethrough"])
HARMLESS = {"paragraph_open", "paragraph_close", "inline", "text", "text_special"}


def tokens(markdown: str) -> list[Token]:
    blocks = RENDERED.parse(markdown)
    return [*blocks, *(token for block in blocks for token in block.children or ())]


EVIL = [
    "# heading",
    "- item",
    "+ item",
    "* item",
    "1. item",
    "1) item",
    "> quoted",
    "---",
    "===",
    "    code",
    "```",
    "~~~",
    "~~gone~~",
    "**loud** __loud__ *l* _l_",
    "`code`",
    "[link](https://evil.example)",
    "![image](https://evil.example/x.png)",
    "<https://evil.example>",
    "<script>alert(1)</script>",
    "[ref]: https://evil.example",
    "[^1]: a footnote of its own",
    "&lt;b&gt; &#42;",
    "a | b\n--|--\n1 | 2",
    "two  \nlines\\\nbroken",
    "\\*not\\*",
    "$x$ @someone :smile:",
]


@pytest.mark.parametrize("text", EVIL)
def test_no_markup_of_others(text: str) -> None:
    escaped = escape(text)
    assert "\n" not in escaped
    assert {token.type for token in tokens(escaped)} <= HARMLESS
    (paragraph,) = (token for token in RENDERED.parse(escaped) if token.type == "inline")
    assert "".join(child.content for child in paragraph.children or ()) == " ".join(text.split())


@pytest.mark.parametrize("text", ["https://evil.example", "www.evil.example", "WWW.evil.example", "mailto:a"])
def test_no_address_that_would_become_a_link(text: str) -> None:
    assert not re.search(r"\w:\S|www\.\S", escape(text), re.IGNORECASE)


@given(st.text())
def test_any_text_stays_text(text: str) -> None:
    record = Record(
        answer=ANSWERED.model_copy(update={"question": text, "answer": text, "warnings": [], "citations": []})
    )
    for token in tokens(as_markdown([record])):
        assert token.type in HARMLESS | {"heading_open", "heading_close"}


def test_what_steers_a_terminal_is_written_out() -> None:
    assert escape("a\x1b[2Jb\u202e") == "a\\<U+001B\\>\\[2Jb\\<U+202E\\>"


# Files


def test_json_is_a_list_of_answers(tmp_path: Path) -> None:
    save(RECORDS, tmp_path / "talks.JSON", again=False)
    read = json.loads((tmp_path / "talks.JSON").read_text(encoding="utf-8"))
    assert [Answer.model_validate_json(json.dumps(one)) for one in read] == [ANSWERED, AGAIN, ABSTAINED]


def test_another_file_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "notes.md"
    file.write_text("mine", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"notes.md exists and is left as it is; give another name"):
        save(RECORDS, file, again=False)
    assert file.read_text(encoding="utf-8") == "mine"
    save(RECORDS, file, again=True)
    assert file.read_text(encoding="utf-8") == as_markdown(RECORDS)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("talks.txt", "talks.txt ends in neither .md nor .json; name a file that does"),
        ("talks", "ends in neither"),
        ("no/talks.md", r"cannot write .*talks.md \(No such file or directory\); give another name"),
    ],
)
def test_what_cannot_be_saved(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        save(RECORDS, tmp_path / name, again=False)
    assert list(tmp_path.iterdir()) == []
