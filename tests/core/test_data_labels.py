import datetime
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffresnet.errors import InputError
from diffresnet.labels import labelled, labels_of_array, labels_of_column, similar_names


def column(values, kind=None):
    return pa.chunked_array([pa.array(values, kind)])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([0, -1, 2], np.int8), [0, -1, 2]),
        (np.array([0, 255], np.uint8), [0, 255]),
        (np.array([1, 0, 2], ">i4"), [1, 0, 2]),
        (np.array([0.0, np.nan, 2.0]), [0, -1, 2]),
        (np.array([True, False]), [1, 0]),
        (np.array(["a", "", " ", "b"]), ["a", None, None, "b"]),
        (np.array([b"a", b""]), ["a", None]),
    ],
)
def test_arrays(values, expected):
    labels = labels_of_array(values, "labels")
    assert labels.tolist() == expected
    assert labels.dtype in (np.int64, object)
    assert labelled(labels).tolist() == [v not in (-1, None) for v in expected]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.array([0.5, 1.0]), "fractions"),
        (np.array([np.inf]), "fractions"),
        (np.array([1j]), "complex"),
        (np.array([2**63], np.uint64), "64 bits"),
        (np.array([b"\xff"]), "UTF-8"),
        (np.array(["2020-01-01"], "M8[D]"), "datetime"),
    ],
)
def test_arrays_that_are_no_labels(values, message):
    with pytest.raises(InputError, match=message):
        labels_of_array(values, "labels")


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        (
            ["007", " x ", "", "  ", None, "NaN", "NA", "none"],
            None,
            ["007", " x ", *[None] * 5, "none"],
        ),
        ([1, None, 2], pa.int8(), [1, None, 2]),
        ([1, -1, 0], pa.int64(), [1, None, 0]),
        ([1.0, None, float("nan"), 2.0], None, [1, None, None, 2]),
        ([Decimal("1"), None], None, [1, None]),
        ([True, None, False], None, ["true", None, "false"]),
        (["0", "-1", "2"], None, ["0", None, "2"]),
        (["-1", "cat"], None, ["-1", "cat"]),
        ([None, None], None, [None, None]),
    ],
)
def test_columns(values, kind, expected):
    labels = labels_of_column(column(values, kind), "label")
    assert labels.tolist() == expected
    assert labels.dtype == object


def test_a_categorical_column_is_text():
    values = pa.chunked_array([pa.array(["a", None, "b"]).dictionary_encode()])
    assert labels_of_column(values, "label").tolist() == ["a", None, "b"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([0.5, 1.0], "0.5"),
        ([float("inf")], "inf"),
        ([datetime.date(2020, 1, 1)], "date32"),
        ([[1, 2]], "list"),
        ([1, -1], "leave unlabelled cells blank"),
        (["1", "-1"], "leave unlabelled cells blank"),
        (["0", "-1", ""], "leave unlabelled cells blank"),
        ([0, -1, -2], "leave unlabelled cells blank"),
    ],
)
def test_columns_that_are_no_labels(values, message):
    with pytest.raises(InputError, match=message):
        labels_of_column(column(values), "label")


@given(st.lists(st.one_of(st.none(), st.integers(0, 9)), min_size=1))
def test_text_and_numbers_agree(values):
    texts = [None if v is None else str(v) for v in values]
    of_text = labels_of_column(column(texts, pa.string()), "label")
    of_numbers = labels_of_column(column(values, pa.int64()), "label")
    assert [None if v is None else int(v) for v in of_text] == of_numbers.tolist() == values


def test_names_that_differ_in_spaces_are_noted():
    labels = labels_of_column(column(["cat", "Cat ", "dog", None]), "label")
    assert similar_names(labels) == ["labels 'Cat ', 'cat' are taken as 2 classes"]
    assert similar_names(np.array([1, 2])) == []
