from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from diffresnet.errors import InputError
from diffresnet.tables.columns import Columns
from diffresnet.tables.feature_columns import choose_features, listed


def choose(columns, features=None, label="label", texts=False):
    return choose_features(Columns(pa.table(columns), texts), label, features, where="'a.csv'")


def test_text_that_is_numbers():
    chosen = choose(
        {
            "": ["0", "1"],
            "x": ["1.5", " -2e3 "],
            "word": ["a", "b"],
            "mixed": ["1", "b"],
            "blank": ["", " "],
            "y": ["7", "+8"],
            "label": ["3", "4"],
            "yes": ["true", "false"],
        },
        texts=True,
    )
    assert chosen.columns == chosen.names == ("x", "y", "yes")
    assert chosen.matrix.dtype == np.float32
    np.testing.assert_array_equal(chosen.matrix, [[1.5, 7, 1], [-2000, 8, 0]])


def test_types_that_are_numbers():
    chosen = choose(
        {
            "i": pa.array([1, 2], pa.uint64()),
            "f": pa.array([0.5, 1.5], pa.float16()),
            "d": [Decimal("1.25"), Decimal("2")],
            "bool": [True, False],
            "text": ["1", "2"],
            "null": pa.nulls(2),
            "empty": pa.array([None, None], pa.float64()),
            "big": [2**56 + 1, 0],
            "Unnamed: 0": [0, 1],
            "__index_level_0__": [0, 1],
        }
    )
    assert chosen.columns == ("i", "f", "d", "bool", "big")
    np.testing.assert_array_equal(chosen.matrix[:, 2], [1.25, 2])


def test_features_by_list_and_by_prefix():
    columns = {"e1": ["1"], "e0": ["2"], "other": ["3"], "e": ["5"], "a,b": ["6"], "label": ["c"]}
    for features, expected in [
        ("e0,e1", ("e0", "e1")),
        (" e0 , other,", ("e0", "other")),
        ("e", ("e",)),
        ("oth", ("other",)),
        ("a,b", ("a,b",)),
        (("e1", "a,b"), ("e1", "a,b")),
    ]:
        assert choose(columns, features, texts=True).columns == expected
    del columns["e"]
    assert choose(columns, "e", texts=True).columns == ("e1", "e0")


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ("z", "no column of 'a.csv' is called 'z' or starts so; the columns are 'x', 'word'"),
        ("", "no column"),
        ("x,z", "has no column 'z'"),
        ("word", r"'word' of 'a.csv' is not numeric \(data row 1 holds 'a'\)"),
        ("label", "holds the labels"),
        ("x,label", "holds the labels"),
        ("x,x", "every column once"),
        (",", "every column once"),
        ((), "every column once"),
    ],
)
def test_features_that_cannot_be(features, message):
    with pytest.raises(InputError, match=message):
        choose({"x": ["1"], "word": ["a"], "label": ["c"]}, features, texts=True)


def test_a_prefix_never_takes_the_label():
    assert choose({"l1": [1.0], "label": [1]}, "l").columns == ("l1",)


@pytest.mark.parametrize("kind", [pa.list_(pa.float32()), pa.list_(pa.float64(), 2)])
def test_a_column_of_vectors_is_the_features(kind):
    vectors = pa.chunked_array([[[1.0, 2.0]], [[3.0, 4.0], [5.0, 6.0]]], kind)
    columns = {"id": [5, 3, 9], "embedding": vectors, "tags": [[1], [1, 2], []]}
    chosen = choose(columns)
    assert chosen.columns == ("embedding",)
    assert chosen.names == ("embedding[0]", "embedding[1]")
    np.testing.assert_array_equal(chosen.matrix, [[1, 2], [3, 4], [5, 6]])
    both = choose(columns, "embedding,id")
    assert both.names == ("embedding[0]", "embedding[1]", "id")
    np.testing.assert_array_equal(both.matrix[:, 2], [5, 3, 9])


def test_vectors_of_integers_are_features_if_nothing_else_is():
    vectors = {"pixels": [[1, 2], [3, 4]], "label": ["a", "b"]}
    assert choose(vectors).columns == ("pixels",)
    assert choose(vectors | {"x": [0.5, 1.5]}).columns == ("x",)


def test_vectors_that_cannot_be():
    with pytest.raises(InputError, match=r"column 'e\[0\]' of 'a.csv' has 1 cell .* data row 2"):
        choose({"e": [[1.0, 2.0], None]})
    with pytest.raises(InputError, match=r"column 'e\[1\]' of 'a.csv' has 1 cell .* data row 1"):
        choose({"e": [[1.0, None], [1.0, 2.0]]})
    with pytest.raises(InputError, match="all hold vectors; choose one"):
        choose({"e": [[1.0]], "f": [[1.0]]})
    with pytest.raises(
        InputError, match=r"'e' of 'a.csv' is not numeric \(data row 2 has 2 numbers instead of 1"
    ):
        choose({"e": [[1.0], [1.0, 2.0]]}, "e")
    with pytest.raises(InputError, match="no features"):
        choose({"e": [[1.0], [1.0, 2.0]], "label": ["a", "b"]})


@pytest.mark.parametrize("mark", ["", "  ", "NA", "nan", "null", "inf", "-Infinity", "1e39"])
def test_a_missing_cell_is_named(mark):
    columns = {"x": ["1", "2", "3", "4"], "y": ["1", mark, "2", mark], "z": ["1", "2", mark, "1"]}
    message = r"'y' of 'a.csv' has 2 cells .* data row 2 \(and so have 1 more columns\); fill"
    with pytest.raises(InputError, match=message):
        choose(columns, texts=True)
    assert choose(columns, "x", texts=True).columns == ("x",)


def test_missing_numbers_are_named():
    with pytest.raises(InputError, match=r"'x' of 'a.csv' has 1 cell that is .* data row 3"):
        choose({"x": [1.0, 2.0, None], "y": [1, 2, 3]})


def test_columns_that_number_the_rows():
    rng = np.random.default_rng(0)
    rows = rng.permutation(100) + 10
    other = {"x": rng.normal(size=100)}
    chosen = choose({"row": rows} | other)
    assert chosen.columns == ("x",)
    (note,) = map(str, chosen.notes)
    assert note == "column 'row' numbers the rows: it is taken as no feature (features=)"
    chosen = choose({"id": rows * 3} | other)
    assert chosen.columns == ("x",)
    assert "as identifiers do" in str(chosen.notes[0])
    with pytest.raises(InputError, match=r"no safe choice of features.*'row' numbers the rows"):
        choose({"row": rows, "text": ["words"] * 100})
    assert choose({"row": rows}, "row").columns == ("row",)
    assert choose({"row": rows} | other, "row,x").columns == ("row", "x")
    assert choose({"row": np.arange(5), "x": rng.normal(size=5)}).columns == ("row", "x")


NUMBERS = ["1", "2.5", ".5", "-3.", "+1e-3", "NaN", "-inf", "", "7E5"]


def test_one_cell_of_text_among_numbers_is_told():
    columns = {"x": [*NUMBERS, " oops "], "few": ["1", *["word"] * 9], "y": ["1"] * 10}
    chosen = choose(columns, texts=True)
    assert chosen.columns == ("y",)
    (note,) = map(str, chosen.notes)
    assert note.startswith("column 'x' is not numeric, as data row 10 holds 'oops' among numbers")
    with pytest.raises(InputError, match=r"no features; .*data row 10 holds 'oops'"):
        choose({"x": columns["x"]}, texts=True)
    with pytest.raises(InputError, match=r"not numeric \(data row 10 holds 'oops'\)"):
        choose(columns, "x,y", texts=True)
    assert choose({"x": NUMBERS[:5]}, texts=True).notes == ()  # all of them are read


@pytest.mark.parametrize("column", [["", " NA "], pa.nulls(2), pa.array([None, None], "f8")])
def test_a_blank_column_is_told(column):
    with pytest.raises(InputError, match=r"'x' of 'a.csv' is not numeric \(all its cells are bl"):
        choose({"x": column, "y": [1, 2]}, "x", texts=True)


def test_a_cell_that_is_told_is_shortened():
    with pytest.raises(InputError, match=r"data row 1 holds 'long .*\[\.\.\.\]'") as error:
        choose({"x": ["long " * 1000]}, "x", texts=True)
    assert len(str(error.value)) < 200


def test_no_features():
    with pytest.raises(InputError, match="there are no features; the columns are 'a', 'label'"):
        choose({"a": ["x"], "label": ["1"]}, texts=True)


def test_long_lists_of_names_are_cut():
    assert listed(map(str, range(20)), most=2) == "'0', '1', ... (20 in all)"
