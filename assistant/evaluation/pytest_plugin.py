"""Gold cases as tests of pytest, and the fixture `assistant_eval` for tests of your own.

    pytest --assistant-gold eval/gold.jsonl --assistant-model extractive

asks each case as a test named by its id. A case that the model's baseline has as not right is expected to
fail (xfail), so the tests fail by what got worse. `docs/ci.md` tells more.

pytest imports this module in every project where the package is installed, so it imports nothing heavy.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from assistant.errors import AssistantError

if TYPE_CHECKING:
    from assistant.evaluation.evaluator import Evaluator
    from assistant.evaluation.gold.cases import Case
    from assistant.settings import Settings

PATHS = ("assistant_gold", "assistant_corpus", "assistant_index")
_EVALUATOR = pytest.StashKey["Evaluator"]()


class NotRight(Exception):
    """A gold case was not answered as expected; the message is the failure report."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options."""
    group = parser.getgroup("assistant", "evaluation of the news assistant")
    group.addoption("--assistant-gold", metavar="FILE", help="ask each case of this gold file, as a test")
    group.addoption("--assistant-corpus", metavar="PATH", help="folder or file of articles")
    group.addoption("--assistant-index", metavar="DIR", help="where the index lies")
    group.addoption("--assistant-model", metavar="NAME", help="extractive, or provider:name, ...")
    group.addoption(
        "--assistant-live",
        action="store_true",
        help="ask the model now; else its answers are taken from the recordings beside the gold",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Adds the gold file to the collection. Raises UsageError for invalid paths and settings."""
    given = {name: config.getoption(name) for name in PATHS if config.getoption(name)}
    for name, value in given.items():
        # Absolute, so that a worker of pytest-xdist finds it from wherever it runs.
        path = Path(config.invocation_params.dir, value).absolute()
        if name != "assistant_index" and not path.exists():
            raise pytest.UsageError(f"--{name.replace('_', '-')} {value}: is not there; correct the path")
        setattr(config.option, name, str(path))
    if "assistant_gold" not in given:
        return
    try:
        _settings(config)
    except AssistantError as error:
        raise pytest.UsageError(f"assistant: {error}") from None
    gold = config.option.assistant_gold
    named = (Path(config.invocation_params.dir, argument.split("::")[0]) for argument in config.args)
    if Path(gold) not in [path.absolute() for path in named]:
        config.args.append(gold)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Closes the index."""
    if _EVALUATOR in config.stash:
        config.stash[_EVALUATOR].close()


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> GoldFile | None:
    """Collects the gold file, and no other."""
    if str(file_path) != parent.config.getoption("assistant_gold"):
        return None
    collected: GoldFile = GoldFile.from_parent(parent, path=file_path)
    return collected


@pytest.fixture(scope="session")
def assistant_eval(pytestconfig: pytest.Config) -> Evaluator:
    """The assistant of the options: `ask(question)`, and `run(gold=...)` with `.passed` and `.figures`."""
    return _evaluator(pytestconfig)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Shows only the one-line message when the assistant's error fails a test that uses the fixture."""
    report = yield
    error = call.excinfo.value if call.excinfo else None
    uses = "assistant_eval" in getattr(item, "fixturenames", ())
    if uses and report.failed and isinstance(error, AssistantError):
        report.longrepr = f"assistant: {error}"
    return report


class GoldFile(pytest.File):
    """A gold file; its cases are the tests."""

    def collect(self) -> Iterator[GoldItem]:
        """The cases. Raises CollectError for gold, or a baseline, that cannot be read."""
        from assistant.evaluation.gate.baseline import read_baseline
        from assistant.evaluation.gold.cases import read_gold
        from assistant.evaluation.harness import Wanted

        try:
            model = _settings(self.config).model
            baseline = read_baseline(Wanted(gold=self.path).baseline_path(model))
            cases = read_gold(self.path)
        except AssistantError as error:
            raise self.CollectError(f"assistant: {error}") from None
        known = {kept.id: kept.outcome for kept in baseline.cases} if baseline else {}
        for case in cases:
            item: GoldItem = GoldItem.from_parent(self, name=case.id, case=case)
            if known.get(case.id, "right") not in ("right", None):
                reason = f"{known[case.id]} in the baseline, too"
                item.add_marker(pytest.mark.xfail(reason=reason, raises=NotRight, strict=False))
            yield item


class GoldItem(pytest.Item):
    """A gold case."""

    def __init__(self, *, case: Case, **more: Any) -> None:
        super().__init__(**more)
        self.case = case

    def runtest(self) -> None:
        """Asks the case. Raises NotRight for an answer that is not right, AssistantError if there is none."""
        from assistant.evaluation.report.failure import failure
        from assistant.evaluation.scorers.standard import outcome

        graded = _evaluator(self.config).grade(self.case)
        if graded.answer is None:
            remedy = "; record it with assistant eval --record, or ask with --assistant-live"
            raise AssistantError(f"unmeasured: {graded.error}{remedy if graded.recording else ''}")
        if outcome(graded.case, graded.answer) != "right":
            raise NotRight(failure(graded))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The failure report; a traceback only for a bug."""
        if isinstance(excinfo.value, NotRight):
            return str(excinfo.value)
        if isinstance(excinfo.value, AssistantError):
            return f"assistant: {excinfo.value}"
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        """The file and the case's id."""
        return self.path, None, self.name


def _evaluator(config: pytest.Config) -> Evaluator:
    """The one of this process. Raises AssistantError."""
    from assistant.evaluation.evaluator import Evaluator

    if _EVALUATOR not in config.stash:
        gold = config.getoption("assistant_gold")
        config.stash[_EVALUATOR] = Evaluator(
            _settings(config), Path(gold) if gold else None, live=config.getoption("assistant_live")
        )
    return config.stash[_EVALUATOR]


def _settings(config: pytest.Config) -> Settings:
    """Of the options, the environment and assistant.toml. Raises SettingsError."""
    from assistant.settings import load_settings

    corpus, index = config.getoption("assistant_corpus"), config.getoption("assistant_index")
    return load_settings(
        corpus=Path(corpus) if corpus else None,
        index=Path(index) if index else None,
        model=config.getoption("assistant_model"),
    )
