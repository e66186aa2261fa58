"""A report as JUnit XML, which build servers show: one test a case, and the gate's verdict as one more.

A test passes if the outcome is right. Whether the others are too many is for the gate alone to say, so a
build server should take its verdict from the test `gate`, or from the exit status.
"""

from __future__ import annotations

import io
import re

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from assistant.evaluation.gate.comparison import Gate
from assistant.evaluation.run import Graded, Report
from assistant.evaluation.scorers.standard import outcome

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold, not even escaped (production 2, Char)."""


def junit_xml(report: Report) -> bytes:
    """The document, in UTF-8. An unmeasured case is an error if the model failed, else skipped."""
    cases = TestSuite("gold")
    cases.add_testcases([_case(graded) for graded in report.graded])
    for name, value in report.provenance.items():
        cases.add_property(_clean(name), _clean(value))
    document = JUnitXml("assistant eval")
    document.add_testsuite(cases)
    if report.gate:
        verdict = TestSuite("gate")
        verdict.add_testcase(_gate(report.gate))
        document.add_testsuite(verdict)
    file = io.BytesIO()
    document.write(file, pretty=True)
    return file.getvalue()


def _case(graded: Graded) -> TestCase:
    case, answer = graded.case, graded.answer
    test = TestCase(_clean(case.id), classname=f"gold.{case.type}", time=round(graded.seconds, 3))
    if answer is None:
        error = graded.error or f"the recording of the model's answer is {graded.status}"
        kind = Error if graded.status == "failed" else Skipped
        test.result = [kind(_clean(error), graded.status)]
        return test
    kind_of_outcome = outcome(case, answer)
    if kind_of_outcome != "right":
        why = next((score.why for score in graded.scores if score.name == "correctness" and score.why), "")
        test.result = [Failure(_clean(f"{kind_of_outcome}: {why}"), kind_of_outcome)]
    said = answer.answer or (answer.abstention.message if answer.abstention else "")
    test.system_out = _clean(f"question: {case.question}\nanswer: {said}")
    return test


def _gate(gate: Gate) -> TestCase:
    test = TestCase("gate", classname="gate")
    if gate.notes:
        test.system_out = _clean("\n".join(gate.notes))
    if not gate.passed:
        test.result = [Failure(_clean("; ".join(gate.reasons)), "gate")]
    return test


def _clean(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
