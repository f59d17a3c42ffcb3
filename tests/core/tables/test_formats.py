import csv
import datetime
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diffresnet.errors import InputError
from diffresnet.tables import read_columns
from diffresnet.tables.formats import csv as columnar

write_csv = columnar.FORMAT.write_table


def read_csv(path):
    return read_columns(path).table


read_parquet = read_csv


def write_parquet(path, table):
    pq.write_table(table, path, use_compliant_nested_type=False)


# No surrogates, which UTF-8 has not; no null character, which the csv module writes as it is.
cell = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=6)
cells = st.one_of(cell, st.sampled_from(['"', "a,b", "\r\n", "\n", " ", "007", "-0.0", "NA", "é"]))
tables = st.integers(1, 3).flatmap(
    lambda width: st.lists(st.tuples(cells, *[cells] * width), min_size=1, max_size=6)
)


@given(tables)
@settings(max_examples=60, deadline=None)
def test_every_cell_comes_back(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    names = [f"c{i}" for i in range(len(rows[0]))]
    columns = [list(column) for column in zip(*rows, strict=True)]
    write_csv(path, pa.table(columns, names))
    assert [column.to_pylist() for column in read_csv(path).columns] == columns
    with open(path, newline="", encoding="utf-8") as file:
        assert list(csv.reader(file)) == [names, *map(list, rows)]


@given(tables)
@settings(max_examples=60, deadline=None)
def test_reads_what_the_csv_module_writes(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    with open(path, "w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerow([f"c{i}" for i in range(len(rows[0]))])
        writer.writerows(rows)
    table = read_csv(path)
    assert [column.to_pylist() for column in table.columns] == [
        list(column) for column in zip(*rows, strict=True)
    ]


def test_quotes_stand_where_they_are_needed(tmp_path):
    table = pa.table({"a": ["x", "1,5", 'y"'], "b\n": ["", "2.50", "z\n"]})
    write_csv(tmp_path / "a.csv", table)
    assert (tmp_path / "a.csv").read_bytes() == b'a,"b\n"\nx,\n"1,5",2.50\n"y""","z\n"\n'


def test_many_rows_in_parts(tmp_path, monkeypatch):
    monkeypatch.setattr(columnar, "ROWS", 7)
    table = pa.concat_tables(
        [pa.table({"a": [str(i), f"{i},"], "b": ["", "x"]}) for i in range(20)]
    )
    write_csv(tmp_path / "a.csv", table)
    assert read_csv(tmp_path / "a.csv").equals(table.combine_chunks())


def test_types_as_text(tmp_path):
    table = pa.table(
        {
            "int": pa.array([1, None]),
            "float": pa.array([0.1, 1e-30], pa.float32()),
            "half": pa.array([0.5, None], pa.float16()),
            "bool": [True, None],
            "decimal": [Decimal("1.50"), None],
            "date": [datetime.date(2020, 1, 2), None],
            "time": [datetime.datetime(2020, 1, 2, 3), None],
            "list": [[1.5, None], None],
            "struct": [{"a": 1}, None],
            "category": pa.array(["a", None]).dictionary_encode(),
            "null": pa.nulls(2),
        }
    )
    write_csv(tmp_path / "a.csv", table)
    back = read_csv(tmp_path / "a.csv")
    assert [column[0].as_py() for column in back.columns] == [
        "1", "0.1", "0.5", "true", "1.50", "2020-01-02", "2020-01-02 03:00:00.000000",
        "[1.5, null]", '{"a": 1}', "a", "",
    ]  # fmt: skip
    assert {column[1].as_py() for column in back.columns} == {"", "1e-30"}


def test_bytes_have_no_text(tmp_path):
    with pytest.raises(InputError, match=r"'x' of type binary.*parquet"):
        write_csv(tmp_path / "a.csv", pa.table({"x": [b"\xff"]}))
    assert not (tmp_path / "a.csv").exists()


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "is empty"),
        (b"\n\n", "cannot read"),
        (b"a,b\n", "has no rows"),
        (b"a,b\n1,2\n3\n", r"[Rr]ow #3: [Ee]xpected 2 columns, got 1"),
        (b"a,b\n" + b"1,2\n" * 9 + b"1,2,3\n", "[Rr]ow #11: [Ee]xpected 2 columns, got 3"),
        (b'a,b\n"x,2\n', "cannot read"),
        (b"a,b\n\xff,2\n", "not UTF-8"),
        (b"a\xff,b\n1,2\n", "not UTF-8"),
        ("a,b\n1,2\n".encode("utf-16"), "not UTF-8"),
        (b"a,b,a\n1,2,3\n", "two columns called 'a'"),
        (b"a;label\n1;x\n", "with commas"),
        (b"a\tlabel\n1\tx\n", "with commas"),
        (bytes(100), "cannot read|no rows"),
    ],
)
def test_csv_that_cannot_be_read(tmp_path, raw, message):
    (tmp_path / "a.csv").write_bytes(raw)
    with pytest.raises(InputError, match=message) as caught:
        read_csv(tmp_path / "a.csv")
    assert "\n" not in str(caught.value)
    assert "a.csv" in str(caught.value)


def test_a_ragged_row_far_down_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(columnar, "BLOCK", 64)
    (tmp_path / "a.csv").write_bytes(b"a,b\n" + b"1,2\n" * 500 + b"3\n")
    with pytest.raises(InputError, match=r"[Rr]ow #502"):
        read_csv(tmp_path / "a.csv")


def test_a_row_longer_than_a_block_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(columnar, "BLOCK", 64)
    text = "line\n" * 100
    (tmp_path / "a.csv").write_text(f'a,b\n1,"{text}"\n2,x\n')
    assert read_csv(tmp_path / "a.csv")["b"].to_pylist() == [text, "x"]


def test_parquet_keeps_types_and_metadata(tmp_path):
    table = pa.table(
        {"a": pa.array([1, None], pa.int8()), "b": [[1.0], []]}
    ).replace_schema_metadata({"made": "by hand"})
    write_parquet(tmp_path / "a.parquet", table)
    back = read_parquet(tmp_path / "a.parquet")
    assert back.equals(table, check_metadata=True)


def test_folders_of_a_path_are_no_columns(tmp_path):
    (tmp_path / "label=3").mkdir()
    write_parquet(tmp_path / "label=3" / "a.parquet", pa.table({"x": [1.0]}))
    assert read_parquet(tmp_path / "label=3" / "a.parquet").column_names == ["x"]


def test_parquet_that_cannot_be_read(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"x": np.arange(100.0)}), path)
    whole = path.read_bytes()
    for raw in (whole[:-9], whole[:50], b"PAR1", b"PAR1" + bytes(20) + b"PAR1", b"hello"):
        path.write_bytes(raw)
        with pytest.raises(InputError, match="cannot read") as caught:
            read_parquet(path)
        assert "\n" not in str(caught.value)
    pq.write_table(pa.table({"x": pa.array([], pa.float64())}), path)
    with pytest.raises(InputError, match="has no rows"):
        read_parquet(path)
    pq.write_table(pa.table([[1], [2]], ["x", "x"]), path)
    with pytest.raises(InputError, match="two columns called 'x'"):
        read_parquet(path)
