"""Label every row of a data frame, of pandas, polars or Arrow."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ..errors import InputError
from ..files.atomic import reason
from ..labels import Marks
from ..tables.columns import Columns
from ..tables.content import BECAUSE, NOVELTY, RowResult, label_column_of, with_result
from ..tables.labelled_table import LabelledTable
from .abstain import Abstention, abstained
from .because import explained
from .class_shares import parse_class_prior
from .fit import fit_table

if TYPE_CHECKING:
    from ..classify.class_prior import ClassPrior


def label_frame(
    frame: Any,
    *,
    label_column: str = "label",
    features: str | Sequence[str] | None = None,
    id_column: str | None = None,
    unlabelled: Marks = None,
    relabel: bool = False,
    class_prior: ClassPrior | str = None,
    explain: bool = False,
    abstain: float | str | None = None,
    device: str = "auto",
    seed: int = 0,
) -> Any:
    """Label every row of a data frame from the few that have a label.

    Parameters
    ----------
    frame : eager data frame of pandas or polars, Arrow table, or another that narwhals knows
    label_column, features, id_column, unlabelled, relabel, class_prior, explain, abstain
    device, seed
        As of `label_file`.

    Returns
    -------
    frame of the same kind, with the same rows and columns, and with label, confidence and flag
        And novelty; with `explain` also because, in which rows are named by the id column, or
        numbered from 1.
        What a user should know of the columns is a warning.

    Raises
    ------
    InputError
        A ValueError with one line that says what is wrong and what to do.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"x": [0.0, 0.1, 5.0, 5.1], "label": ["low", None, "high", None]})
    >>> label_frame(frame)["label"].tolist()
    ['low', 'low', 'high', 'high']
    """
    import narwhals as nw

    try:
        given = nw.from_native(frame, eager_only=True)
    except TypeError as error:
        raise InputError(
            f"a data frame is needed, not {type(frame).__name__}; read a file by label_file, "
            f"and fit arrays by DiffusionClassifier"
        ) from error
    try:
        columns = given.to_arrow()
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise InputError(
            f"a column of the frame is of mixed types, or of one that Arrow has not: "
            f"{'; '.join(map(str, error.args)) or reason(error)}"
        ) from error
    table = LabelledTable.read(
        Path("the frame"),
        content=Columns(columns),
        label_column=label_column,
        features=features,
        id_column=id_column,
        unlabelled=unlabelled,
    )
    rule, prior = Abstention.parse(abstain), parse_class_prior(class_prior)
    table.check_names([NOVELTY, BECAUSE] if explain else [NOVELTY])
    result = fit_table(table, unlabelled, device, seed, relabel, class_prior=prior)
    for each in result.notes:
        warnings.warn(each.message, UserWarning, stacklevel=2)
    if explain:
        result = explained(result, table)
    result = abstained(result, rule)
    rows = RowResult.of(result.labels, result.confidence, result.flags)
    more = {NOVELTY: pa.array(result.novelty)}
    if result.because is not None:
        more[BECAUSE] = pa.array(result.because, pa.string())
    added = with_result(
        pa.table({}),
        label_column_of(rows.values, table.like),
        pa.array(rows.confidence),
        pa.array(rows.flags.tolist()),
        more,
    )
    found = nw.from_arrow(added, backend=given.implementation)
    labelled = given.with_columns(*(found[name] for name in added.column_names)).to_native()
    if given.implementation.is_pandas():
        _restore_type(labelled, added["label"], frame[label_column].dtype)
    return labelled


def _restore_type(frame: Any, labels: pa.ChunkedArray, dtype: Any) -> None:
    """Give the labels of a pandas frame their nullable type, which is lost by way of Arrow."""
    import pandas as pd

    if isinstance(dtype, pd.api.extensions.ExtensionDtype):
        frame["label"] = pd.array(labels.to_pylist(), dtype=dtype)
