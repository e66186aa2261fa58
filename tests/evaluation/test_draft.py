"""Drafts of gold cases: chosen, marked, valid, and won by their own evidence."""

import datetime as dt
from collections.abc import Sequence

from assistant.corpus.articles import Article
from assistant.evaluation.gold.cases import Case, check_gold
from assistant.evaluation.gold.draft import GAP, draft_cases
from assistant.evaluation.scorers.standard import outcome
from assistant.schema import Answer

OLD = Article(
    "old",
    "Dam",
    "# Dam: 61 votes to 38 after nine hours of debate in parliament\n\nParliament approved the valley dam on "
    "Tuesday by 61.5% of the votes. Short, in 2025. The minister says that it is being built for children. "
    'She added that "we build it for our children and theirs" before the vote.',
    dt.date(2025, 3, 4),
)
NEW = Article(
    "new", "Ferry", "The ferry Marta ran aground on 20 November 2025 off Sandoy.", dt.date(2026, 1, 1)
)
UNDATED = Article("undated", "Fish", "Researchers of the marine institute advise a quota of 800,000 tonnes.")
ARTICLES = {article.id: article for article in (UNDATED, OLD, NEW)}


def drafts(count: int, cases: Sequence[Case] = ()) -> list[Case]:
    return draft_cases(ARTICLES, cases, count)


def test_newest_articles_come_first_and_each_once_before_any_twice() -> None:
    assert [draft.evidence[0].article for draft in drafts(9)] == ["new", "old", "undated", "old"]
    assert [draft.evidence[0].article for draft in drafts(2)] == ["new", "old"]


def test_a_draft_asks_for_a_detail_of_its_sentence() -> None:
    found = {draft.type: (draft.question, draft.expect) for draft in drafts(9)[:2]}
    assert found["date"] == (
        f"The ferry Marta ran aground on {GAP} off Sandoy.",
        (("20 November 2025",),),
    )
    assert found["number"][1] == (("61.5%",),)
    assert drafts(9)[2].expect == (("800,000",),)
    quote = drafts(9)[3]
    assert (quote.type, quote.expect) == ("quote", (("we build it for our children and theirs",),))
    assert f'"{GAP}"' in quote.question


def test_drafts_are_marked_valid_and_can_be_won() -> None:
    found = drafts(9)
    assert all(draft.draft for draft in found)
    assert check_gold(found, ARTICLES) == []
    for draft in found:
        assert Case.model_validate_json(draft.model_dump_json(), strict=True) == draft
        told = Answer(question="", status="answered", confidence=1, answer=draft.evidence[0].quote, model="m")
        assert outcome(draft, told) == "right"


def test_articles_with_a_case_are_passed_over_even_if_it_is_a_draft() -> None:
    assert drafts(9, drafts(9)[:1])[0].evidence[0].article == "old"
    assert drafts(9, drafts(9)) == []
