"""An output that is read again: what was given stays, what was predicted is labelled anew."""

import numpy as np
import pandas as pd
import pytest

from diffresnet import label_file
from diffresnet.errors import InputError

RNG = np.random.default_rng(0)
TRUTH = np.repeat(["cat", "dog", "eel"], 20)
X = RNG.normal(size=(60, 3)) + 6.0 * np.unique(TRUTH, return_inverse=True)[1][:, None]
ENDS = [".csv", ".parquet", ".jsonl", ".npz"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = np.where(np.isin(np.arange(60), [0, 1, 20, 21]), TRUTH, None)  # no eel yet
    frame = pd.DataFrame(X, columns=list("abc")).assign(label=given)
    frame.to_csv("in.csv", index=False)


@pytest.mark.parametrize("end", ENDS)
def test_the_second_time_is_as_the_first(end):
    first = label_file("in.csv", f"one{end}")
    second = label_file(f"one{end}", f"two{end}")
    np.testing.assert_array_equal(second.labels, first.labels)
    np.testing.assert_array_equal(second.flags, first.flags)
    np.testing.assert_array_equal(second.confidence, first.confidence)
    assert second.feature_names == first.feature_names or end == ".npz"
    assert any("earlier output" in note.message for note in second.notes)
    label_file(f"two{end}", f"two{end}")  # in its own place


def test_more_labels_are_given_by_their_flag():
    label_file("in.csv", "one.csv")
    table = pd.read_csv("one.csv")
    wrong = (table["label"] != TRUTH).to_numpy()
    assert wrong[40:].all()
    table.loc[[40, 41], ["label", "flag"]] = ["eel", "given"]
    table.to_csv("one.csv", index=False)
    assert (label_file("one.csv").labels == TRUTH).all()


def test_a_label_column_of_another_name_is_left_as_it_was():
    pd.read_csv("in.csv").rename(columns={"label": "animal"}).to_csv("animal.csv", index=False)
    first = label_file("animal.csv", "one.csv", label_column="animal")
    second = label_file("one.csv", "two.csv", label_column="animal")
    np.testing.assert_array_equal(second.labels, first.labels)
    assert pd.read_csv("two.csv").equals(pd.read_csv("one.csv"))


def test_a_correction_beside_a_label_column_of_another_name_is_kept():
    pd.read_csv("in.csv").rename(columns={"label": "animal"}).to_csv("animal.csv", index=False)
    label_file("animal.csv", "one.csv", label_column="animal")
    table = pd.read_csv("one.csv")
    table.loc[[40, 41], ["label", "flag"]] = ["eel", "given"]
    table.to_csv("one.csv", index=False)
    assert (label_file("one.csv", label_column="animal").labels == TRUTH).all()


def test_rows_that_were_added_are_given_where_they_have_a_label():
    label_file("in.csv", "one.csv")
    table = pd.read_csv("one.csv")
    table.loc[[40, 41], ["label", "flag"]] = ["eel", None]
    table.loc[[42, 43], ["label", "confidence", "flag"]] = None
    table.loc[0, "flag"] = " Given "
    table.to_csv("one.csv", index=False)
    result = label_file("one.csv")
    assert (result.labels == TRUTH).all()
    assert np.flatnonzero(result.flags == "given").tolist() == [0, 1, 20, 21, 40, 41]
    table.loc[5, "flag"] = "corrected"
    table.to_csv("one.csv", index=False)
    with pytest.raises(InputError, match="data row 6 has the flag 'corrected'; a flag is given"):
        label_file("one.csv")


def test_columns_of_the_user_are_no_earlier_output():
    table = pd.read_csv("in.csv").assign(confidence=0.5, flag="checked")
    table.to_csv("own.csv", index=False)
    with pytest.raises(InputError, match="already has 'confidence', 'flag'"):
        label_file("own.csv", "out.csv")


def test_nothing_given_is_said():
    label_file("in.csv", model="m.npz")
    pd.read_csv("in.csv").drop(columns="label").to_csv("new.csv", index=False)
    label_file("new.csv", "out.csv", with_="m.npz")
    with pytest.raises(InputError, match="all that it has were predicted"):
        label_file("out.csv")
    again = label_file("out.csv", with_="m.npz")  # its own labels are no given ones
    assert "given" not in again.flags
