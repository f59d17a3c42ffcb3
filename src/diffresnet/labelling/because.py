"""A column that says which given labels each label comes from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..tables.labelled_table import LabelledTable
from .result import LabelResult

STRONGEST = 3
"""Labels that a cell names at most."""


def explained(result: LabelResult, table: LabelledTable) -> LabelResult:
    """Add to a result which given labels of its class add most to the score of each row.

    Such as "row 12 61%; row 40 22%": of what all labels of the class add. None where a row has a
    label of its own, and where no label reaches it. Ids name rows where the table has a column of
    them.
    """
    assert result.model is not None
    rows, shares = result.model.strongest_labels(STRONGEST)
    names = table.row_names.of(range(len(rows)))
    if table.row_names.column is None:
        names = [f"row {name}" for name in names]
    percents = np.rint(100 * shares).astype(np.int64)
    named = pa.array([f"; {name}" for name in names])
    of_percent = pa.array([f"{percent}%" for percent in range(101)])
    parts = []
    for row, percent in zip(rows.T, percents.T, strict=True):
        name = named.take(pa.array(row, mask=percent <= 0))
        part = pc.binary_join_element_wise(name, of_percent.take(pa.array(percent)), " ")
        parts.append(part.fill_null(""))
    joined = pc.utf8_slice_codeunits(pc.binary_join_element_wise(*parts, ""), len("; "))
    joined = pc.if_else(pc.equal(joined, ""), None, joined)
    return replace(result, because=np.array(joined.to_pylist(), dtype=object))
