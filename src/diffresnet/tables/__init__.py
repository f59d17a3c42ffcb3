"""Tables with labels for some rows: formats, feature columns, and the labelled output."""

from .content import Features
from .formats import FORMATS, Format, format_of, read_columns
from .labelled_table import LabelledTable

__all__ = ["FORMATS", "Features", "Format", "LabelledTable", "format_of", "read_columns"]
