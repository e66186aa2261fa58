"""Gold cases: reading, consistency, and whether they can be won."""

import datetime as dt
import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from assistant.corpus.articles import Article, read_corpus
from assistant.errors import GoldError
from assistant.evaluation.gold.cases import (
    CASE_TYPES,
    Case,
    check_gold,
    cut_quotes,
    quote_spans,
    read_cases,
    read_gold,
)

ROOT = Path(__file__).parents[2]
LINE: dict[str, Any] = {
    "id": "a1",
    "question": "Who leads?",
    "type": "lookup",
    "as_of": None,
    "history": [],
    "answerable": True,
    "expect": [["Hansen"]],
    "evidence": [{"article": "x", "quote": "Hansen  leads."}],
}
UNANSWERABLE = {"type": "unanswerable", "answerable": False, "expect": [], "evidence": []}


def write(path: Path, *lines: dict[str, Any] | str) -> Path:
    path.write_text(
        "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines) + "\n", "utf-8"
    )
    return path


def case(**changes: Any) -> Case:
    return Case.model_validate_json(json.dumps(LINE | changes))


def test_reads_cases_in_order_and_skips_blank_lines(tmp_path: Path) -> None:
    turn = {"question": "And?", "answer": "Then."}
    follow_up = LINE | {"id": "a2", "type": "follow-up", "history": [turn], "as_of": "2025-11-26"}
    cases = read_gold(write(tmp_path / "gold.jsonl", LINE, "", "  ", follow_up))
    assert [one.id for one in cases] == ["a1", "a2"]
    assert cases[0].expect == (("Hansen",),)
    assert cases[1].history[0].question == "And?"
    assert cases[1].as_of == dt.date(2025, 11, 26)


def test_a_line_separator_inside_a_question_ends_no_line(tmp_path: Path) -> None:
    line = json.dumps(LINE | {"question": "a\u2028b"}, ensure_ascii=False)
    assert read_gold(write(tmp_path / "gold.jsonl", line))[0].question == "a\u2028b"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{", "Invalid JSON"),
        ("[]", "object"),
        (LINE | {"difficulty": 3}, "difficulty: Extra inputs"),
        ({key: LINE[key] for key in LINE if key != "expect"}, "expect: Field required"),
        (LINE | {"question": " "}, "question: "),
        (LINE | {"type": "riddle"}, "type: "),
        (LINE | {"as_of": "yesterday"}, "as_of: "),
        (LINE | {"as_of": 20251126}, "as_of: "),
        (LINE | {"answerable": "yes"}, "answerable: "),
        (LINE | {"expect": [[]]}, "expect.0: "),
        (LINE | {"expect": [[""]]}, "expect.0.0: "),
        (LINE | {"expect": []}, "answerable, but expect is empty"),
        (LINE | {"evidence": []}, "answerable, but without evidence"),
        (LINE | {"type": "unanswerable"}, "answerable, but of type unanswerable"),
        (LINE | UNANSWERABLE | {"type": "lookup"}, "not answerable, but not of that type"),
        (LINE | UNANSWERABLE | {"expect": [["x"]]}, "not answerable, but expect is not empty"),
        (LINE | {"reject": [[]]}, "reject.0: "),
        (LINE | {"reject": [["x"], [LINE["expect"][0][0].upper()]]}, "both in expect and in reject"),
        ({"question": "Who?", "answer": " "}, "answer: must be text, and not empty; write it in quotation"),
        ({"question": "Who?", "answer": 3}, "answer: must be text"),
        ({"question": "Who?", "answers": ["Hansen", 3]}, "answers: must be text"),
        ({"question": "Who?", "answers": "Hansen"}, "answers: must be text"),
        ({"question": "Who?", "answers": []}, "answers: must be text"),
        ({"question": "Who?"}, 'no answer; give one of "answer", "answers" and "unanswerable": true'),
        ({"question": "Who?", "unanswerable": False}, "no answer"),
        ({"question": "Who?", "unanswerable": "yes"}, "unanswerable: must be true"),
        ({"question": "Who?", "answer": "Hansen", "unanswerable": True}, "both answer and unanswerable;"),
        ({"question": 3, "answer": "Hansen"}, "question: "),
        ({"question": "Who?", "answer": "Hansen", "type": "riddle"}, "type: "),
        ({"question": "Who?", "answer": "Hansen", "draft": "yes"}, "draft: "),
        ({"answer": "Hansen"}, "question: Field required"),
        (LINE | {"type": "as-of"}, "of type as-of, but without as_of"),
        (LINE | {"type": "follow-up"}, "of type follow-up, but without history"),
        (LINE | {"history": [{"question": "And?"}]}, "history.0.answer: Field required"),
        (LINE, "id a1 already stands on line 1"),
    ],
)
def test_a_problem_is_named_with_its_file_and_line(
    tmp_path: Path, line: dict[str, Any] | str, problem: str
) -> None:
    path = write(tmp_path / "gold.jsonl", LINE, "", line)
    with pytest.raises(GoldError) as caught:
        read_gold(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: line 3: ")
    assert problem in message
    assert "\n" not in message


def test_wrong_values_may_be_named(tmp_path: Path) -> None:
    (read,) = read_gold(
        write(tmp_path / "gold.jsonl", LINE | {"reject": [["80", "eighty"]], "type": "summary"})
    )
    assert (read.reject, read.type, read.plain) == ((("80", "eighty"),), "summary", False)
    assert case().reject == ()


def test_a_plain_question_with_its_answer_is_a_case(tmp_path: Path) -> None:
    plain = {"answer": "90 boats", "question": "How many, in all?"}
    one, two = read_gold(write(tmp_path / "gold.jsonl", LINE, "", plain))[:2]
    assert one == case()
    assert (two.question, two.type, two.expect) == ("How many, in all?", "lookup", (("90 boats",),))
    assert (two.evidence, two.answerable, two.plain) == ((), True, True)
    assert check_gold([two], {}) == []


def test_a_plain_line_may_have_several_answers_or_none_or_say_more(tmp_path: Path) -> None:
    lines: list[dict[str, Any]] = [
        {"question": "Who?", "answers": ["Ilse Brandt", "Brandt"]},
        {"question": "Why?", "unanswerable": True},
        {"question": "When?", "answer": "May", "id": "when", "type": "date", "as_of": "2025-11-26"},
        {"question": "Who leads?", "answer": "Hansen", "evidence": LINE["evidence"], "draft": True},
    ]
    who, why, when, leads = read_cases(write(tmp_path / "gold.jsonl", *lines))
    assert who.expect == (("Ilse Brandt", "Brandt"),)
    assert (why.type, why.answerable, why.expect) == ("unanswerable", False, ())
    assert (when.id, when.type, when.as_of) == ("when", "date", dt.date(2025, 11, 26))
    assert (leads.evidence, leads.plain, leads.draft) == (case().evidence, False, True)


def test_the_id_of_a_plain_line_is_made_of_its_question_wherever_it_stands(tmp_path: Path) -> None:
    asked = {"question": "How many boats, in all, came to Örö in May?", "answer": "90"}
    other = {"question": "How many boats, in all, came to Örö in June?", "answer": "91"}
    (alone,) = read_gold(write(tmp_path / "gold.jsonl", asked))
    first, second = read_gold(write(tmp_path / "gold.jsonl", other, "", asked | {"answer": "90 boats"}))
    assert alone.id.startswith("how-many-boats-in-all-came-")
    assert second.id == alone.id != first.id
    early = asked | {"as_of": "2025-11-26"}
    assert len({one.id for one in read_gold(write(tmp_path / "gold.jsonl", asked, early))}) == 2
    (marks,) = read_gold(write(tmp_path / "gold.jsonl", {"question": "??", "answer": "!"}))
    assert len(marks.id) == 6
    with pytest.raises(GoldError, match=r"line 2: id how-many-.* already stands on line 1"):
        read_gold(write(tmp_path / "gold.jsonl", asked, asked))


def test_keys_that_mean_nothing_in_a_plain_line_are_told_once(tmp_path: Path) -> None:
    told: list[str] = []
    plain = {"question": "Who?", "answer": "Hansen"}
    more = {"question": "When?", "answer": "May", "source": "x", "level": 3}
    path = write(tmp_path / "gold.jsonl", plain, more, more | {"question": "Why?"})
    assert len(read_gold(path, told.append)) == 3
    listed = "level (first on line 2), source (first on line 2)"
    assert told == [f"{path}: unknown keys are ignored: {listed}"]


def test_a_byte_order_mark_and_windows_lines_are_no_problem(tmp_path: Path) -> None:
    path = tmp_path / "gold.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"question": "Who?", "answer": "Hansen"}\r\n\r\n')
    assert [one.question for one in read_gold(path)] == ["Who?"]


def test_all_problems_are_told_at_once_the_first_few_in_full(tmp_path: Path) -> None:
    with pytest.raises(GoldError, match=r"line 1: .*; line 5: .*; and 2 more\. Correct"):
        read_gold(write(tmp_path / "gold.jsonl", *["{"] * 7))


def test_a_missing_and_an_empty_file(tmp_path: Path) -> None:
    with pytest.raises(GoldError, match=r"none\.jsonl: is not there; write it with: assistant eval init"):
        read_gold(tmp_path / "none.jsonl")
    with pytest.raises(GoldError, match="cannot be read"):
        read_gold(tmp_path)
    with pytest.raises(GoldError, match="holds no case"):
        read_gold(write(tmp_path / "gold.jsonl", ""))


def test_cases_are_frozen_and_halved_by_their_id() -> None:
    for name in ("a1", "a2", "b1", "é"):
        even = int(hashlib.sha256(name.encode()).hexdigest(), 16) % 2 == 0
        assert case(id=name).half == ("dev" if even else "test")
    with pytest.raises(ValueError, match="frozen"):
        case().id = "other"  # type: ignore[misc]


def test_quotes_are_found_whatever_their_white_space() -> None:
    assert quote_spans("So:\nHansen\n leads. Hansen leads.", "Hansen leads.") == [(4, 18), (19, 32)]
    assert quote_spans("a.b", "a+b") == []


def test_cases_that_cannot_be_won() -> None:
    day = dt.date(2025, 11, 26)
    held = Article("x", "t", "So Hansen leads.", day)
    assert check_gold([case(), case(as_of="2025-11-26")], {"x": held}) == []
    assert check_gold([case()], {}) == ["a1: no article x"]
    assert check_gold([case()], {"x": Article("x", "t", "Nobody.")}) == [
        'a1: x does not hold "Hansen  leads."'
    ]
    assert check_gold([case(as_of="2025-11-25")], {"x": held}) == ["a1: x is of 2025-11-26, after 2025-11-25"]
    undated = Article("x", "t", held.text)
    assert check_gold([case()], {"x": undated}) == []
    assert check_gold([case(as_of="2025-11-25")], {"x": undated}) == [
        "a1: x has no date, so it is hidden as of 2025-11-25"
    ]


def test_quotes_that_no_passage_holds() -> None:
    """Two sentences of 50 words each, cut apart where a passage has at most 60."""
    words = "one two three four five six seven eight nine ten " * 5
    text = f"First {words.strip()}. Then {words.strip()}."
    articles = {"x": Article("x", "t", text)}
    both = case(evidence=[{"article": "x", "quote": "ten. Then"}])
    assert cut_quotes([both], articles, 60) == ['a1: no passage of x holds "ten. Then"']
    assert cut_quotes([both], articles, 120) == []
    one = case(evidence=[{"article": "x", "quote": "First one"}])
    assert cut_quotes([one], articles, 60) == []
    assert cut_quotes([case()], articles, 60) == []  # nowhere in its article
    assert cut_quotes([both], {}, 60) == []


def test_a_passage_joins_paragraphs_while_they_fit() -> None:
    paragraphs = [f"{name} " + "word " * 29 + "end." for name in ("Alpha", "Beta", "Gamma")]
    articles = {"x": Article("x", "t", "\n\n".join(paragraphs))}
    near = case(evidence=[{"article": "x", "quote": "end. Beta"}])
    assert cut_quotes([near], articles, 70) == []
    assert cut_quotes([near], articles, 60) != []


def test_drafts_are_read_but_do_not_count(tmp_path: Path) -> None:
    path = write(tmp_path / "gold.jsonl", LINE, LINE | {"id": "a2", "draft": True})
    assert [one.id for one in read_gold(path)] == ["a1"]
    assert [one.id for one in read_cases(path)] == ["a1", "a2"]
    write(path, LINE | {"draft": True})
    with pytest.raises(GoldError, match="has no cases other than drafts"):
        read_gold(path)


def test_the_gold_of_this_project_can_be_won() -> None:
    articles = {article.id: article for article in read_corpus(ROOT / "corpus")}
    cases = read_gold(ROOT / "eval" / "gold.jsonl")
    assert len(cases) >= 180
    assert {one.type for one in cases} >= set(CASE_TYPES) - {"summary"}
    assert min(Counter(one.half for one in cases).values()) > 60
    assert check_gold(cases, articles) == []
