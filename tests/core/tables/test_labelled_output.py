import os

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diffresnet.errors import InputError
from diffresnet.files.atomic import either
from diffresnet.files.npz import load_npz
from diffresnet.tables import LabelledTable, read_columns
from diffresnet.tables.formats import FORMATS
from diffresnet.tables.formats import csv as columnar

read_table = LabelledTable.read

FLAGS = np.array(["given", "predicted", "unreached"])
CONFIDENCE = np.array([0.99999, 0.5, np.nan])


@pytest.fixture
def sources(tmp_path):
    """One table in three formats."""
    frame = pd.DataFrame(
        {
            "code": ["007", "1,5", 'a "b"\nc'],
            "label": ["cat", None, None],
            "x": [0.1, 2.0, -3e-7],
            "y": [1, 2, 4],
        }
    )
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_parquet(tmp_path / "a.parquet")
    np.savez(
        tmp_path / "a.npz",
        features=frame[["x", "y"]].to_numpy(np.float16),
        labels=[0, -1, -1],
        class_names=["cat", "dog", "cow"],
        code=frame["code"].to_numpy(str),
        raw=np.array([b"a", b"\xff", b"c"]),
        big=np.arange(3, dtype=">i4"),
        half=np.arange(3, dtype=np.float16),
        complex=np.ones(3) * 1j,
        image=np.zeros((3, 2, 2)),
    )
    return tmp_path


def labelled(sources, name, out):
    table = read_table(sources / name)
    names = (
        np.array([0, 1, None], object)
        if name.endswith("npz")
        else np.array(["cat", "dog", None], object)
    )
    table.write(sources / out, np.array(names, object), CONFIDENCE, FLAGS)
    return sources / out


def test_csv_to_csv(sources):
    out = labelled(sources, "a.csv", "out.csv")
    assert out.read_text() == (
        "code,label,x,y,confidence,flag\n"
        "007,cat,0.1,1,1.0000,given\n"
        '"1,5",dog,2.0,2,0.5000,predicted\n'
        '"a ""b""\nc",,-3e-07,4,,unreached\n'
    )


def test_input_may_be_output(sources):
    assert labelled(sources, "a.csv", "a.csv").read_text().startswith("code,label,x,y,confidence")


def test_csv_to_parquet_makes_features_numbers(sources):
    table = pq.read_table(labelled(sources, "a.csv", "out.parquet"))
    assert table.schema.field("x").type == pa.float64()
    assert table["x"].to_pylist() == [0.1, 2.0, -3e-7]
    assert table["code"].to_pylist() == ["007", "1,5", 'a "b"\nc']
    assert table["label"].to_pylist() == ["cat", "dog", None]
    assert table.schema.field("confidence").type == pa.float32()


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_columns_to_npz(sources, name):
    arrays = load_npz(labelled(sources, name, "out.npz"))
    assert list(arrays) == ["features", "feature_names", "code", "label", "confidence", "flag"]
    np.testing.assert_array_equal(arrays["features"], read_table(sources / name).features)
    assert arrays["feature_names"].tolist() == ["x", "y"]
    assert arrays["label"].tolist() == ["cat", "dog", ""]
    assert arrays["confidence"].dtype == np.float32


def test_parquet_to_parquet_keeps_types_and_index(sources):
    frame = pd.read_parquet(sources / "a.parquet")
    back = pd.read_parquet(labelled(sources, "a.parquet", "out.parquet"))
    pd.testing.assert_frame_equal(back[["code", "x", "y"]], frame[["code", "x", "y"]])
    assert list(back.columns) == ["code", "label", "x", "y", "confidence", "flag"]


@pytest.mark.parametrize(
    ("kind", "given", "result"),
    [
        (pa.int16(), [3, None, None], [3, 4, None]),
        (pa.float64(), [3.0, None, None], [3.0, 4.0, None]),
        (pa.large_string(), ["a", None, None], ["a", "b", None]),
        (pa.bool_(), [True, None, None], [True, False, None]),
        (pa.dictionary(pa.int8(), pa.string()), ["a", None, None], ["a", "b", None]),
    ],
)
def test_labels_keep_their_type(tmp_path, kind, given, result):
    columns = {"x": [1.0, 2.0, 3.0], "intent": pa.array(given, kind)}
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    table = read_table(tmp_path / "a.parquet", label_column="intent")
    names = {True: "true", False: "false"} if kind == pa.bool_() else {}
    labels = np.array([names.get(v, v) if v in (True, False) else v for v in result], object)
    table.write(tmp_path / "out.parquet", labels, CONFIDENCE, FLAGS)
    back = pq.read_table(tmp_path / "out.parquet")
    assert back.column_names == ["x", "intent", "label", "confidence", "flag"]
    assert back.schema.field("label").type == kind
    assert back["label"].to_pylist() == result
    assert back["intent"].to_pylist() == given


def test_names_are_text_where_the_type_cannot_hold_them(tmp_path):
    pq.write_table(pa.table({"x": [1.0, 2.0, 3.0], "label": [1, 2, None]}), tmp_path / "a.parquet")
    table = read_table(tmp_path / "a.parquet")
    names = np.array(["cat", "dog", "cow"], object)
    table.write(tmp_path / "out.parquet", names, CONFIDENCE, FLAGS)
    assert pq.read_table(tmp_path / "out.parquet")["label"].to_pylist() == ["cat", "dog", "cow"]


def test_npz_to_npz(sources):
    before = load_npz(sources / "a.npz")
    after = load_npz(labelled(sources, "a.npz", "out.npz"))
    for key, array in before.items():
        assert after[key].dtype == array.dtype
        assert after[key].tobytes() == array.tobytes()
    assert after["label"].tolist() == [0, 1, -1]
    assert after["label"].dtype == np.int64
    assert after["flag"].tolist() == FLAGS.tolist()
    assert set(after) - set(before) == {"label", "confidence", "flag"}


@pytest.mark.parametrize("out", ["out.csv", "out.parquet"])
def test_npz_to_columns(sources, out):
    path = labelled(sources, "a.npz", out)
    columns = read_columns(path).table
    assert columns.column_names == [
        "labels", "code", "raw", "big", "half", "label", "confidence", "flag",
    ]  # fmt: skip
    assert columns["raw"].to_pylist() == ["a", "\\xff", "c"]
    assert [str(v) for v in columns["label"].to_pylist()[:2]] == ["0", "1"]


def test_npz_without_other_arrays_to_csv(tmp_path):
    np.savez(tmp_path / "a.npz", features=np.eye(3), labels=[0, 1, -1])
    table = read_table(tmp_path / "a.npz", label_column="labels")
    table.content.arrays.pop("labels")
    table.write(tmp_path / "out.csv", table.labels.values(), CONFIDENCE, FLAGS)
    assert (tmp_path / "out.csv").read_text().startswith("label,confidence,flag\n0,1.0000,given\n")


def test_our_own_npz_can_be_read_again(sources):
    out = labelled(sources, "a.csv", "out.npz")
    again = read_table(out)
    assert again.labels.values().tolist() == ["cat", None, None]  # those that are flagged given
    assert "flag" not in again.content.names


def test_user_data_is_never_replaced(tmp_path):
    (tmp_path / "a.csv").write_text("x,flag,confidence,intent,label,features\n1,2,3,a,4,5\n")
    table = read_table(tmp_path / "a.csv", label_column="intent", features="x")
    with pytest.raises(InputError, match=r"already has 'flag', 'confidence', 'label'.*rename them"):
        table.check_output(tmp_path / "out.csv")
    (tmp_path / "a.csv").write_text("x,label,features\n1,a,2\n")
    table = read_table(tmp_path / "a.csv", features="x")
    assert table.check_output(tmp_path / "out.csv") == tmp_path / "out.csv"
    with pytest.raises(InputError, match=r"already has 'features'.*rename it"):
        table.check_output(tmp_path / "out.npz")
    np.savez(tmp_path / "a.npz", features=np.eye(2), labels=[0, 1], label=[5, 6])
    with pytest.raises(InputError, match="already has 'label'"):
        read_table(tmp_path / "a.npz").check_output(tmp_path / "out.npz")


def test_outputs_that_cannot_be(sources):
    table = read_table(sources / "a.csv")
    for out, message in [
        (sources / "out.txt", f"must end in {either(FORMATS)}"),
        (sources / "missing" / "out.csv", "does not exist"),
        (sources, "must end in"),
    ]:
        with pytest.raises(InputError, match=message):
            table.check_output(out)
    with pytest.raises(InputError, match="for every row"):
        table.write(sources / "out.csv", table.labels.values()[:1], CONFIDENCE, FLAGS)
    pq.write_table(pa.table({"x": [1.0], "blob": [b"\xff"], "label": ["a"]}), sources / "b.parquet")
    with pytest.raises(InputError, match="'blob' of type binary"):
        read_table(sources / "b.parquet").check_output(sources / "out.csv")


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".npz"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failed_write_leaves_the_old_file(sources, monkeypatch, suffix, error):
    def fail(*_, **__):
        raise error

    out = sources / f"out{suffix}"
    out.write_text("old")
    before = sorted(os.listdir(sources))
    monkeypatch.setattr("diffresnet.files.npz.npy.write_array", fail)
    monkeypatch.setattr("pyarrow.parquet.ParquetWriter.write_table", fail)
    monkeypatch.setattr(columnar, "_lines", fail)
    with pytest.raises(type(error)):
        labelled(sources, "a.csv", out.name)
    assert out.read_text() == "old"
    assert sorted(os.listdir(sources)) == before


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=5)


@given(st.lists(st.tuples(texts, st.floats(-1e17, 1e17), texts), min_size=2, max_size=6))
@settings(max_examples=40, deadline=None)
def test_every_other_column_is_carried(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("carry")
    text, numbers, more = (list(column) for column in zip(*rows, strict=True))
    cells = {
        "label": ["a"] * len(rows),
        "text": text,
        "x": [f" {v!r}" for v in numbers],
        "more": more,
    }
    columnar.FORMAT.write_table(folder / "a.csv", pa.table(cells))
    table = read_table(folder / "a.csv", features=["x"])
    flags = np.full(len(rows), "given")
    table.write(folder / "b.csv", table.labels.values(), np.ones(len(rows)), flags)
    back = read_columns(folder / "b.csv").table
    assert back.column_names == [*cells, "confidence", "flag"]
    assert {name: back[name].to_pylist() for name in cells} == cells
