"""Reports of a run, for each kind of reader.

In reading order:

    figures     the numbers of every report, by slice of the cases
    markdown    tables for eval/RESULTS.md
    summary     a short summary for a pull request
    terminal    tables for the terminal
    failure     one case that was not answered right
    junit       one test per case, for build servers
    plots       figures as SVG, each with a table
    excerpts    quotes in the context of their article
    page        the whole report as one HTML page (templates/)
    files       writes the folder that --report names

Only `files` and its imports load matplotlib and Jinja.
"""

from assistant.evaluation.report.markdown import header, rows, section, table, tables, update_results

__all__ = ["header", "rows", "section", "table", "tables", "update_results"]
