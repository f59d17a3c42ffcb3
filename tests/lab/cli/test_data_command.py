import json

import numpy as np
import pytest

from diffresnet.cli.app import BAD_INPUT, FAILED, run
from diffresnet.files.npz import save_npz
from diffresnet_lab.data.catalogue import CATALOGUE, DataFile, DataSet, GraphCounts


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A data folder, with a catalogue of one data set."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("DIFFRESNET_DATA", raising=False)
    monkeypatch.setenv("no_proxy", "*")
    file = DataFile("graphs/toy.npz", "http://127.0.0.1:1/toy.npz")
    toy = DataSet("toy", "graph", (file,), "us", "MIT", GraphCounts(2, 1, 0, 2))
    for name in list(CATALOGUE):
        monkeypatch.delitem(CATALOGUE, name)
    monkeypatch.setitem(CATALOGUE, "toy", toy)
    (tmp_path / "data" / "graphs").mkdir(parents=True)
    return tmp_path / "data"


def put(folder):
    save_npz(
        folder / "graphs" / "toy.npz",
        {
            "adj_data": np.ones(1),
            "adj_indices": np.array([1]),
            "adj_indptr": np.array([0, 1, 1]),
            "adj_shape": np.array([2, 2]),
            "labels": np.array([0, 1]),
        },
    )


def test_list_says_what_there_is_and_where(folder, tmp_path, capfd):
    assert run(["data", "list", "--data", str(folder)]) == 0
    assert "not here; diffresnet data fetch toy" in capfd.readouterr().out
    put(folder)
    assert run(["data", "list", "--data", str(folder), "--json", str(tmp_path / "r.json")]) == 0
    assert f"in {folder}  (us, licence: MIT)" in capfd.readouterr().out
    (row,) = json.loads((tmp_path / "r.json").read_text())["results"]
    assert row["found"] == str(folder)


def test_verify_ends_with_1_where_something_is_damaged(folder, capfd):
    assert run(["data", "verify", "--data", str(folder)]) == 0
    assert "no data in" in capfd.readouterr().err
    assert run(["data", "verify", "toy", "--data", str(folder)]) == FAILED
    assert "toy is missing" in capfd.readouterr().err
    put(folder)
    assert run(["data", "verify", "--data", str(folder)]) == 0
    assert capfd.readouterr().out.startswith("toy: whole (readable, with the published number")
    path = folder / "graphs" / "toy.npz"
    path.write_bytes(path.read_bytes()[:-30])
    assert run(["data", "verify", "--data", str(folder)]) == FAILED
    out, err = capfd.readouterr()
    assert out.startswith("toy: damaged")
    assert err.startswith("diffresnet: error: toy is damaged: ")
    assert err.count("\n") == 1


def test_fetch_without_a_network_is_one_line(folder, tmp_path, capfd):
    for place in (["--data", str(tmp_path / "new")], []):
        assert run(["data", "fetch", "toy", *place]) == FAILED
        out, err = capfd.readouterr()
        assert "cannot fetch http://127.0.0.1:1/toy.npz" in err
        assert err.count("\n") == 1
        assert out == ""
    assert not [path for path in (tmp_path / "new").rglob("*") if path.is_file()]
    put(folder)
    assert run(["data", "fetch", "toy", "--data", str(folder)]) == 0
    assert "there already" in capfd.readouterr().out
    assert run(["data", "fetch", "toy", "--again", "--data", str(folder)]) == FAILED


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (["fetch", "coral"], "no data set 'coral'; there are toy"),
        (["fetch"], "Missing argument 'NAME...'"),
        (["verify", "coral"], "no data set 'coral'"),
        (["list", "--json", "missing/r.json"], "does not exist"),
        (["list", "--data", "data", "--json", "data/graphs/toy.npz"], "would replace"),
        (["verify", "--data", "data", "--json", "data/graphs/toy.npz"], "would replace"),
        (["forget"], "No such command 'forget'"),
    ],
)
def test_bad_calls_are_one_line(folder, args, line, capfd, monkeypatch):
    monkeypatch.chdir(folder.parent)
    assert run(["data", *args]) == BAD_INPUT
    out, err = capfd.readouterr()
    assert line in err
    assert err.count("\n") == 1
    assert out == ""


def test_alone_it_says_what_there_is(capfd):
    assert run(["data"]) == 0
    out, err = capfd.readouterr()
    assert "verify" in out
    assert err == ""
