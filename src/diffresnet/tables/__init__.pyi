from .content import Features as Features
from .formats import FORMATS as FORMATS
from .formats import format_of as format_of
from .formats import read_columns as read_columns
from .formats.format import ColumnFormat as ColumnFormat
from .formats.format import Format as Format
from .labelled_table import LabelledTable as LabelledTable
