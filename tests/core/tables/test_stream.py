"""Files are read in parts: the same as at once, with the memory of the numbers."""

import os

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diffresnet import label_file
from diffresnet.errors import InputError
from diffresnet.tables.column_numbers import read_numbers
from diffresnet.tables.columns import Columns
from diffresnet.tables.formats import csv, read_content
from diffresnet.tables.stream import read_stream

CELLS = ["1", "2.5", "-3", " 4 ", "", "NA", "nan", "inf", "true", "False", "1,5", "x", "16777217"]
CELLS += ["[1, 2]", "[3, 4]", "[5]", "9007199254740993", "1e400"]


def in_parts(columns, cuts):
    """Columns as a file of several parts holds them."""
    table = pa.table(columns)

    def read(path, names):
        part = table if names is None else table.select(names)
        yield part.slice(0, 0)
        for start, end in zip([0, *cuts], [*cuts, len(table)], strict=True):
            yield part.slice(start, end - start)

    return read


@given(
    st.lists(st.lists(st.sampled_from(CELLS), min_size=6, max_size=6), min_size=1, max_size=3),
    st.lists(st.integers(0, 6), max_size=3).map(sorted),
)
@settings(max_examples=200, deadline=None)
def test_texts_in_parts_are_as_the_whole(tmp_path_factory, columns, cuts):
    path = tmp_path_factory.getbasetemp() / "any"
    path.touch()
    named = {f"c{i}": column for i, column in enumerate(columns)}
    found = read_stream(path, in_parts(named, cuts), texts=True)
    assert found.names == list(named)
    for name, column in named.items():
        same(found.numbers(name), read_numbers(pa.chunked_array([column]), texts=True))
        assert found.column(name).to_pylist() == column
    assert found.table.to_pydict() == named


TYPED = [
    pa.array([1, None, 3, 2**53 + 1, 5, 6]),
    pa.array([1.5, 2.0, float("nan"), None, 0.0, -0.0]),
    pa.array([[1, 2], None, [3, 4], [5, 6], [7, 8], [9, 9]]),
    pa.array([[1.0], [2.0], [3.0, 4.0], [5.0], [6.0], [7.0]]),
    pa.array([True, False, None, True, True, False]),
    pa.array(["a", "1", "2", None, "", "[1]"]),
    pa.array([None] * 6, pa.float32()),
    pa.array([7, 7, 8, 8, 9, 9], pa.int8()),
]


@pytest.mark.parametrize("cuts", [[], [1], [2, 4], [1, 2, 3, 4, 5], [0, 3]])
def test_types_in_parts_are_as_the_whole(tmp_path, cuts):
    path = tmp_path / "any"
    path.touch()
    named = {f"c{i}": column for i, column in enumerate(TYPED)}
    found = read_stream(path, in_parts(named, cuts), texts=False)
    for name, column in named.items():
        same(found.numbers(name), read_numbers(pa.chunked_array([column]), texts=False))
    assert found.table.schema == pa.table(named).schema


def same(found, expected):
    assert (found is None) == (expected is None)
    if found is not None:
        np.testing.assert_array_equal(found.values, expected.values)
        np.testing.assert_array_equal(found.whole, expected.whole)
        assert (found.is_vector, found.is_long) == (expected.is_vector, expected.is_long)


@pytest.fixture
def small_parts(monkeypatch):
    monkeypatch.setattr(csv, "BLOCK", 2000)
    monkeypatch.setattr(csv, "PART", 4000)


def test_a_file_of_many_parts_is_labelled_as_in_memory(tmp_path, small_parts, monkeypatch):
    rng = np.random.default_rng(0)
    kind = np.arange(300) % 3
    x = rng.normal(size=(300, 4)) + 4 * kind[:, None]
    columns = {f"x{i}": [repr(v) for v in x[:, i].tolist()] for i in range(4)}
    columns["count"] = [str(v) for v in rng.integers(0, 9, 300)]
    columns["late"] = [*map(str, range(260)), *["no number"] * 40]
    columns["label"] = [str(k) if i < 12 else "" for i, k in enumerate(kind)]
    csv.FORMAT.write_table(tmp_path / "a.csv", pa.table(columns))
    assert len(list(csv.FORMAT.read_parts(tmp_path / "a.csv"))) > 5
    content = read_content(tmp_path / "a.csv")
    assert set(content.known) == {"x0", "x1", "x2", "x3", "count", "label"}
    assert content.held.column_names == ["late"]  # read again, as its last part showed it
    in_parts = label_file(tmp_path / "a.csv", tmp_path / "b.csv")
    monkeypatch.undo()
    whole = label_file(tmp_path / "a.csv", tmp_path / "c.csv")
    np.testing.assert_array_equal(in_parts.confidence, whole.confidence)
    assert (tmp_path / "b.csv").read_bytes() == (tmp_path / "c.csv").read_bytes()
    table = csv.FORMAT.read_table(tmp_path / "b.csv")
    for name in ("x0", "count", "late"):  # cell by cell, as the user wrote them
        assert table[name].to_pylist() == columns[name]
    label_file(tmp_path / "a.csv", tmp_path / "a.csv")  # in its own place
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "c.csv").read_bytes()


def test_a_row_longer_than_a_block(tmp_path, small_parts):
    cells = {"x": ["1", "2", "3"] * 50, "text": ["a"] * 149 + ["b" * 9000]}
    csv.FORMAT.write_table(tmp_path / "a.csv", pa.table(cells))
    assert csv.FORMAT.read_table(tmp_path / "a.csv").to_pydict() == cells


def test_a_ragged_row_in_a_late_part_is_named(tmp_path, small_parts):
    rows = "".join(f"{i},{i}\n" for i in range(3000))
    (tmp_path / "a.csv").write_text(f"x,y\n{rows}1,2,3\n")
    with pytest.raises(InputError, match=r"Row #3002: Expected 2 columns, got 3"):
        read_content(tmp_path / "a.csv")


def test_a_file_that_changes_meanwhile_is_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("x,label\n1,a\n2,\n")
    content = read_content(path)
    path.write_text("x,label\n1,a\n3,\n")
    os.utime(path, ns=(0, 0))
    with pytest.raises(InputError, match="was changed while it was read"):
        content.column("x")


def test_numbers_are_held_once(tmp_path):
    """What stays in memory of a file of numbers is their float32 values."""
    x = np.random.default_rng(0).normal(size=(20000, 16)).astype(np.float32)
    table = pa.table({f"x{i}": x[:, i] for i in range(16)})
    pq.write_table(table, tmp_path / "a.parquet")
    content = read_content(tmp_path / "a.parquet")
    assert isinstance(content, Columns)
    assert content.held.nbytes == 0
    assert sum(part.values.nbytes for part in content.known.values()) == x.nbytes
    features = content.choose_features(None, None, "here")
    np.testing.assert_array_equal(features.matrix, x)
    assert not content.known
