"""Numbers that are likely no measurements are noted or refused."""

import numpy as np
import pyarrow as pa
import pytest

from diffresnet.errors import InputError
from diffresnet.tables.columns import Columns
from diffresnet.tables.suspicious_numbers import suspicions

X = np.random.default_rng(0).normal(10.0, 3.0, size=(200, 6)).astype(np.float32)
NAMES = tuple("abcdef")


def noted(x):
    return [note.message for note in suspicions(x, NAMES)]


@pytest.mark.parametrize("value", [-999, -99, 9999, -1e9])
@pytest.mark.parametrize("share", [0.005, 0.02, 0.2])
def test_a_number_that_marks_missing_cells_is_noted(value, share):
    x = X.copy()
    x[np.random.default_rng(1).random(x.shape) < share] = value
    (message,) = noted(x)
    assert message.startswith(f"{value:g} stands in {int((x == value).sum())} cells of '")


@pytest.mark.parametrize(
    "x",
    [
        X,
        np.rint(X),
        np.random.default_rng(0).integers(0, 2, X.shape).astype(np.float32),
        np.random.default_rng(0).poisson(0.05, X.shape).astype(np.float32),
        np.random.default_rng(0).pareto(1.5, X.shape).astype(np.float32),
        np.where(np.arange(6) == 2, np.float32(3), X),
        np.eye(200, 6, dtype=np.float32),
        X[:10],
    ],
    ids=["normal", "rounded", "flags", "rare", "heavy tails", "constant", "one-hot", "few"],
)
def test_measurements_are_not_noted(x):
    assert noted(x) == []


def test_one_outlier_is_not_noted():
    x = X.copy()
    x[3, 2] = 1e6
    assert noted(x) == []


def test_a_column_finer_than_its_floats_is_refused():
    frame = {f"x{i}": X[:, i].astype(np.float64) for i in range(6)}
    for offset in (1e8, 1.7e9, 1e12):
        columns = Columns(pa.table({**frame, "t": frame["x3"] + offset}))
        with pytest.raises(InputError, match=r"'t' of .* varies by .* 32-bit floats cannot hold"):
            columns.choose_features(None, None, "'a.csv'")
    for offset in (2000.0, 1e5):
        columns = Columns(pa.table({**frame, "t": frame["x3"] + offset}))
        assert len(columns.choose_features(None, None, "'a.csv'").names) == 7
