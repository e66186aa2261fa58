"""Whether a sentence asserts a value: sentences that the rules were not written from, with a budget."""

import pytest

from assistant.evaluation.scorers.assertions import asserts

ASSERTED = [
    ("The vote ended with 80 in favour.", "80"),
    ("Eighty people were killed, the mayor said.", "80"),
    ("According to the ministry, 80 drones were shot down overnight.", "80"),
    ("The talks did not begin until 24 April.", "24 April"),
    ("Not only Oslo but also Bergen hosted a round.", "Oslo"),
    ("Marta Hill, who denied wrongdoing, resigned on Monday.", "Marta Hill"),
    ("No fewer than 80 ships lay at anchor.", "80"),
    ("The fund holds €80bn, and it has not been touched.", "€80bn"),
    ("Parliament rejected the bill; 80 members voted for it.", "80"),
    ("He did not attend, but his deputy Jonas Berg signed on 24 April.", "24 April"),
    ("Earlier on Tuesday 80 people were freed.", "80"),
    ("The minister ruled out a delay and named 24 April as the day.", "24 April"),
    ("The deal, which was not signed in Oslo, covers 80 prisoners.", "80"),
    ("Jonas Berg led the delegation.", "Berg"),
    ("Both sides said that the ceasefire began on 24 April and holds.", "24 April"),
    ("Only 80 of the 120 seats were filled.", "80"),
    ("The bridge cost 80 million crowns, more than planned.", "80 million"),
    ("Hill said she could not confirm the number, though police put it at 80.", "80"),
    ("It was never clear why 80 boats sailed.", "80"),
    ("The army said: 80 dead.", "80"),
]
NOT_ASSERTED = [
    ("The toll was not 80.", "80"),
    ("The ministry denied that 80 people had died.", "80"),
    ("Contrary to reports of 80 dead, nobody was hurt.", "80"),
    ("The claim that 80 died is false.", "80"),
    ("The number rose to 90, up from 80 in March.", "80"),
    ("Ministers met in Bergen rather than Oslo.", "Oslo"),
    ("They met in Bergen instead of Oslo.", "Oslo"),
    ("It was initially put at 80.", "80"),
    ("Earlier reports spoke of 80 dead.", "80"),
    ("The plan no longer has 80 points.", "80 points"),
    ("The talks weren't held on 24 April.", "24 April"),
    ("He dismissed reports that Oslo would host the talks.", "Oslo"),
    ("80 people had died, a claim that police called untrue.", "80"),
    ("A first count gave 80, which was later corrected.", "80"),
    ("The summit never took place in Oslo.", "Oslo"),
    ("Berg, previously of the Oslo office, now leads it from Bergen.", "Oslo"),
    ("There is no evidence that 80 were freed.", "80"),
    ("The rumour of 80 arrests turned out to be baseless.", "80"),
    ("The figure of 80 has been withdrawn.", "80"),
    ("Neither Oslo nor Bergen was chosen.", "Oslo"),
]
BUDGET = 4
"""Sentences of these forty that may be taken wrongly."""


def test_most_sentences_are_understood() -> None:
    mistaken = [sentence for sentence, form in ASSERTED if not asserts(sentence, form)]
    mistaken += [sentence for sentence, form in NOT_ASSERTED if asserts(sentence, form)]
    assert len(ASSERTED) + len(NOT_ASSERTED) == 40
    assert len(mistaken) <= BUDGET, mistaken


@pytest.mark.parametrize(
    ("sentence", "asserted"),
    [
        ("It was 90, while one outlet said 80.", False),
        ("It was 90 compared with 80 in spring.", False),
        ("It was 90 and 80.", True),
        ("While it rained, 80 came.", True),
        ("Nobody came.", False),
    ],
)
def test_a_value_in_contrast_to_the_expected_one_is_not_asserted(sentence: str, asserted: bool) -> None:
    assert asserts(sentence, "80", [("90", "ninety")]) is asserted
