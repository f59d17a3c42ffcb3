"""Labels in a file of their own: joined by ids or in order, and never to the wrong rows."""

import numpy as np
import pandas as pd
import pytest

from diffresnet import label_file
from diffresnet.errors import InputError

RNG = np.random.default_rng(0)
TRUTH = np.repeat(["cat", "dog"], 20)
X = RNG.normal(size=(40, 3)) + 6.0 * (TRUTH == "dog")[:, None]
GIVEN = np.where(np.isin(np.arange(40), [0, 1, 20, 21]), TRUTH, None)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("x.npy", X)
    np.savez("x.npz", features=X, ids=[f"r{i}" for i in range(40)])
    frame = pd.DataFrame(X, columns=list("abc"))
    frame.insert(0, "row", [f"r{i}" for i in range(40)])
    frame.to_csv("x.csv", index=False)
    pd.DataFrame({"label": GIVEN}).to_csv("in_order.csv", index=False)
    few = pd.DataFrame({"row": ["r21", "r0", "r20", "r1"], "label": ["dog", "cat", "dog", "cat"]})
    few.to_csv("by_id.csv", index=False)
    few.rename(columns={"row": "ids"}).to_csv("ids.csv", index=False)
    np.save("codes.npy", np.select([GIVEN == "cat", GIVEN == "dog"], [0, 1], -1))
    np.savez("codes.npz", labels=np.load("codes.npy"))


@pytest.mark.parametrize(
    ("path", "labels", "note"),
    [
        ("x.npy", "in_order.csv", "in the order of the rows"),
        ("x.npy", "codes.npy", "in the order of the rows"),
        ("x.npy", "codes.npz", "in the order of the rows"),
        ("x.npz", "ids.csv", "of equal 'ids'"),
        ("x.csv", "by_id.csv", "of equal 'row'"),
        ("x.csv", "in_order.csv", "in the order of the rows"),
    ],
)
def test_labels_of_a_second_file(path, labels, note):
    result = label_file(path, "out.csv", labels=labels)
    truth = TRUTH if labels.endswith("csv") else (TRUTH == "dog").astype(int)
    assert (result.labels == truth).all()
    assert np.flatnonzero(result.flags == "given").tolist() == [0, 1, 20, 21]
    assert any(note in each.message for each in result.notes)
    written = pd.read_csv("out.csv")
    assert written["label"].tolist() == truth.tolist()


def test_one_other_column_is_the_labels():
    table = pd.read_csv("by_id.csv").rename(columns={"label": "animal"})
    table.to_csv("animal.csv", index=False)
    assert (label_file("x.csv", labels="animal.csv").labels == TRUTH).all()
    assert (label_file("x.csv", labels="animal.csv", label_column="animal").labels == TRUTH).all()


def test_numbers_as_ids_are_compared_as_texts():
    frame = pd.read_csv("x.csv")
    frame["row"] = np.arange(100, 140)
    frame.to_parquet("x.parquet")
    few = pd.DataFrame({"row": [121, 100, 120, 101], "label": ["dog", "cat", "dog", "cat"]})
    few.to_csv("few.csv", index=False)
    assert (label_file("x.parquet", labels="few.csv").labels == TRUTH).all()


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (lambda t: t.drop(columns="row"), {}, "has 4 labels and .* has 40 rows"),
        (lambda t: t.replace("r0", "r99"), {}, r"1 labels of .* 'x.csv' has not, such as 'r99'"),
        (lambda t: t.replace("r0", "r1"), {"id_column": "row"}, "data row 4 .* 'r1' of another"),
        (lambda t: t.replace("r0", None), {"id_column": "row"}, "data row 2 .* has no id in 'row'"),
        (lambda t: t, {"id_column": "who"}, "'x.csv' has no column 'who' of ids; there are 'row'"),
        (lambda t: t, {"id_column": "a"}, "do not both have a column 'a'; they share 'row'"),
        (lambda t: t.assign(label=None), {}, "no row has a label"),
        (lambda t: t.assign(other="x"), {"label_column": "topic"}, "no column 'topic'; name"),
    ],
)
def test_what_does_not_belong_together_is_refused(change, options, message):
    change(pd.read_csv("by_id.csv")).to_csv("bad.csv", index=False)
    with pytest.raises(InputError, match=message):
        label_file("x.csv", labels="bad.csv", **options)


def test_rows_in_another_order_are_not_joined_by_order():
    frame = pd.read_csv("x.csv")
    frame.loc[1, "row"] = "r0"  # there twice, so that it tells no rows apart
    frame.to_csv("x.csv", index=False)
    frame[["row"]].assign(label=GIVEN).iloc[::-1].to_csv("back.csv", index=False)
    with pytest.raises(InputError, match=r"'row' shows that the rows .* in another order"):
        label_file("x.csv", labels="back.csv")


def test_a_label_that_is_there_twice_is_named():
    few = pd.read_csv("by_id.csv")
    pd.concat([few, few.iloc[:1]]).to_csv("twice.csv", index=False)
    with pytest.raises(InputError, match=r"data row 5 .* has the id 'r21' of another row"):
        label_file("x.csv", labels="twice.csv")


def test_ids_of_a_data_frame_with_a_gap():
    frame = pd.read_csv("x.csv")
    frame["row"] = np.arange(100, 140)
    frame.to_csv("x.csv", index=False)
    few = pd.DataFrame({"row": ["121.0", "100.0", "120.0", "101.0"], "label": [*"dcdc"]})
    few.replace({"d": "dog", "c": "cat"}).to_csv("few.csv", index=False)
    assert (label_file("x.csv", labels="few.csv").labels == TRUTH).all()


def test_labels_of_no_row_are_skipped_where_asked():
    table = pd.concat([pd.read_csv("by_id.csv"), pd.DataFrame({"row": ["r99"], "label": ["eel"]})])
    table.to_csv("more.csv", index=False)
    result = label_file("x.csv", labels="more.csv", skip_unknown=True)
    assert (result.labels == TRUTH).all()
    assert any("1 of 5 labels are of no row" in note.message for note in result.notes)


def test_labels_of_both_files_are_taken():
    own = np.where(np.isin(np.arange(40), [0, 5]), "eel", None)
    pd.read_csv("x.csv").assign(label=own).to_csv("both.csv", index=False)
    result = label_file("both.csv", "out.csv", labels="by_id.csv")
    assert np.flatnonzero(result.flags == "given").tolist() == [0, 1, 5, 20, 21]
    assert result.labels[[0, 5]].tolist() == ["cat", "eel"]
    assert any(
        "2 labels of its own, 1 of which the second file changes" in note.message
        for note in result.notes
    )
    assert list(pd.read_csv("out.csv"))[-4:] == ["label", "confidence", "flag", "novelty"]


def test_features_alone_ask_for_labels():
    with pytest.raises(InputError, match="holds features and no labels"):
        label_file("x.npy")
    np.save("flat.npy", np.arange(40.0))
    with pytest.raises(InputError, match=r"must be an \(n, d\) array"):
        label_file("flat.npy", labels="codes.npy")
    np.save("square.npy", X)
    with pytest.raises(InputError, match=r"must be one for each row.*\(40, 3\)"):
        label_file("x.npy", labels="square.npy")
    np.save("objects.npy", np.array([{}, None], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match=r"no \.npy file, or is damaged"):
        label_file("objects.npy", labels="codes.npy")


def test_a_saved_model_labels_features_alone():
    label_file("x.npy", labels="codes.npy", model="m.npz")
    result = label_file("x.npy", with_="m.npz")
    assert (result.labels == (TRUTH == "dog")).all()
