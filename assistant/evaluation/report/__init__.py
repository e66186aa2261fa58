"""Reports: what a run says, for each kind of reader.

In reading order:

    figures     the cases cut into slices, and what each slice comes to: the numbers of every report
    markdown    tables for eval/RESULTS.md
"""

from assistant.evaluation.report.markdown import header, rows, section, table, update_results

__all__ = ["header", "rows", "section", "table", "update_results"]
