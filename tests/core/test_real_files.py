"""Files as people have them, with columns that are no features: right labels, or one clear line.

Every case is a clean file of digits with one quirk; it must lose no more than a point against the
clean file, or be refused.
"""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest

from diffresnet import label_file
from diffresnet.cli.app import run
from diffresnet.errors import InputError
from diffresnet.tables import format_of
from real_file_cases import KNOWN, NAMES, RNG, ROWS, TRUTH, UNIT, X, accuracy, beside, clean, named


@pytest.fixture(scope="module")
def reached(tmp_path_factory):
    """Accuracy of the clean file."""
    path = tmp_path_factory.mktemp("clean") / "a.csv"
    clean().to_csv(path, index=False)
    found, result = accuracy(path)
    assert found > 0.9
    assert not result.notes
    return found


COPY = np.where(KNOWN, TRUTH, -1)
HASHES = RNG.integers(0, 2**62, ROWS)
QUIRKS = {
    "ids past 2^24": named().assign(doc=2**24 + 3 * RNG.permutation(ROWS)),
    "ids past 2^53": named().assign(doc=2**60 + 7 * RNG.permutation(ROWS)),
    "ids with gaps": named().assign(doc=RNG.choice(10**6, ROWS, replace=False)),
    "row numbers": named().assign(row=np.arange(ROWS)),
    "user ids that repeat": named().assign(user=RNG.choice(RNG.integers(0, 10**7, 80), ROWS)),
    "64-bit hashes": named().assign(hash=HASHES),
    "times in seconds": named().assign(created_at=1_700_000_000 + RNG.integers(0, 10**7, ROWS)),
    "times along the rows": named().assign(
        created_at=1_700_000_000 + np.sort(RNG.integers(0, 10**7, ROWS))
    ),
    "a copy of the label": named().assign(label_id=COPY),
    "the true class, 0 to 9": named().assign(target=TRUTH),
    "metadata beside a block": beside(
        lead_time=RNG.exponential(30, ROWS),
        fold=RNG.integers(0, 5, ROWS),
        n_tokens=RNG.integers(5, 400, ROWS),
        user_id=RNG.integers(0, 90, ROWS),
    ),
    "one column 10,000 times as large": named().assign(bz=named()["bz"] * 10_000),
    "one of a block 10,000 times as large": clean().assign(emb_5=X[:, 5] * 10_000),
    "the same number in every row": named().assign(version=3, batch=0.5),
    "numbers with commas": named().assign(
        views=[f"{views:,}" for views in RNG.integers(1000, 10**6, ROWS)]
    ),
}


TYPED = ("ids past 2^53", "a copy of the label", "metadata beside a block")


@pytest.mark.parametrize(
    ("quirk", "suffix"),
    [*((quirk, ".csv") for quirk in QUIRKS), *((quirk, ".parquet") for quirk in TYPED)],
)
def test_columns_that_are_no_features(tmp_path, reached, quirk, suffix):
    path = tmp_path / f"a{suffix}"
    frame = QUIRKS[quirk]
    frame.to_csv(path, index=False) if suffix == ".csv" else frame.to_parquet(path)
    found, result = accuracy(path)
    assert found > reached - 0.01
    assert len(result.feature_names) == 32
    left = set(frame.columns) - set(result.feature_names) - {"label"}
    said = " ".join(map(str, result.notes))
    assert result.model.scaled_ == ("10,000" in quirk)
    assert (
        quirk.startswith("the same")
        or all(f"'{name}'" in said for name in left)
        or suffix == ".parquet"
    )


def test_a_saved_model_scales_new_rows_as_those_it_was_fitted_on(tmp_path, reached, capfd):
    clean().assign(emb_5=X[:, 5] * 10_000).to_csv(tmp_path / "a.csv", index=False)
    args = ["label", str(tmp_path / "a.csv"), "--out", str(tmp_path / "b.csv")]
    assert run([*args, "--model", str(tmp_path / "m.npz")]) == 0
    assert "scale     columns of unlike spread are brought to one scale" in capfd.readouterr().err
    again = label_file(tmp_path / "a.csv", with_=tmp_path / "m.npz", relabel=True)
    assert (again.labels[~KNOWN] == NAMES[TRUTH][~KNOWN]).mean() > reached - 0.01


def test_metadata_beside_rows_of_unit_length(tmp_path):
    clean(UNIT).to_csv(tmp_path / "clean.csv", index=False)
    columns = {"lead_time": RNG.exponential(30, ROWS), "n_tokens": RNG.integers(5, 400, ROWS)}
    clean(UNIT).assign(**columns).to_csv(tmp_path / "a.csv", index=False)
    assert accuracy(tmp_path / "a.csv")[0] == accuracy(tmp_path / "clean.csv")[0] > 0.9


VECTORS = {
    "Python's lists": [str(row.tolist()) for row in X],
    "NumPy's arrays": [str(row) for row in X.round(3)],
    "JSON": ["[" + ",".join(f"{v:.5g}" for v in row) + "]" for row in X],
}


@pytest.mark.parametrize("kind", VECTORS)
def test_vectors_written_as_text(tmp_path, reached, kind):
    frame = pd.DataFrame({"text": ["words"] * ROWS, "embedding": VECTORS[kind]})
    frame = frame.assign(n_tokens=RNG.integers(5, 99, ROWS), label=clean()["label"])
    frame.to_csv(tmp_path / "a.csv", index=False)
    found, result = accuracy(tmp_path / "a.csv")
    # Digits that are rounded away can tip the choice of the prior weight.
    assert found > reached - 0.02
    assert len(result.feature_names) == 32
    frame.loc[7, "embedding"] = "[0.5, 1.0]"
    frame.to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(InputError, match=r"'embedding' .*data row 8 has 2 numbers instead of 32"):
        label_file(tmp_path / "a.csv")
    frame.loc[7, "embedding"] = "oops"
    frame.to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(InputError, match=r"'embedding' .*data row 8 holds 'oops' among vectors"):
        label_file(tmp_path / "a.csv")


def of_bytes(x):
    return (x / np.abs(x).max() * 127).round().astype(np.int8)


COLUMNS = {
    "list<float>": pa.array(X.tolist(), pa.list_(pa.float32())),
    "list<int8>": pa.array(of_bytes(X).tolist(), pa.list_(pa.int8())),
    "fixed_shape_tensor": pa.ExtensionArray.from_storage(
        pa.fixed_shape_tensor(pa.float32(), (32,)), pa.array(X.tolist(), pa.list_(pa.float32(), 32))
    ),
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_columns_of_vectors(tmp_path, reached, kind):
    columns = {
        "embedding": COLUMNS[kind],
        "n_tokens": RNG.integers(5, 99, ROWS),
        "label": clean()["label"],
    }
    pa.parquet.write_table(pa.table(columns), tmp_path / "a.parquet")
    found, result = accuracy(tmp_path / "a.parquet")
    assert found > reached - 0.01
    assert len(result.feature_names) == 32


@pytest.mark.parametrize(
    ("odd", "says"),
    [
        ([], "data row 4 has 0 numbers instead of 32"),
        ([1.0] * 31, "data row 4 has 31 numbers instead of 32"),
        (None, "missing, infinite .* data row 4"),
    ],
)
def test_a_row_without_its_vector_is_named(tmp_path, odd, says):
    rows = X.tolist()
    rows[3] = odd
    columns = {"embedding": rows, "n_tokens": RNG.integers(5, 99, ROWS), "label": clean()["label"]}
    pa.parquet.write_table(pa.table(columns), tmp_path / "a.parquet")
    with pytest.raises(InputError, match=says):
        label_file(tmp_path / "a.parquet")


def test_vectors_in_bytes_are_refused(tmp_path):
    columns = {
        "embedding": [row.tobytes() for row in X],
        "n_tokens": RNG.normal(size=ROWS),
        "label": clean()["label"],
    }
    pa.parquet.write_table(pa.table(columns), tmp_path / "a.parquet")
    with pytest.raises(InputError, match=r"'embedding' .* perhaps vectors; write them as lists"):
        label_file(tmp_path / "a.parquet")
    columns["vectors"] = X.tolist()
    pa.parquet.write_table(pa.table(columns), tmp_path / "a.parquet")
    assert len(accuracy(tmp_path / "a.parquet")[1].feature_names) == 32


def test_where_no_choice_is_safe_the_features_are_asked_for(tmp_path):
    frame = pd.DataFrame({"a": RNG.permutation(ROWS), "b": RNG.permutation(10**6)[:ROWS]})
    frame.assign(label=clean()["label"]).to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(
        InputError, match=r"no safe choice of features.*numbers the rows.*\(features=\)"
    ):
        label_file(tmp_path / "a.csv")
    assert len(accuracy(tmp_path / "a.csv", features="a,b")[1]) == ROWS


def test_a_good_column_of_two_values_stays(tmp_path):
    """Of two classes, a column that separates the labelled rows is a feature, not their copy."""
    truth = np.arange(200) % 2
    frame = pd.DataFrame({"even": truth, "x": RNG.normal(size=200) + truth})
    frame["label"] = np.where(np.arange(200) < 10, np.array(["odd", "even"])[truth], None)
    frame.to_csv(tmp_path / "a.csv", index=False)
    assert label_file(tmp_path / "a.csv").feature_names == ("even", "x")


@pytest.mark.parametrize("suffix", [".tsv", ".arrow", ".feather", ".jsonl"])
def test_other_formats(tmp_path, reached, suffix):
    path, frame = tmp_path / f"a{suffix}", clean().assign(note="x, y")
    if suffix == ".tsv":
        frame.to_csv(path, index=False, sep="\t")
    elif suffix == ".jsonl":
        frame.to_json(path, orient="records", lines=True)
    else:
        frame.to_feather(path)
    found, result = accuracy(path, out=tmp_path / f"o{suffix}")
    assert found == reached
    again, _ = accuracy(tmp_path / f"o{suffix}", features="emb_")
    assert again == found  # every row has its label now


def test_a_stream_of_arrow_is_read(tmp_path, reached):
    table = pa.Table.from_pandas(clean(), preserve_index=False)
    with pa.ipc.new_stream(tmp_path / "a.arrow", table.schema) as writer:
        writer.write_table(table)
    assert accuracy(tmp_path / "a.arrow")[0] == reached


def test_what_json_lacks_is_null(tmp_path):
    table = pa.table({"x": [[0.5, float("nan")], None], "y": [float("inf"), 1.0]})
    format_of("a.jsonl").write_table(tmp_path / "a.jsonl", table)
    lines = (tmp_path / "a.jsonl").read_text().splitlines()
    assert lines == ['{"x": [0.5, null], "y": null}', '{"x": null, "y": 1.0}']


def test_a_key_that_comes_late_is_a_column(tmp_path):
    rows = [{"x": i % 2 * 9.0, **({"label": "ab"[i % 2]} if i > 30 else {})} for i in range(40)]
    (tmp_path / "a.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    assert label_file(tmp_path / "a.jsonl").labels.tolist() == [*"ab"] * 20


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.csv", "a;b;label\n0,5;1,5;x\n", r"has ';' between names; save it with commas"),
        ("a.csv", "sep=,\na,b,label\n1,2,x\n", r"first line .* is 'sep=,', no header; delete"),
        ("a.tsv", "a,b,label\n1,2,x\n", r"has ',' between names; save it with tabs"),
        ("a.jsonl", '{"a": 1}\n{oops\n', "line 2 .* is no JSON"),
        ("a.jsonl", '{"a": 1}\n[1]\n', "line 2 .* is no object"),
        ("a.arrow", "no arrow", "no Arrow file"),
    ],
)
def test_other_separators_and_lines_are_told(tmp_path, name, text, says):
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=says) as caught:
        label_file(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_categories_keep_their_order(tmp_path):
    truth = (np.arange(90) + 2) % 3
    x = RNG.normal(size=(90, 3)) + 5 * np.eye(3)[truth]
    names = np.where(np.arange(90) < 12, np.array(["low", "mid", "high"])[truth], None)
    grade = pd.Categorical(names, ["low", "mid", "high"], ordered=True)
    pd.DataFrame(x, columns=[*"abc"]).assign(label=grade).to_parquet(tmp_path / "a.parquet")
    label_file(tmp_path / "a.parquet", tmp_path / "o.parquet")
    label = pd.read_parquet(tmp_path / "o.parquet")["label"]
    assert label.cat.ordered
    assert label.cat.categories.tolist() == ["low", "mid", "high"]
    assert ((label > "low").to_numpy() == (truth > 0)).all()


@pytest.mark.parametrize(
    "kind", [pa.int8(), pa.decimal128(10, 2), pa.dictionary(pa.int8(), pa.int64()), pa.bool_()]
)
def test_labels_keep_their_type(tmp_path, kind):
    truth = np.arange(60) % 2
    values = [int(t) if i < 8 else None for i, t in enumerate(truth)]
    if pa.types.is_boolean(kind):
        values = [None if v is None else bool(v) for v in values]
    label = pa.array(values).dictionary_encode() if pa.types.is_dictionary(kind) else None
    columns = {"x": RNG.normal(size=60) + 6 * truth, "y": RNG.normal(size=60)}
    columns["label"] = pa.array(values, kind) if label is None else label.cast(kind)
    pa.feather.write_feather(pa.table(columns), tmp_path / "a.arrow")
    label_file(tmp_path / "a.arrow", tmp_path / "o.arrow")
    found = pa.feather.read_table(tmp_path / "o.arrow")["label"]
    assert found.type == kind
    assert np.mean([int(v) for v in found.to_pylist()] == truth) > 0.9


def test_rows_of_zeros_are_reached_by_no_label(tmp_path):
    """Failed embeddings: under the cosine metric, which 64 columns or more have."""
    wide = np.hstack([X, X[:, ::-1] / 2])
    failed = ~KNOWN & (RNG.random(ROWS) < 0.1)
    wide[failed] = 0.0
    clean(wide).to_csv(tmp_path / "a.csv", index=False)
    result = label_file(tmp_path / "a.csv", model=tmp_path / "m.npz")
    assert (result.flags[failed] == "unreached").all()
    assert not (result.flags[~failed] == "unreached").any()
    assert result.confidence[failed] == pytest.approx(0.1)
    assert any(f"{failed.sum()} rows have features of zeros alone" in str(n) for n in result.notes)
    again = label_file(tmp_path / "a.csv", with_=tmp_path / "m.npz")
    assert (again.flags[failed] == "unreached").all()
