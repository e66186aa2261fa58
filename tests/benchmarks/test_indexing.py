"""The benchmark of indexing: what a process took, and how the table compares."""

import pytest

from assistant.errors import AssistantError
from eval.benchmarks.indexing import Indexing, indexed, section


def test_what_a_process_took() -> None:
    took = indexed(["-c", "held = bytearray(64 << 20)\nimport time\ntime.sleep(0.1)"])
    assert took.clock >= 0.1
    assert 64 < took.memory < 1000
    assert took.processor > 0


def test_a_process_that_fails_is_a_line() -> None:
    with pytest.raises(AssistantError, match=r"^ValueError: no$"):
        indexed(["-c", "raise ValueError('no')"])


def test_the_table_compares_with_the_tutorial() -> None:
    name, body = section(
        {
            "assistant": [Indexing(5, 8, 300), Indexing(4, 8, 300), Indexing(9, 8, 300)],
            "tutorial": [Indexing(10, 20, 600)] * 3,
        },
        100,
    )
    assert name == "indexing"
    assert "100 articles, medians of 3 rounds" in body
    assert "| assistant | 5.0 | 8.0 | 20.0 | 2.00 | 300 | 0.50 |" in body
    assert "| tutorial | 10.0 | 20.0 | 10.0 | 1.00 | 600 | 1.00 |" in body
