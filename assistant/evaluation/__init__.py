"""Evaluation: gold questions in, tables and a verdict out.

    gold/         cases, and drafts of cases
    scorers/      pure functions of a case and its answer, each giving one Score
    run           asks every case, scores the answers, survives interruption
    judge         a language model's opinion, beside the scorers
    gate/         a run beside the baseline, case by case, and the verdict
    diagnosis/    where evidence was lost
    report/       a run as a page, tables, JUnit
    score_cache   what the small models say, kept, so that a replay is the same everywhere
    harness, command   all of it together; `assistant eval`
    evaluator, pytest_plugin   the same for tests of pytest

The benchmarks, the gate's own test and what the assistant is compared with lie in `eval/benchmarks`.
"""
