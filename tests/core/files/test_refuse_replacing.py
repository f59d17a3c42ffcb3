import os
from pathlib import Path

import pytest

from diffresnet.errors import InputError
from diffresnet.files.atomic import refuse_replacing


def test_files_that_are_apart(tmp_path):
    refuse_replacing({"json": tmp_path / "a", "out": None, "mean": tmp_path / "b"}, [None])
    refuse_replacing({"json": tmp_path / "a"}, [tmp_path / "b", tmp_path / "b"])


def test_one_file_by_another_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("data").write_text("kept")
    os.symlink("data", "link")
    for output in ("data", "./data", "link", tmp_path / "data"):
        with pytest.raises(InputError, match=r"would replace another file .* \(out=\)"):
            refuse_replacing({"out": Path(output)}, [Path("data")])
    with pytest.raises(InputError, match=r"'new' would replace .* \(json=\)"):
        refuse_replacing({"out": Path("new"), "json": Path("new")}, [])


def test_nothing_is_written_into_a_folder_that_is_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("images/a").mkdir(parents=True)
    os.symlink("images", "link")
    for output in ("images/f.npz", "images/a/f.npz", "link/f.npz"):
        with pytest.raises(InputError, match="lies in 'images', all of which is read"):
            refuse_replacing({"out": Path(output)}, [Path("images")])
    refuse_replacing({"out": Path("images2/f.npz")}, [Path("images")])
