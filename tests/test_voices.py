"""Voices: a claim says who said what it repeats, and is no surer than its sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.voices import in_own_voice, lost_hedge, lost_voice, voices, with_speaker

DAM = "The valley dam will cost 90 billion crowns"


@pytest.mark.parametrize(
    ("sentence", "heard"),
    [
        (f"{DAM}, Ilse Brandt said.", {"Ilse Brandt": DAM}),
        (f"{DAM}, according to the Harbour Post.", {"the Harbour Post": DAM}),
        (f"According to Radio Norrhavn, {DAM.lower()}.", {"Radio Norrhavn": DAM.lower()}),
        (f"Ilse Brandt told us that {DAM.lower()}.", {"Ilse Brandt": f"us that {DAM.lower()}"}),
        (f"On 4 March Minister Ilse Brandt said {DAM.lower()}.", {"Minister Ilse Brandt": DAM.lower()}),
        (f"Ilse Brandt, who heads the ministry, has said {DAM.lower()}.", {"Ilse Brandt": DAM.lower()}),
        (f"{DAM}, a senior official said.", {"a senior official": DAM}),
        (f"{DAM}, the Harbour Post reported, citing a source.", {"the Harbour Post": DAM}),
        ("“It costs too much,” she said.", {"she": "“It costs too much,”"}),
        ("Novak refused, but Brandt said it will be built.", {"Brandt": "it will be built"}),
        ("Parliament met; the dam is safe, Brandt noted.", {"Brandt": "the dam is safe"}),
        ("Brandt said the dam is safe, according to Radio Norrhavn.", {
            "Brandt": "the dam is safe", "Radio Norrhavn": "Brandt said the dam is safe",
        }),
        ("Brandt said: ", {"Brandt": ":"}),
        ("On Tuesday, Brandt said the dam is safe.", {"Brandt": "the dam is safe"}),
        ("However, Brandt said it had been built on 4 March.", {"Brandt": "it had been built on 4 March"}),
        ("The dam is safe, Brandt said on Tuesday in Oslo.", {"Brandt": "The dam is safe"}),
        ("On Tuesday the dam broke, Brandt said.", {"Brandt": "On Tuesday the dam broke"}),
        ("In Oslo the talks failed, Brandt said on 4 March.", {"Brandt": "In Oslo the talks failed"}),
        ("According to Mr. Berg, the dam is safe.", {"Mr. Berg": "the dam is safe"}),
        ("The dam is safe, according to the U.S. Navy.", {"the U.S. Navy": "The dam is safe"}),
        ("It is said that the dam is safe.", {}),
        ("They met on 4 May.", {}),
        ("", {}),
    ],
)  # fmt: skip
def test_who_is_heard(sentence: str, heard: dict[str, str]) -> None:
    assert {voice.source: voice.said.strip(" ,.") for voice in voices(sentence)} == heard


def test_a_claim_that_ends_in_initials_keeps_them() -> None:
    claim = in_own_voice("He moved to the U.S.", ["He moved to the U.S., according to Radio Norrhavn."])
    assert claim == "He moved to the U.S., according to Radio Norrhavn."


@pytest.mark.parametrize(
    ("claim", "sentence", "repaired"),
    [
        # a name that was lost is added
        (f"{DAM}.", f"{DAM}, Ilse Brandt said.", f"{DAM}, according to Ilse Brandt."),
        (DAM, f"{DAM}, according to the Harbour Post.", f"{DAM}, according to the Harbour Post."),
        (f"{DAM}.", f"According to Radio Norrhavn, {DAM}.", f"{DAM}, according to Radio Norrhavn."),
        (f"{DAM}.", f"{DAM}, a senior official said.", f"{DAM}, according to a senior official."),
        (f"{DAM}.", f"The ministry said {DAM}.", f"{DAM}, according to the ministry."),
        # one that is there in any way is enough
        (f"{DAM}, Brandt says.", f"{DAM}, Ilse Brandt said.", None),
        ("Brandt puts the cost of the dam at 90 billion.", f"{DAM}, Ilse Brandt said.", None),
        ("Putin called it constructive.", '"Constructive", Putin said of the talks.', None),
        ("The Post has the cost at 90 billion crowns.", f"{DAM}, the Harbour Post reported.", None),
        ("Novak called it far too much.", '"Far too much," he said.', None),
        # what is not attributed needs no name
        ("Parliament approved the dam.", "Parliament approved the dam, but Brandt said costs rise.", None),
        ("Novak refused to pay.", "Novak refused to pay; Brandt said the dam is safe.", None),
        ("The ministry sits in Norrhavn.", "The ministry sits in Norrhavn.", None),
        # another one is put in its place by the sentence itself, and so is a pronoun's
        ("Novak said the dam is safe.", "Brandt said the dam is safe.", "Brandt said the dam is safe."),
        ("The dam is safe.", "The dam is safe, he said.", "The dam is safe, he said."),
        # a source too long to be added
        (
            "The dam is safe.",
            "The dam is safe, according to people who know the plans of the ministry for the valley.",
            "The dam is safe, according to people who know the plans of the ministry for the valley.",
        ),
        # a hedge that was lost brings back the sentence
        ("The dam will be built.", "The dam may be built.", "The dam may be built."),
        ("The ferry ran aground.", "The ferry reportedly ran aground.", "The ferry reportedly ran aground."),
        ("Novak took bribes.", "Novak allegedly took bribes.", "Novak allegedly took bribes."),
        ("Brandt resigns in June.", "Brandt plans to resign in June.", "Brandt plans to resign in June."),
        ("The vote is in June.", "The vote is expected to be June.", "The vote is expected to be June."),
        # in other words it is still one
        ("The dam might be built.", "The dam may be built.", None),
        ("Brandt intends to resign in June.", "Brandt plans to resign in June.", None),
        ("Brandt's resignation is planned for June.", "Brandt plans to resign in June.", None),
        # and one elsewhere in the sentence does not concern the claim
        ("Parliament met on Monday.", "Parliament met on Monday, and Brandt may resign.", None),
        ("Parliament met on 4 May.", "Parliament met on 4 May.", None),
    ],
)  # fmt: skip
def test_a_claim_keeps_who_said_it_and_how_surely(claim: str, sentence: str, repaired: str | None) -> None:
    lost = bool(lost_voice(claim, sentence)) or bool(lost_hedge(claim, sentence))
    assert lost == (repaired is not None)
    assert in_own_voice(claim, [sentence]) == (repaired or claim)


@pytest.mark.parametrize(
    ("sentence", "before", "named"),
    [
        ('"We never did."', '"We will build it," Brandt said.', 'Brandt: "We never did."'),
        ("“We never did.”", "Ilse Brandt told the Post: “We will.”", "Ilse Brandt: “We never did.”"),
        ("“We never did.”", "Minister Ilse Brandt said:", "Minister Ilse Brandt: “We never did.”"),
        ('"Nobody will," she added.', 'Brandt said: "We build it."', '"Nobody will," Brandt added.'),
        # unsure
        ('"We never did."', '"We will," Brandt said, and Novak said "no".', None),
        ('"We never did."', "Ilse Brandt opened the debate.", None),
        ('"Nobody will," she added.', "Brandt said that the dam is safe.", None),
        ('"Nobody will," she added.', '"We will," she said.', None),
        ('"Nobody will," Novak added.', '"We will," Brandt said.', None),
        ("She added that nobody will.", '"We will," Brandt said.', None),
        ('"We never did."', "", None),
    ],
)
def test_a_quotation_that_goes_on_gets_its_speaker(sentence: str, before: str, named: str | None) -> None:
    assert with_speaker(sentence, before) == (named or sentence)


PIECES = st.sampled_from(
    [
        DAM,
        "Brandt",
        "said",
        "that",
        "may",
        "according to",
        ",",
        "Radio Norrhavn",
        "he",
        '"',
        ":",
        ";",
        "but",
        ".",
        "plans to",
    ]
)
texts = st.one_of(st.text(max_size=120), st.lists(PIECES, max_size=12).map(" ".join))


@given(texts, texts)
def test_repairing_adds_nothing_of_its_own(claim: str, sentence: str) -> None:
    repaired = in_own_voice(claim, [sentence])
    assert repaired in (claim, sentence) or (
        repaired.startswith(claim.rstrip(".!?")) and ", according to " in repaired
    )
    assert in_own_voice(sentence, [sentence]) == sentence
    for voice in voices(sentence):
        assert voice.source in sentence
        assert voice.said in sentence
    spoken = with_speaker(claim, sentence)
    assert spoken == claim or any(voice.source in spoken for voice in voices(sentence))
