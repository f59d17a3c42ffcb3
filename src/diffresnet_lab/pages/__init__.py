"""Figures, and one self-contained HTML page."""

from .folder import ReportFolder
from .page import render
from .section import Cell, Picture, Section, Table, best_cells

__all__ = ["Cell", "Picture", "ReportFolder", "Section", "Table", "best_cells", "render"]
