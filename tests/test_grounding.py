"""Grounding: what stands in the articles is kept, in any spelling; what does not is dropped with a reason."""

import datetime as dt

import pytest
from fakes import sentences_of
from hypothesis import given
from hypothesis import strategies as st

from assistant.articles import Article
from assistant.details import amounts
from assistant.grounding import (
    Grounded,
    RawClaim,
    completed,
    ground,
    mend_quotes,
    names,
    quoted,
    shares_words,
    unsupported_details,
)

DAM = Article(
    "dam",
    "Valley dam is approved",
    "Parliament approved the valley dam on 4 March by 61 votes to 38. The dam will cost 90 billion crowns, "
    "energy minister Ilse Brandt said in Norrhavn. She said: “We build it for our children and theirs.”",
    dt.date(2025, 3, 4),
)
FISH = Article(
    "fish",
    "Herring stocks recover",
    "Herring stocks have recovered, the marine institute found. It advises a quota of 800,000 tonnes from 23 "
    "April on. Twenty-six boats may go out.",
)
SENTENCES = sentences_of(DAM, FISH)


def support(pairs: list[tuple[str, str]]) -> list[float]:
    """One for equal texts, a half else."""
    return [1.0 if claim == quote else 0.5 for claim, quote in pairs]


def one(text: str, *named: int) -> Grounded:
    (only,) = ground([RawClaim(text, named)], SENTENCES, support)
    return only


def carriers(text: str, *named: int) -> list[int]:
    return [sentence.number for sentence in one(text, *named).sentences]


def test_the_sentences_of_these_tests() -> None:
    assert [sentence.text[:12] for sentence in SENTENCES] == [
        "Parliament a", "The dam will", "She said: “W", "Herring stoc", "It advises a", "Twenty-six b",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("The dam costs 90 billion crowns.", 2),
        ("The dam costs 90bn crowns.", 2),
        ("The quota is 800,000 tonnes.", 5),
        ("The quota is 800 000 tonnes.".replace("800 000", "800\u202f000"), 5),
        ("The quota is 800000 tonnes.", 5),
        ("The quota of tonnes counts from April 23 on.", 5),
        ("The quota of tonnes counts from 23 April on.", 5),
        ("The quota of tonnes counts from the 23rd of April on.", 5),
        ("In all 26 boats may go out.", 6),
        ("In all twenty-six boats may go out.", 6),
        ("Minister Ilse Brandt said the dam costs 90 billion.", 2),
        ("Parliament approved the dam on March 4.", 1),
        ("On 4 March 2025 parliament approved the valley dam.", 1),
        ('She said "We build it for our children and theirs".', 3),
    ],
)
def test_any_spelling_of_what_stands_there_is_kept(text: str, number: int) -> None:
    assert carriers(text, number) == [number]


@pytest.mark.parametrize(
    ("text", "number", "missing"),
    [
        ("The dam will cost 95 billion crowns.", 2, "95"),
        ("The dam will cost 9 billion crowns.", 2, "9"),
        ("Parliament approved the dam by 61 votes to 39.", 1, "39"),
        ("Parliament approved the valley dam on 5 March.", 1, "5march"),
        ("The minister Erik Brandt named the cost of the dam.", 2, "Erik"),
        ("The quota of herring was advised in Oslo.", 5, "Oslo"),
        ("The minister Ivan Novak named the cost of the dam.", 2, "Ivan"),
        ('She said "The children will pay for all of it".', 3, "The children will pay for all of it"),
    ],
)
def test_an_invented_detail_drops_the_claim(text: str, number: int, missing: str) -> None:
    dropped = one(text, number)
    assert dropped.sentences == ()
    assert dropped.support == 0.0
    assert missing in dropped.reason


def test_a_claim_without_a_sentence_that_fits_is_dropped() -> None:
    assert (
        one(
            "Whales were counted near harbours.",
        ).sentences
        == ()
    )
    assert one("Whales were counted near harbours.").reason == "no sentence that was read says so"


@pytest.mark.parametrize("named", [(), (1,), (4,), (99,), (0,), (-1,), (4, 99)])
def test_a_wrong_sentence_is_replaced_by_the_right_one(named: tuple[int, ...]) -> None:
    assert carriers("The dam will cost 90 billion crowns.", *named) == [2]


def test_several_sentences_carry_a_claim_together() -> None:
    assert carriers("Parliament approved the dam by 61 votes; it costs 90 billion.", 1, 2) == [1, 2]


def test_the_best_of_several_sentences_supports() -> None:
    assert one("Twenty-six boats may go out.", 4, 6).support == 1.0


def test_a_repeated_claim_comes_once_and_an_empty_one_not_at_all() -> None:
    claims = [
        RawClaim(text, (6,)) for text in ("26 boats may go out.", "26 Boats may go out", " ", "\u200b", "…")
    ]
    assert [claim.text for claim in ground(claims, SENTENCES, support)] == ["26 boats may go out."]


def test_a_misquote_is_mended() -> None:
    mended = one('She said "We build it for our childrens and theirs".', 3)
    assert mended.text == 'She said "We build it for our children and theirs".'
    assert [sentence.number for sentence in mended.sentences] == [3]


@pytest.mark.parametrize("end", [".”", "!”", ",” and left.", "”.", "” and left."])
def test_a_mended_quote_keeps_the_punctuation_that_it_had(end: str) -> None:
    mended = mend_quotes(f"They said “We build it for our childrens and theirs{end}", SENTENCES)
    assert mended == f"They said “We build it for our children and theirs{end}"


def test_a_right_quote_and_an_invented_one_are_left_alone() -> None:
    for text in ("She said “We build it for our children”.", "She said “Nothing of all this is true”."):
        assert mend_quotes(text, SENTENCES) == text
    assert mend_quotes("She said “anything at all”.", []) == "She said “anything at all”."


def test_details_of_a_text() -> None:
    assert amounts("On 23 April, 90bn and twenty-six.") == ["23april", "90 billion", "26"]
    assert names("The minister Ilse Brandt's aide said I may ask the EU. Then she left.") == [
        "Ilse",
        "Brandt",
        "EU",
    ]
    assert quoted('He said "a longer quote, indeed," and “so”.') == ["a longer quote, indeed"]
    assert shares_words("The valley dam", "A dam in the valley")
    assert not shares_words("The valley dam", "Herring stocks")


def test_a_name_may_stand_in_the_headline_but_a_number_must_be_near() -> None:
    assert unsupported_details("It happened in the Valley.", [SENTENCES[1]], SENTENCES) == []
    assert unsupported_details("The boats brought 800,000 home.", [SENTENCES[1]], SENTENCES) == ["800000"]


@pytest.mark.parametrize(
    ("text", "lacking"),
    [
        ("The dam will cost 90 million crowns.", ["90 million"]),
        ("The dam will cost 90 percent.", ["90 percent"]),
        ("Norrhavn approved the quota.", ["Norrhavn"]),
        ("One of the boats may go out.", []),
    ],
)
def test_scales_first_names_and_short_quotes(text: str, lacking: list[str]) -> None:
    named = SENTENCES[5] if "boats" in text or "quota" in text else SENTENCES[1]
    assert unsupported_details(text, [named], SENTENCES) == lacking


BUDGET = Article(
    "budget",
    "Budget of Sandoy",
    "The council met for six hours. The mayor Olav Berg defended the plan. It spends 14 million crowns on "
    "roads and 9 million on schools. Roads get less than before. A vote follows in June.\n\n"
    "The European Union and the marine institute pay a part. The opposition of Norrhavn objected.",
)
ROWS = sentences_of(BUDGET)


def rows(text: str, *named: int, question: str = "") -> list[int]:
    (only,) = ground([RawClaim(text, named)], ROWS, support, question)
    return [sentence.number for sentence in only.sentences]


@pytest.mark.parametrize(
    ("text", "named", "cited"),
    [
        # the named sentence lacks every number: the one beside it that has them all takes its place
        ("The plan of Olav Berg spends 14 million on roads.", 2, [3]),
        ("The roads get 14 million under the plan.", 4, [3]),
        # those beside it that hold some of them join it, in the articles' order
        ("The plan of 14 million crowns gives less than before to schools: 9 million.", 4, [3]),
        ("The mayor defended the plan of 14 million for six hours.", 2, [1, 2, 3]),
        ("The council met six hours on what the mayor Olav Berg defended.", 2, [1]),
        ("On roads 14 million crowns are spent, less than before.", 3, [3]),
        # further off they do not count
        ("The council met six hours on a vote in June.", 5, []),
        ("It spends 14 million on roads and 9 million on schools.", 3, [3]),
        ("The mayor defended the plan.", 2, [2]),
    ],
)
def test_the_sentence_with_the_numbers_is_cited(text: str, named: int, cited: list[int]) -> None:
    assert rows(text, named) == cited


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("A part is paid by the EU.", True),
        ("A part is paid by the MI.", False),  # an institute without capitals has no initials
        ("A part is paid by the Eu.", False),
        ("A part is paid by the UN.", False),
    ],
)
def test_initials_stand_for_words_with_capitals(text: str, kept: bool) -> None:
    assert bool(rows(text, 6)) == kept


def test_a_name_of_the_question_may_stand_anywhere_in_the_article() -> None:
    text, question = "In Norrhavn it spends 14 million on roads.", "What does Norrhavn object to?"
    assert rows(text, 3) == []
    assert rows(text, 3, question=question) == [3]
    assert rows(text.replace("Norrhavn", "Oslo"), 3, question="What does Oslo object to?") == []
    assert rows(text.replace("14", "15"), 3, question="Do 15 million go to Norrhavn?") == []


@pytest.mark.parametrize("text", ["Yes.", "No, it did not.", "Yes, they did.", "That is true."])
def test_a_claim_that_says_nothing_by_itself_is_dropped(text: str) -> None:
    dropped = one(text, 2)
    assert dropped.sentences == ()
    assert dropped.reason == f"'{text}' says too little to be checked"


raw_claims = st.builds(
    RawClaim,
    st.one_of(
        st.text(max_size=120),
        st.sampled_from([sentence.text for sentence in SENTENCES]).flatmap(
            lambda text: st.integers(0, len(text)).map(lambda cut: text[cut:])
        ),
    ),
    st.lists(st.integers(-5, 10**7), max_size=4).map(tuple),
)


@given(st.lists(raw_claims, max_size=5))
def test_every_quote_is_verbatim_whatever_the_model_says(claims: list[RawClaim]) -> None:
    for claim in ground(claims, SENTENCES, support):
        assert bool(claim.sentences) != bool(claim.reason)
        assert 0 <= claim.support <= 1
        for sentence in claim.sentences:
            assert sentence.article.text[sentence.start : sentence.end] == sentence.text
        assert not claim.sentences or not unsupported_details(claim.text, claim.sentences, SENTENCES)


def test_a_claim_that_restates_another_sentence_than_it_names_cites_that_one() -> None:
    (grounded,) = ground([RawClaim(SENTENCES[1].text, (3,))], SENTENCES, lambda pairs: [0.5] * len(pairs))
    assert [sentence.number for sentence in grounded.sentences] == [2]


def test_a_claim_that_breaks_off_before_a_quotation_is_the_whole_sentence() -> None:
    whole = SENTENCES[2].text
    assert one("She said:", 3).text == whole
    assert completed("She said", [SENTENCES[2]]) == whole
    assert completed("She said", [SENTENCES[1]]) == "She said"
    assert completed("The dam will cost", [SENTENCES[1]]) == "The dam will cost"
