"""Gold: the questions that an assistant is graded on.

cases        Case: a question with its acceptable answers and evidence; reading, checking
plain        lines that are only a question and an answer
draft        drafts of cases, for a person to make questions of
first_gold   the first gold file for a corpus
"""
