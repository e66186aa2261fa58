"""Gold: the questions that an assistant is graded on.

cases        Case: a question with its acceptable answers and evidence; reading and checking
plain        lines with only a question and an answer
draft        draft cases, for a person to turn into questions
first_gold   the first gold file for a corpus
"""
