import dataclasses

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from diffresnet.errors import InputError
from diffresnet.files.atomic import either
from diffresnet.tables import LabelledTable
from diffresnet.tables.formats import READ_FORMATS

read_table = LabelledTable.read


def npz(path, **arrays):
    np.savez(path, **arrays)
    return path


def text(path, content):
    path.write_text(content, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "kind", [np.float16, np.float32, np.float64, ">f4", np.int32, np.uint8, bool]
)
def test_npz(tmp_path, kind):
    x = np.array([[1, 0], [0, 1], [1, 1]]).astype(kind)
    path = npz(
        tmp_path / "a.npz", features=x, labels=[0, -1, 1], class_names=["a", "b"], other=[1j]
    )
    table = read_table(path)
    assert table.features.dtype == np.float32
    assert table.features.flags.c_contiguous
    np.testing.assert_array_equal(table.features, x.astype(float))
    assert table.labels.codes.tolist() == [0, -1, 1]
    assert table.labels.labelled.tolist() == [True, False, True]
    assert table.class_names == ("a", "b")
    assert table.feature_names == ("features[0]", "features[1]")
    assert set(table.content.names) == {"features", "labels", "class_names", "other"}
    assert len(table) == 3


def test_npz_with_names_as_labels_and_other_arrays(tmp_path):
    path = npz(tmp_path / "a.npz", emb=np.eye(2), intent=["x", ""], label=["", "y"])
    table = read_table(path, features="emb", label_column="intent")
    assert table.labels.values().tolist() == ["x", None]
    assert table.label_key == "intent"
    # Without an array `labels`, one called `label` is taken: so our own output can be read.
    assert read_table(path, features="emb").label_key == "label"


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"features": np.eye(2)}, "holds features and no labels; .*labels="),
        ({"features": np.eye(2), "x": [0, 1]}, "no array 'label'.*label_column="),
        ({"labels": [0, 1]}, "no array 'features'.*features="),
        ({"features": np.eye(2), "labels": [0, 1, 2]}, "each of the 2 rows"),
        ({"features": np.eye(2), "labels": 0}, "one for each row"),
        ({"features": np.eye(2), "labels": [[0], [1]]}, "one for each row"),
        ({"features": np.eye(2) * 1j, "labels": [0, 1]}, "real numbers, not complex"),
        ({"features": [["a"], ["b"]], "labels": [0, 1]}, "real numbers, not <U1"),
        ({"features": np.ones(2), "labels": [0, 1]}, r"shape \(2,\)"),
        ({"features": np.ones((2, 0)), "labels": [0, 1]}, "is empty"),
        ({"features": np.ones((0, 2)), "labels": []}, "no row of"),
        ({"features": [[1, np.nan], [2, np.inf]], "labels": [0, 1]}, r"features\[1\].*2 cells"),
        ({"features": [[1, 1e39], [2, 3]], "labels": [0, 1]}, r"features\[1\].*data row 1"),
        ({"features": np.eye(2), "labels": [-1, -1]}, "at least one labelled row"),
        ({"features": np.eye(2), "labels": [0.5, 1]}, "no whole number"),
        ({"features": np.eye(2), "labels": [0, 2], "class_names": ["a", "b"]}, "names 2 classes"),
        ({"features": np.eye(2), "labels": [0, -2], "class_names": ["a", "b"]}, "a label -2"),
        ({"features": np.eye(2), "labels": [0, 1], "class_names": [1, 2]}, "list of texts"),
    ],
)
def test_npz_that_cannot_be_used(tmp_path, arrays, message):
    with pytest.raises(InputError, match=message) as caught:
        read_table(npz(tmp_path / "a.npz", **arrays))
    assert "\n" not in str(caught.value)


def test_csv(tmp_path):
    path = text(tmp_path / "a.csv", "id,x,y,label\n007,1.5,2,01\n008,3,4,\n009,5,6,02\n")
    table = read_table(path, features="x,y")
    np.testing.assert_array_equal(table.features, [[1.5, 2], [3, 4], [5, 6]])
    assert table.labels.values().tolist() == ["01", None, "02"]
    assert table.content.table["id"].to_pylist() == ["007", "008", "009"]
    assert table.chosen.columns == ("x", "y")


def test_parquet(tmp_path):
    frame = pd.DataFrame({"x": [1.5, 2], "intent": pd.Categorical(["a", None])}, index=[5, 7])
    frame.to_parquet(tmp_path / "a.parquet")
    table = read_table(tmp_path / "a.parquet", label_column="intent")
    assert table.feature_names == ("x",)
    assert table.labels.values().tolist() == ["a", None]
    pq.write_table(pa.table({"x": [1.0, 2.0], "label": [3, None]}), tmp_path / "b.parquet")
    assert read_table(tmp_path / "b.parquet").labels.values().tolist() == [3, None]


@pytest.mark.parametrize("name", ["a.csv", "a.parquet", "a.npz"])
def test_labels_may_be_absent_where_none_are_needed(tmp_path, name):
    frame = pd.DataFrame({"x": [1.5, 2.0], "y": [0.5, 1.0]})
    frame.to_csv(tmp_path / "a.csv")
    frame.to_parquet(tmp_path / "a.parquet")
    npz(tmp_path / "a.npz", features=frame.to_numpy())
    table = read_table(tmp_path / name, labels_required=False)
    assert table.label_key is None
    assert not table.labels.labelled.any()
    np.testing.assert_array_equal(table.features, frame)
    with pytest.raises(InputError, match=r"(label_column|labels)="):
        read_table(tmp_path / name)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("x,intent\n1,a\n", "no column 'label'; name .*: 'x', 'intent' \\(label_column="),
        ("x,label\n1,\n2, \n", "at least one labelled row"),
        ("x,label\n1,a\n,b\n", "'x' of .* data row 2"),
        ("x,label\na,a\nb,b\n", "there are no features"),
        ("x,label\n1,a\n2\n", "xpected 2 columns"),
        ("x,label\n", "no rows"),
        ("", "is empty"),
    ],
)
def test_csv_that_cannot_be_used(tmp_path, content, message):
    with pytest.raises(InputError, match=message) as caught:
        read_table(text(tmp_path / "a.csv", content))
    assert "\n" not in str(caught.value)


def test_places_that_are_no_tables(tmp_path):
    (tmp_path / "folder.csv").mkdir()
    for name, message in [
        ("missing.csv", "no such file"),
        ("folder.csv", "no images in .*no saved data set either"),
        ("a.xlsx", f"must end in {either(READ_FORMATS)}"),
    ]:
        with pytest.raises(InputError, match=message):
            read_table(tmp_path / name)


def test_features_of_npz_are_one_array(tmp_path):
    with pytest.raises(InputError, match="one array"):
        read_table(npz(tmp_path / "a.npz", features=np.eye(2), labels=[0, 1]), features=["a", "b"])


def test_too_little_memory_is_said(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise MemoryError

    monkeypatch.setattr("diffresnet.tables.columns.choose_features", fail)
    with pytest.raises(InputError, match="larger than the memory"):
        read_table(text(tmp_path / "a.csv", "x,label\n1,a\n"))


def test_a_table_is_frozen_and_prints_short(tmp_path):
    table = read_table(text(tmp_path / "a.csv", "x,label\n1,a\n"))
    with pytest.raises(dataclasses.FrozenInstanceError):
        table.labels = None
    assert len(repr(table)) < 300
