"""Figures, tables and text, and one self-contained HTML page of them."""

from .folder import ReportFolder
from .page import render_page
from .section import Cell, Picture, Section, Table, best_cells, render

__all__ = [
    "Cell",
    "Picture",
    "ReportFolder",
    "Section",
    "Table",
    "best_cells",
    "render",
    "render_page",
]
