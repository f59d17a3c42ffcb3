"""Tables in .tsv files: as .csv, with tabs between cells."""

from .csv import CsvFormat

FORMAT = CsvFormat("\t")
