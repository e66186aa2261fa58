"""Scorers. They read text with code of their own, so no flaw in the assistant's can hide itself.

score              Score, Scorer, Outcome
matching           does a form of words stand in a text?
assertions         does a sentence assert what is known to be wrong?
degeneration       repetition, echoes and cut-off ends
support            does a quote carry a claim, as far as words can tell?
answer_quality     length, first sentence, false sentences, precision of sentences
citations          what is cited, and whether it is verbatim
retrieval          the same of a case and the passages that were found
standard           right, and the rest: the scorers of a run
"""
