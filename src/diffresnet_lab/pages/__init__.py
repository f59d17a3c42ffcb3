"""Figures, tables and text, and one self-contained HTML page of them.

A page is numbers, columns, a text and figures:

- rows: plain dicts that a study computes; the same ones are written to metrics.json and CSV files;
- columns: `table(rows, [Column("Method", "method"), Column("Accuracy", "mean", ".1f")])`. A column
  reads a key or a function of the row, formats it, and may add its error (`error="ci95"`), mark
  the best number (`best="largest"`), mark what speaks against the page (`unfavourable=`), or call
  a difference ahead, level or behind (`verdict=True`). Long rows become a wide table by
  `pivot(rows, down, across)` and `Column(...).across(values)`;
- text: `text.md.j2`, Markdown that Jinja fills. `{% call findings() %}` holds the paragraphs that
  lead the page and are printed; `## ` begins a section; `{{ table("name") }}` and
  `{% call figure("name", alt="...") %}caption{% endcall %}` place tables and figures;
  `{% call row() %}` sets figures side by side; `{{ value | plus_minus(error) }}` and the other
  filters of `numbers` format numbers. Values are shown as they are: no character of them is
  Markdown or HTML;
- figures: data and a kind of `plots`, such as `lines([LinePanel([Curve(x, y, "label")])])`.

`experiments.base.Experiment` puts them together; docs/experiments.md shows it step by step.
"""

from .folder import ReportFolder
from .page import render_page
from .table import Cell, Column, Table, pivot, table
from .text import Text, render_text

__all__ = [
    "Cell",
    "Column",
    "ReportFolder",
    "Table",
    "Text",
    "pivot",
    "render_page",
    "render_text",
    "table",
]
