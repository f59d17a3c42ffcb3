"""The one law of labels."""

import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.exceptions import DataConversionWarning

from diffresnet.errors import InputError
from diffresnet.labels import encode_labels, hide_marked, label_notes, marks_beside, no_labels


def objects(*values):
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


@pytest.mark.parametrize(
    ("y", "classes", "codes"),
    [
        ([0, 1, -1], [0, 1], [0, 1, -1]),
        (np.array([0, -1, 2], np.int8), [0, 2], [0, -1, 1]),
        (np.array([1, 0, 2], ">i4"), [0, 1, 2], [1, 0, 2]),
        (np.array([7, 2], dtype=np.uint8), [2, 7], [1, 0]),
        ([3.0, np.nan, 5.0], [3.0, 5.0], [0, -1, 1]),
        ([3.0, -1.0, 5.0], [3.0, 5.0], [0, -1, 1]),
        (np.array(["b", "", "a", " "]), ["a", "b"], [1, -1, 0, -1]),
        (np.array([b"b", b"", b"a"]), ["a", "b"], [1, -1, 0]),
        (objects("b", None, "a", np.nan, ""), ["a", "b"], [1, -1, 0, -1, -1]),
        (objects(1, None, 2), [1, 2], [0, -1, 1]),
        (objects(1, -1, 2), [1, 2], [0, -1, 1]),
        (objects(True, None, False), [False, True], [1, -1, 0]),
        (pd.Series(["x", pd.NA, "y"], dtype="string"), ["x", "y"], [0, -1, 1]),
        (pd.Series(pd.Categorical(["x", None, "y"])), ["x", "y"], [0, -1, 1]),
        (pd.Series([1, pd.NA, 2], dtype="Int64"), [1, 2], [0, -1, 1]),
        (torch.tensor([1, -1, 0]), [0, 1], [1, -1, 0]),
        # Text that is numbers throughout follows the law of numbers, and 3.0 is 3.
        (["0", "-1", "2"], ["0", "2"], [0, -1, 1]),
        (["3.0", "-1.0", "3", "4"], ["3", "4"], [0, -1, 0, 1]),
        (["007", "7", "8"], ["007", "7", "8"], [0, 1, 2]),
        # Any other mark is a class, unless it is named.
        (["cat", "-1", "dog"], ["-1", "cat", "dog"], [1, 0, 2]),
        (["cat", "NA", "null", "nan"], ["NA", "cat", "nan", "null"], [1, 0, 3, 2]),
        ([-1, -1], [], [-1, -1]),
        ([None, ""], [], [-1, -1]),
    ],
)
def test_the_law(y, classes, codes):
    labels = encode_labels(y)
    assert labels.classes.tolist() == classes
    assert labels.codes.tolist() == codes
    assert labels.counts.sum() == len(labels.rows) == labels.labelled.sum()
    assert labels.names == tuple(f"{c:g}" if isinstance(c, float) else str(c) for c in classes)


@pytest.mark.parametrize(
    ("y", "marks", "classes", "codes"),
    [
        (["cat", "NA", "", "dog"], "NA", ["cat", "dog"], [0, -1, -1, 1]),
        (["cat", "NA", " null ", "dog"], ["NA", "null"], ["cat", "dog"], [0, -1, -1, 1]),
        (["cat", "-1", "dog"], -1, ["cat", "dog"], [0, -1, 1]),
        ([0, 99, -1], 99, [-1, 0], [1, -1, 0]),
        ([0.0, 99.0, 2.0], "99", [0.0, 2.0], [0, -1, 1]),
        ([1, -1, 1], "", [-1, 1], [1, 0, 1]),
        ([1, -1, -2], -1, [-2, 1], [1, -1, 0]),
        (objects("b", -1, "a"), -1, ["a", "b"], [1, -1, 0]),
        ([1, 9, 2], np.int64(9), [1, 2], [0, -1, 1]),
        (["None", "a"], [None], ["None", "a"], [0, 1]),
        ([True, False, True], True, [False], [-1, 0, -1]),
        (["true", "false"], True, ["false"], [-1, 0]),
        ([2**53, 2**53 + 1, 3], 2**53 + 1, [3, 2**53], [1, -1, 0]),
    ],
)
def test_marks_that_are_named(y, marks, classes, codes):
    labels = encode_labels(y, marks)
    assert labels.classes.tolist() == classes
    assert labels.codes.tolist() == codes


@pytest.mark.parametrize(
    ("y", "says"),
    [
        ([1, -1], "may be a class or mark unlabelled rows"),
        (["1", "-1"], "may be a class or mark unlabelled rows"),
        ([0, -1, -2], "may be a class or mark unlabelled rows"),
        (["0", "-1", ""], "may be a class or mark unlabelled rows"),
        ([0.0, -1.0, np.nan], "may be a class or mark unlabelled rows"),
        (objects("a", 1), "mix numbers and text"),
        (objects("a", -1), "mix text and the number -1; .*name it"),
        (objects("a", True), "mix booleans and text"),
        ([0.5, 1.0], "continuous"),
        ([0.0, np.inf], "infinity"),
        (objects({1}, {2}), "not supported"),
        (objects(datetime.date(2020, 1, 1)), "not supported"),
        (objects(Decimal("1")), "not supported"),
        ([[0, 1], [1, 0]], "one a row"),
        (pd.DataFrame({"a": [0, 1], "b": [1, 0]}), "one a row"),
        (pl.DataFrame({"a": [0, None], "b": [1, 0]}), "one a row"),
        (pa.table({"a": [0, 1], "b": [1, None]}), "one a row"),
        (np.array([1j, 2]), "not supported"),
        (np.array(["2020-01-01"], "M8[D]"), "not supported"),
        (np.array([b"\xff"]), "UTF-8"),
        (np.array([2**63], np.uint64), "64 bits"),
        ([2**70, 1], "64 bits"),
    ],
)
def test_what_can_be_misread_is_refused(y, says):
    with pytest.raises(InputError, match=says):
        encode_labels(y)


def test_lists_are_read_value_by_value():
    nan = float("nan")
    assert encode_labels(["a", nan, "b", nan]).codes.tolist() == [0, -1, 1, -1]
    assert encode_labels([b"a", b"", b"b"]).classes.tolist() == ["a", "b"]
    for mixed in (["a", -1, "b"], [1, "a", 2], [True, -1, False], [2**63, 1], [2**63, -1, 1]):
        with pytest.raises(InputError, match=r"mix|beyond 64 bits"):
            encode_labels(mixed)


def test_masked_labels_are_none():
    masked = np.ma.masked_array([0, 1, 2, 0], mask=[0, 0, 1, 1])
    assert encode_labels(masked).codes.tolist() == [0, 1, -1, -1]
    assert encode_labels(np.ma.masked_array([3, 4])).codes.tolist() == [0, 1]
    half = torch.tensor([1.0, float("nan"), 2.0], dtype=torch.bfloat16)
    assert encode_labels(half).codes.tolist() == [0, -1, 1]


def test_a_mark_that_stands_nowhere_is_noted():
    (note,) = label_notes(encode_labels(["NA", "a", "b", ""], unlabelled="na"))
    assert note.parameter == "unlabelled"
    assert "'na'" in note.message
    assert not label_notes(encode_labels(["NA", "a", "b"], unlabelled=["NA", ""]))


def test_marked_class_numbers_are_hidden():
    codes = np.array([0, 9, 1, -1])
    assert hide_marked(codes, None) is codes
    assert hide_marked(codes, 9).tolist() == [0, -1, 1, -1]
    assert hide_marked(np.array([0, 1, -1]), "b", ["a", "b"]).tolist() == [0, -1, -1]


def test_two_classes_are_required_to_learn():
    for y, says in (([-1, -1], "no row has a label"), ([4, 4, -1], "one class")):
        with pytest.raises(InputError, match=says):
            encode_labels(y).require_classes()
    encode_labels([0, 1]).require_classes()
    assert not no_labels(3).labelled.any()


def test_plus_and_minus_one_are_two_classes_to_an_estimator():
    with pytest.warns(UserWarning, match="only -1 and \\+1"):
        labels = encode_labels([-1, 1, 1, -1], binary=True)
    assert labels.classes.tolist() == [-1, 1]
    with pytest.raises(InputError, match="may be a class or mark"):
        encode_labels(objects(-1, 1, None), binary=True)


def test_column_vector_warns():
    with pytest.warns(DataConversionWarning):
        assert encode_labels([[0], [1]]).codes.tolist() == [0, 1]


INTEGERS, BOOLEANS, TEXTS = [3, None, 1], [True, None, False], ["b", None, "a"]


@pytest.mark.parametrize(
    ("make", "values"),
    [
        *((lambda v, d=d: pd.Series(v, dtype=d), INTEGERS) for d in ("Int64", "Int8", "UInt16")),
        (lambda v: pd.Series(v, dtype="int64[pyarrow]"), INTEGERS),
        (lambda v: pd.Index(v, dtype="Int64"), INTEGERS),
        (lambda v: pd.array(v, dtype="Int64"), INTEGERS),
        (lambda v: pd.Series(v, dtype="boolean"), BOOLEANS),
        (lambda v: pd.Series(v, dtype="string"), TEXTS),
        *((lambda v: pd.Series(v, dtype="category"), v) for v in (INTEGERS, BOOLEANS, TEXTS)),
        (lambda v: pd.Series(pd.array(v, dtype="Int64")).astype("category"), INTEGERS),
        (pd.CategoricalIndex, INTEGERS),
        *((pa.array, v) for v in (INTEGERS, BOOLEANS, TEXTS)),
        (lambda v: pa.array(v, pa.int8()), INTEGERS),
        *((lambda v: pa.array(v).dictionary_encode(), v) for v in (INTEGERS, TEXTS)),
        (lambda v: pa.chunked_array([v[:2], v[2:]]), INTEGERS),
        *((pl.Series, v) for v in (INTEGERS, BOOLEANS, TEXTS)),
        (lambda v: pl.Series(v, dtype=pl.Int16), INTEGERS),
        (lambda v: pl.Series(v, dtype=pl.Categorical), TEXTS),
        (lambda v: objects(*v), INTEGERS),
        (list, INTEGERS),
    ],
)
def test_missing_values_keep_the_type_of_the_others(make, values):
    labels = encode_labels(make(values))
    assert labels.codes.tolist() == [1, -1, 0]
    assert labels.classes.tolist() == [values[2], values[0]]
    kinds = {"int": np.int64, "bool": np.bool_, "str": object}
    assert labels.classes.dtype == kinds[type(values[0]).__name__]


def test_large_integers_beside_missing_ones_are_exact():
    values = [2**53 + 1, None, 2**53]
    for y in (pd.Series(values, dtype="Int64"), pa.array(values), pl.Series(values)):
        assert encode_labels(y).classes.tolist() == [2**53, 2**53 + 1]


@pytest.mark.parametrize(
    "y",
    [
        np.array([3, np.nan, 1]),
        pd.Series([3, None, 1]),
        pd.Series([3.0, None, 1.0], dtype="Float64"),
        pd.Series([3.0, None, 1.0], dtype="category"),
        pa.array([3.0, None, 1.0]),
        pl.Series([3.0, float("nan"), 1.0]),
        pl.Series([3.0, None, 1.0]),
    ],
)
def test_floats_stay_floats(y):
    labels = encode_labels(y)
    assert labels.codes.tolist() == [1, -1, 0]
    assert labels.classes.dtype == np.float64


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"y": pd.array(INTEGERS, dtype="Int64")}),
        pd.DataFrame({"y": pd.Series(INTEGERS, dtype="category")}),
        pl.DataFrame({"y": INTEGERS}),
        pa.table({"y": INTEGERS}),
    ],
)
def test_a_frame_of_one_column_is_that_column(frame):
    with pytest.warns(DataConversionWarning):
        labels = encode_labels(frame)
    assert labels.classes.tolist() == [1, 3]
    assert labels.classes.dtype == np.int64


def test_labels_of_a_fold_are_read_as_those_of_the_whole():
    assert marks_beside(np.array([0, 1])) == marks_beside(np.array(["0", "1.0"])) == -1
    for classes in ([-1, 1], [-1.0, 1.0], ["-1", "1"], ["a", "b"], [False, True]):
        assert marks_beside(np.array(classes)) == ""
    assert marks_beside(np.array([0, 1]), [9, "x"]) == [9, "x"]


@given(st.lists(st.one_of(st.none(), st.integers(0, 9)), min_size=1))
def test_text_numbers_and_floats_agree(values):
    of_numbers = encode_labels(objects(*values))
    texts = objects(*(None if v is None else str(v) for v in values))
    floats = np.array([np.nan if v is None else v for v in values], dtype=float)
    for other in (texts, floats, [f"{v}.0" if v is not None else "" for v in values]):
        labels = encode_labels(other)
        assert labels.codes.tolist() == of_numbers.codes.tolist()
        assert [int(float(c)) for c in labels.classes] == of_numbers.classes.tolist()


@given(
    st.lists(st.sampled_from(["a", "b", "NA", "-1", "", None, "none"]), min_size=1),
    st.lists(st.sampled_from(["NA", "none", "-1"])),
)
def test_a_row_is_labelled_unless_it_is_blank_or_named(values, marks):
    labels = encode_labels(objects(*values), marks)
    blank = [v is None or v == "" or v in marks for v in values]
    assert (~labels.labelled).tolist() == blank
    again = [None if c < 0 else labels.classes[c] for c in labels.codes]
    assert again == [None if b else v for b, v in zip(blank, values, strict=True)]


def test_some_rows_have_the_classes_that_are_left():
    labels = encode_labels(["c", "a", None, "b"]).subset(np.array([True, False, True, True]))
    assert labels.classes.tolist() == ["b", "c"]
    assert labels.codes.tolist() == [1, -1, 0]


def test_a_class_that_may_be_a_mark_is_noted():
    (note,) = label_notes(encode_labels(["cat", "dog", *["Unknown"] * 6]))
    assert "'Unknown' stands on 6 of 8 rows and is taken as a class" in str(note)
    assert note.parameter == "unlabelled"
    (note,) = label_notes(encode_labels(["cat", "dog", "", "NA"]))  # beside blanks too
    assert "'NA' stands on 1 of 4 rows" in str(note)
    # Who names the marks says that all others are classes.
    assert label_notes(encode_labels(["cat", "dog", "", "NA"], unlabelled="")) == []


def test_names_that_differ_in_spaces_or_case_are_noted():
    (note,) = label_notes(encode_labels(["cat", "Cat ", "dog", None]))
    assert str(note) == "labels 'Cat ', 'cat' are taken as 2 classes"
    assert label_notes(encode_labels([1, 2, 1])) == []
