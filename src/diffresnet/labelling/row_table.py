"""Some rows of a table, with all their columns."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from jaxtyping import Int

from ..tables.labelled_table import LabelledTable


def take_rows(table: LabelledTable, rows: Int[np.ndarray, " k"]) -> pa.Table:
    """Return rows of a table in the order of their numbers from 0 as they are given."""
    order = np.argsort(rows)
    ascending, parts, start = rows[order], [], 0
    for part in table.content.parts(None, typed=False):
        inside = ascending[(ascending >= start) & (ascending < start + len(part))]
        parts.append(part.take(pa.array(inside - start)))
        start += len(part)
    found = pa.concat_tables(parts)
    if found.column_names:
        found = found.take(pa.array(np.argsort(order)))
    return found
