import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.exceptions import DataConversionWarning

from diffresnet.classify.labels import encode_labels
from diffresnet.errors import InputError


@pytest.mark.parametrize(
    ("y", "classes", "codes"),
    [
        ([0, 1, -1], [0, 1], [0, 1, -1]),
        ([3.0, np.nan, 5.0, -1.0], [3.0, 5.0], [0, -1, 1, -1]),
        (np.array([7, 2], dtype=np.uint8), [2, 7], [1, 0]),
        (np.array(["b", "", "a", " "]), ["a", "b"], [1, -1, 0, -1]),
        (
            np.array(["b", None, "a", np.nan, "", -1], dtype=object),
            ["a", "b"],
            [1, -1, 0, -1, -1, -1],
        ),
        (np.array([True, None, False], dtype=object), [False, True], [1, -1, 0]),
        (pd.Series(["x", pd.NA, "y"], dtype="string"), ["x", "y"], [0, -1, 1]),
        (pd.Series(pd.Categorical(["x", None, "y"])), ["x", "y"], [0, -1, 1]),
        (pd.Series([1, pd.NA, 2], dtype="Int64"), [1, 2], [0, -1, 1]),
        (torch.tensor([1, -1, 0]), [0, 1], [1, -1, 0]),
        (np.array([[0], [1]])[:, 0], [0, 1], [0, 1]),
    ],
)
def test_usual_forms(y, classes, codes):
    labels = encode_labels(y)
    assert labels.classes.tolist() == classes
    assert labels.codes.tolist() == codes
    assert labels.counts.sum() == len(labels.rows)


@pytest.mark.parametrize(
    ("y", "says"),
    [
        ([-1, -1], "no row has a label"),
        ([None, ""], "no row has a label"),
        ([4, 4, -1], "one class"),
        (np.array(["a", 1], dtype=object), "mix numbers and text"),
        (np.array(["a", True], dtype=object), "mix booleans and text"),
        ([0.5, 1.0], "continuous"),
        ([0.0, np.inf], "infinity"),
        (np.array([{1}, {2}], dtype=object), "not supported"),
        ([[0, 1], [1, 0]], "one a row"),
        (np.array([1j, 2]), "not supported"),
    ],
)
def test_bad_labels_say_what_is_wrong(y, says):
    with pytest.raises(InputError, match=says):
        encode_labels(y)


def test_plus_and_minus_one_are_two_classes_and_a_warning_says_so():
    with pytest.warns(UserWarning, match="only -1 and \\+1"):
        labels = encode_labels([-1, 1, 1, -1])
    assert labels.classes.tolist() == [-1, 1]
    assert labels.codes.tolist() == [0, 1, 1, 0]


def test_column_vector_warns():
    with pytest.warns(DataConversionWarning):
        assert encode_labels([[0], [1]]).codes.tolist() == [0, 1]
