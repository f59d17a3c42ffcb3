"""Folders that are read: saved data sets, and images."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.ipc
import pytest

from diffresnet import label_file
from diffresnet.errors import InputError
from diffresnet.tables.formats import read_content

TRUTH = np.repeat([0, 1], 20)
X = np.random.default_rng(0).normal(size=(40, 4)) + 6.0 * TRUTH[:, None]


@pytest.fixture
def saved(tmp_path):
    """A data set in two files, as `Dataset.save_to_disk` of Hugging Face's library writes it."""
    folder = tmp_path / "saved"
    folder.mkdir()
    codes = np.where(np.arange(40) % 5 == 0, TRUTH, -1)
    names = [f"data-{i:05}-of-00002.arrow" for i in range(2)]
    for i, rows in enumerate((slice(0, 15), slice(15, 40))):
        table = pa.table({"emb": X[rows].tolist(), "intent": codes[rows]})
        with (
            pa.OSFile(str(folder / names[i]), "wb") as file,
            pyarrow.ipc.new_stream(file, table.schema) as writer,
        ):
            writer.write_table(table)
    state = {"_data_files": [{"filename": name} for name in names], "_format_type": None}
    (folder / "state.json").write_text(json.dumps(state))
    info = {"features": {"intent": {"names": ["no", "yes"], "_type": "ClassLabel"}}}
    (folder / "dataset_info.json").write_text(json.dumps(info))
    return folder


def test_a_saved_data_set(saved, tmp_path):
    result = label_file(saved, tmp_path / "out.csv", label_column="intent")
    assert result.labels.tolist() == [["no", "yes"][code] for code in TRUTH]
    assert (result.flags == "given").sum() == 8
    with pytest.raises(InputError, match=r"lies in .*, all of which is read"):
        label_file(saved, saved / "out.csv", label_column="intent")


def test_a_data_set_of_several_asks_for_one(saved, tmp_path):
    saved.rename(tmp_path / "train")
    (tmp_path / "dataset_dict.json").write_text('{"splits": ["train"]}')
    with pytest.raises(InputError, match="several data sets, 'train'; name the folder of one"):
        label_file(tmp_path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("state.json", "{"),
        ("state.json", "{}"),
        ("state.json", '{"_data_files": [{"filename": "../a.arrow"}]}'),
        ("state.json", '{"_data_files": [{"filename": "absent.arrow"}]}'),
        ("data-00000-of-00002.arrow", "no arrow"),
        (
            "dataset_info.json",
            '{"features": {"intent": {"names": ["no"], "_type": "ClassLabel"}}}',
        ),
    ],
)
def test_a_damaged_data_set_is_one_line(saved, name, text):
    (saved / name).write_text(text)
    with pytest.raises(InputError, match="no saved data set, or is damaged"):
        label_file(saved, label_column="intent")


def test_a_folder_of_images(tmp_path):
    for name in ("cat/b.jpg", "cat/a.PNG", "dog/x/c.webp", "unlabelled/d.jpg", "e.gif"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    for name in ("cat/notes.txt", ".hidden/f.jpg", "cat/.g.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    table = read_content(tmp_path).table
    files = ["cat/a.PNG", "cat/b.jpg", "dog/x/c.webp", "e.gif", "unlabelled/d.jpg"]
    assert table["file"].to_pylist() == files
    assert table["label"].to_pylist() == ["cat", "cat", "dog", None, None]


def test_a_folder_of_nothing(tmp_path):
    with pytest.raises(InputError, match="no images in"):
        label_file(tmp_path)
