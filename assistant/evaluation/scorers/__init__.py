"""Scorers. They have their own text-matching code, so a flaw in the assistant's cannot hide itself.

score              Score, Scorer, Outcome
matching           does a wording appear in a text?
assertions         does a sentence assert something known to be wrong?
degeneration       repetition, echoes and cut-off ends
support            does a quote support a claim, judging by words?
answer_quality     length, first sentence, false sentences, precision of sentences
citations          what is cited, and whether it is verbatim
retrieval          the retrieved passages
standard           "right" and the other scorers of a run
"""
