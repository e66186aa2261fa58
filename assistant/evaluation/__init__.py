"""Evaluation: gold questions in, tables out.

In reading order:

    gold        Case: one gold question with its acceptable answers and evidence; reading and checking them
    surface     does an acceptable surface form stand in an answer?
    scorers     pure functions of a case and its answer, each giving one Score
    statistics  intervals for means and rates
    run         asks every case, scores the answers, survives interruption
    report      a run as Markdown tables, kept in eval/RESULTS.md
    attacks     instructions planted in articles, and what they change of the answers
"""
