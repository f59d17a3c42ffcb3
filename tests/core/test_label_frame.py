"""Data frames of pandas, polars and Arrow."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from diffresnet import label_file, label_frame
from diffresnet.errors import InputError

TRUTH = np.repeat(["cat", "dog"], 20)
X = np.random.default_rng(0).normal(size=(40, 3)) + 6.0 * (TRUTH == "dog")[:, None]
COLUMNS = {
    **{f"x{i}": X[:, i] for i in range(3)},
    "name": [f"row {i}" for i in range(40)],
    "label": np.where(np.arange(40) % 10 == 0, TRUTH, None).tolist(),
}
MAKE = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "arrow": pa.table}


@pytest.mark.parametrize("kind", MAKE)
def test_frames_of_every_kind(kind, tmp_path):
    frame = MAKE[kind](COLUMNS)
    out = label_frame(frame)
    assert type(out) is type(frame)
    columns = out.to_pydict() if kind == "arrow" else out.to_dict(**_AS_LISTS[kind])
    assert columns["label"] == TRUTH.tolist()
    assert columns["name"] == COLUMNS["name"]
    assert list(columns) == [*COLUMNS, "confidence", "flag", "novelty"]
    pd.DataFrame(COLUMNS).to_csv(tmp_path / "a.csv", index=False)
    result = label_file(tmp_path / "a.csv")
    np.testing.assert_allclose(columns["confidence"], result.confidence, atol=1e-6)
    assert columns["flag"] == result.flags.tolist()


_AS_LISTS = {"pandas": {"orient": "list"}, "polars": {"as_series": False}}


def test_rows_are_named_by_a_column_of_ids():
    out = label_frame(pd.DataFrame(COLUMNS), id_column="name", explain=True)
    assert out["because"].dropna().str.startswith("row ").all()
    numbered = pd.DataFrame(COLUMNS).assign(name=np.arange(40) ** 2)
    assert label_frame(numbered, id_column="name")["label"].tolist() == TRUTH.tolist()
    with pytest.raises(InputError, match="no column 'nome' of ids"):
        label_frame(pd.DataFrame(COLUMNS), id_column="nome")


def test_a_pandas_frame_keeps_its_index_types_and_itself():
    frame = pd.DataFrame(COLUMNS, index=pd.Index(range(100, 140), name="key"))
    frame["label"] = pd.Categorical(frame["label"], ["dog", "cat", "eel"], ordered=True)
    before = frame.copy()
    out = label_frame(frame)
    pd.testing.assert_frame_equal(frame, before)
    assert out.index.equals(frame.index)
    assert out["label"].tolist() == TRUTH.tolist()
    assert out["label"].cat.categories.tolist() == ["dog", "cat", "eel"]
    assert out["label"].cat.ordered


def test_integers_with_gaps_stay_integers():
    codes = pd.array([0, None] * 10 + [1, None] * 10, dtype="Int64")
    out = label_frame(pd.DataFrame(COLUMNS).assign(label=codes))
    assert out["label"].tolist() == (TRUTH == "dog").astype(int).tolist()


@pytest.mark.parametrize("dtype", ["Int64", "Int16", "int64[pyarrow]", "boolean", "string"])
def test_nullable_types_of_labels_stay(dtype):
    values = {"boolean": [False, True], "string": ["cat", "dog"]}.get(dtype, [7, 2**9])
    true = pd.array([values[name == "dog"] for name in TRUTH], dtype=dtype)
    labels = pd.Series(true, index=range(100, 140)).mask(np.arange(40) % 10 != 0)
    frame = pd.DataFrame(COLUMNS, index=labels.index).assign(label=labels)
    out = label_frame(frame)
    assert out["label"].dtype == labels.dtype
    assert out["label"].tolist() == true.tolist()
    some = label_frame(frame, abstain=0.5)
    assert some["label"].dtype == labels.dtype
    assert (some["label"].isna() == (some["flag"] == "abstained")).all()
    assert some["label"].isna().sum() == 18
    assert frame["label"].isna().sum() == 36


def test_a_frame_of_vectors():
    frame = pl.DataFrame({"emb": X.tolist(), "n": range(40), "label": COLUMNS["label"]})
    assert label_frame(frame)["label"].to_list() == TRUTH.tolist()


def test_its_own_output_goes_on():
    first = label_frame(pd.DataFrame(COLUMNS))
    with pytest.warns(UserWarning, match="earlier output"):
        second = label_frame(first)
    pd.testing.assert_frame_equal(first, second)


def test_what_a_user_should_know_is_a_warning():
    frame = pd.DataFrame(COLUMNS).assign(key=np.arange(40) * 7 % 40)
    with pytest.warns(UserWarning, match="'key' numbers the rows"):
        label_frame(frame)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (X, "a data frame is needed, not ndarray"),
        ("a.csv", "a data frame is needed, not str"),
        (pl.LazyFrame(COLUMNS), "a data frame is needed, not LazyFrame"),
        (pd.DataFrame({"x": [1, "a", None]}), "of mixed types"),
        (pd.DataFrame({"x": [1.0]}), "no column 'label'"),
        (pd.DataFrame(COLUMNS).assign(flag="mine"), "already has 'flag'"),
    ],
)
def test_what_is_refused_is_one_line(frame, message):
    with pytest.raises(InputError, match=message) as caught:
        label_frame(frame)
    assert "\n" not in str(caught.value)
