"""Evaluation: gold questions in, tables and a verdict out.

In reading order:

    gold              Case: a gold question with its acceptable answers and evidence; reading, checking
    draft             drafts of cases, for a person to make questions of
    matching          the scorers' own eyes: does a form of words stand in a text?
    assertions        does a sentence assert what is known to be wrong?
    degeneration      repetition, echoes and cut-off ends
    score             Score, Scorer, Outcome
    support           does a quote carry a claim, as far as words can tell?
    answer_quality    length, first sentence, false sentences, precision of sentences
    citation_scores   what is cited, and whether it is verbatim
    scorers           right, and the rest: pure functions of a case and its answer, each giving one Score
    check_scorers     how the scorers agree with people
    retrieval_scores  the same of a case and the passages that were found
    run               asks every case, scores the answers, survives interruption
    abstention        what would be risked at each confidence
    judge             a language model's opinion, beside the scorers
    statistics        intervals, paired tests, the smallest detectable drop
    compare           what a run is held against, as data
    baseline          a run as it is kept in git
    paired            a run beside the baseline, pair by pair
    gate              the rules, and the verdict
    harness           all of it together: from settings to a Report with its verdict
    report            a run as Markdown tables, kept in eval/RESULTS.md
    command           `assistant eval`
    remembered        what the small models say, kept, so that a replay is the same everywhere

The benchmarks, the gate's own test and what the assistant is compared with lie outside of it, in
eval/benchmarks.
"""
