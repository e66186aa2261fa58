"""Evaluation: gold questions in, tables and a verdict out.

    gold, plain   cases; lines of a question and its answer alone
    draft, first_gold   drafts of cases, for a person to make questions of; the first file of them
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
