"""What every format of tables promises, held for each of the registry."""

import os

import anndata
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from diffresnet.errors import InputError
from diffresnet.files.compressed import COMPRESSIONS
from diffresnet.tables import FORMATS, LabelledTable, format_of
from diffresnet.tables.columns import Columns
from diffresnet.tables.content import RowResult
from diffresnet.tables.formats import ARRAY_FORMATS, COLUMN_FORMATS, NOT_COMPRESSED, read_content

X = np.array([[0.5, -1.0], [2.0, 3.25], [1e-3, 4.0]], dtype=np.float32)
FLAGS = np.array(["given", "predicted", "unreached"])
CONFIDENCE = np.array([1.0, 0.75, 0.5])


@pytest.fixture(params=FORMATS)
def suffix(request):
    return request.param


def write(path, names, label="label"):
    """A file of the format, with labels of any kind for some rows, as the format itself writes."""
    table = pa.table({"x": X[:, 0].tolist(), "y": X[:, 1].tolist(), "note": ["a", "", "c"]})
    content = Columns(table)
    features = content.choose_features(["x", "y"], None, "here")
    result = RowResult(names, CONFIDENCE, FLAGS)
    format_of(path).write(path, content, features, None, result)
    return path


@pytest.mark.parametrize("names", [["cat", None, "dog"], [3, None, 0]], ids=["text", "integers"])
def test_what_is_written_is_read_again(tmp_path, suffix, names):
    options = {"features": "features" if suffix in ARRAY_FORMATS else ["x", "y"]}
    path = write(tmp_path / f"a{suffix}", names)
    table = LabelledTable.read(path, **options)
    np.testing.assert_array_equal(table.features, X)
    # Only the first label is flagged given: an output that is read again continues from those.
    assert [str(v) for v in table.labels.values()] == [str(names[0]), "None", "None"]
    content = read_content(path)
    assert {"note", "label", "confidence", "flag"} <= set(content.names)
    values = [str(v) for v in content.label_values("label", "here")]
    assert [values[0], values[2]] == [str(names[0]), str(names[2])]
    assert content.label_values("flag", "here").tolist() == FLAGS.tolist()


def test_an_output_is_labelled_and_written_again(tmp_path, suffix):
    options = {"features": "features" if suffix in ARRAY_FORMATS else ["x", "y"]}
    first = write(tmp_path / f"a{suffix}", ["cat", None, "dog"])
    table = LabelledTable.read(first, **options)
    table.write(tmp_path / f"b{suffix}", np.array(["cat", "eel", "dog"]), CONFIDENCE, FLAGS)
    again = read_content(tmp_path / f"b{suffix}")
    assert again.names == read_content(first).names
    assert again.label_values("label", "here").tolist() == ["cat", "eel", "dog"]


@pytest.mark.parametrize("end", COMPRESSIONS)
def test_compressed_files_hold_the_same(tmp_path, suffix, end):
    path = tmp_path / f"a{suffix}{end}"
    if suffix in NOT_COMPRESSED:
        with pytest.raises(InputError, match="must end in"):
            write(path, ["cat", None, "dog"])
        return
    write(path, ["cat", None, "dog"])
    plain = write(tmp_path / f"a{suffix}", ["cat", None, "dog"])
    assert read_content(path).table.equals(read_content(plain).table)
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(InputError, match=r"cannot read .*truncated"):
        read_content(path)
    path.write_bytes(plain.read_bytes())
    with pytest.raises(InputError, match="cannot read"):
        read_content(path)


def test_every_format_is_written_as_every_other(tmp_path, suffix):
    columns = {"x": [1.0, 2.0, 3.0], "note": ["a", "b", "c"], "label": ["cat", None, "dog"]}
    for other in FORMATS:
        source = tmp_path / f"source{other}"
        if other in COLUMN_FORMATS:
            format_of(source).write_table(source, pa.table(columns))
            table = LabelledTable.read(source)
        elif other == ".h5ad":
            obs = pd.DataFrame(columns, index=["i", "j", "k"])
            obs["label"] = obs["label"].astype("category")
            anndata.AnnData(obs=obs, obsm={"X_pca": X}).write_h5ad(source)
            table = LabelledTable.read(source)
        else:
            np.savez(source, features=X, labels=["cat", "", "dog"], note=["a", "b", "c"])
            table = LabelledTable.read(source)
        target = tmp_path / f"target{suffix}"
        names = np.array(["cat", "eel", "dog"], dtype=object)
        table.write(target, names, CONFIDENCE, FLAGS)
        again = format_of(target).read(target)
        assert {"note", "label", "confidence", "flag"} <= set(again.names)
        values = again.label_values("label", "here")
        assert [str(v) for v in values] == names.tolist()


@pytest.mark.parametrize("content", [b"", b"\x00" * 64, b"PK\x03\x04 and no more"])
def test_damaged_files_are_one_line(tmp_path, suffix, content):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        LabelledTable.read(path)
    assert "\n" not in str(caught.value)
    assert path.name in str(caught.value)


def test_a_failure_leaves_the_old_file(tmp_path, suffix, monkeypatch):
    path = write(tmp_path / f"a{suffix}", ["cat", None, "dog"])
    before = path.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        write(path, ["cat", "dog", "dog"])
    assert path.read_bytes() == before
    assert sorted(os.listdir(tmp_path)) == [path.name]
