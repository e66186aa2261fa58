"""All reports of a run as files in a folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from assistant.corpus.articles import Article
from assistant.errors import SettingsError
from assistant.evaluation.diagnosis.funnel import Retrieved
from assistant.evaluation.report.junit import junit_xml
from assistant.evaluation.report.markdown import tables
from assistant.evaluation.report.page import page
from assistant.evaluation.run import Report


def write_reports(
    report: Report,
    folder: Path,
    articles: Mapping[str, Article],
    retrieved: Mapping[str, Retrieved] | None = None,
) -> None:
    """Writes `report.html`, `report.md`, `junit.xml` and `report.json`.

    `articles` are those that were asked about, by id; `retrieved` is what the searches of a case held, by the
    case's id, as far as it is known. Raises SettingsError when a file cannot be written.
    """
    made = {
        "report.html": page(report, articles, retrieved).encode(errors="replace"),
        "report.md": tables(report).encode(errors="replace"),
        "junit.xml": junit_xml(report),
        "report.json": report.model_dump_json(indent=1).encode(),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in made.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        raise SettingsError(
            f"cannot write --report {folder}: {error.strerror}; give another folder"
        ) from None
