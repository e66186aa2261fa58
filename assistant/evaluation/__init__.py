"""Evaluation: gold questions in, tables and a verdict out.

In reading order:

    gold              Case: a gold question with its acceptable answers and evidence; reading, checking
    draft             drafts of cases, for a person to make questions of
    support           does a quote carry a claim, as far as words can tell?
    scorers           pure functions of a case and its answer, each giving one Score
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
    harm              the gate's own test
    remembered        a reranker that scores no pair twice
    attacks           instructions planted in articles, and what they change of the answers
    calibrate         the evidence gate's threshold, and what its signals are worth

Beside them lie the benchmarks: retrieval_bench with its bench_* modules; bench_answers, with bench_sets,
bench_scores, bench_table and bench_support, for answers on other people's questions; and judgecal for the
agreement of scorer and judge with people. What the assistant is compared with lies outside of it, in
eval/benchmarks.
"""
