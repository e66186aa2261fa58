"""Reports: what a run says, for each kind of reader.

In reading order:

    figures     the cases cut into slices, and what each slice comes to: the numbers of every report
    markdown    tables for eval/RESULTS.md
    summary     a short one for a pull request
    terminal    tables for the terminal
    failure     one case that was not answered right
    junit       a test a case, for build servers
    plots       figures as SVG, each with a table of its own
    excerpts    quotes where they stand in their article
    page        all of it as one HTML page (templates/)
    files       writes what goes into the folder that --report names

Only `files` and what it needs load matplotlib and Jinja.
"""

from assistant.evaluation.report.markdown import header, rows, section, table, update_results

__all__ = ["header", "rows", "section", "table", "update_results"]
