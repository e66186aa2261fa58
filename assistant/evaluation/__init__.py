"""Evaluation: gold questions in, tables and a verdict out.

    gold/         cases, and drafts of cases
    scorers/      pure functions of a case and its answer, each returning one Score
    run           asks every case and scores the answers; can be interrupted and resumed
    judge         a language model's opinion, besides the scorers
    gate/         compares a run with the baseline, case by case, for a verdict
    diagnosis/    finds where evidence was lost
    report/       a run as an HTML page, tables, JUnit
    score_cache   stored encoder scores, so that replays are identical everywhere
    harness, command   everything together: `assistant eval`
    evaluator, pytest_plugin   the same for pytest

The benchmarks, the gate's own test and the baseline systems are in `eval/benchmarks`.
"""
