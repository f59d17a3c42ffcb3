"""diffresnet label --graph: rows that links join."""

import numpy as np
import pandas as pd
import pytest

from diffresnet.cli.app import run
from diffresnet.files.atomic import either
from diffresnet.files.npz import load_npz
from diffresnet.tables.formats import COLUMN_FORMATS
from diffresnet_lab.nodes.heterophilous_graphs import block_graph, cyclic_compatibility
from node_cases import two_blocks


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Two blocks of papers that cite their own, two of each labelled: as tables and as .npz."""
    monkeypatch.chdir(tmp_path)
    graph = two_blocks()
    given = np.arange(60) < 4
    ids = [f"p{i * 7 % 60:02}" for i in range(60)]
    frame = pd.DataFrame(graph.features.toarray(), columns=[f"w{i}" for i in range(24)])
    frame.insert(0, "paper", ids)
    frame.insert(1, "year", 2000 + graph.labels)
    frame["topic"] = pd.array(np.where(given, graph.labels + 5, None), dtype="Int64")
    frame.to_csv("papers.csv", index=False)
    frame.to_parquet("papers.parquet")
    frame.assign(w3=frame["w3"].where(frame.index != 7)).to_csv("nan.csv", index=False)
    coo = graph.adjacency.tocoo()
    edges = pd.DataFrame({"from": np.array(ids)[coo.row], "to": np.array(ids)[coo.col]})
    edges.to_csv("cites.csv", index=False)
    parts = {}
    for name, matrix in (("adj", graph.adjacency), ("attr", graph.features)):
        for part in ("data", "indices", "indptr", "shape"):
            parts[f"{name}_{part}"] = getattr(matrix, part)
    np.savez("g.npz", **parts, labels=np.where(given, graph.labels + 5, -1))
    return tmp_path


TRUTH = np.arange(60) % 2 + 5
OF_TABLE = ["--graph", "cites.csv", "--label-column", "topic", "--features", "w"]


def label(*args):
    return run(["label", *args])


def test_csv(folder, capfd):
    assert label("papers.csv", *OF_TABLE, "--out", "out.csv", "--json", "a.json") == 0
    out, err = capfd.readouterr()
    assert out == ""
    assert "rows      60, with 24 features and " in err
    assert "column 'paper' of 'papers.csv' is taken for the ids" in err
    assert "labelled  4 in 2 classes (5: 2, 6: 2)" in err
    before, after = (pd.read_csv(name, dtype=str) for name in ("papers.csv", "out.csv"))
    pd.testing.assert_frame_equal(after[before.columns], before)
    assert (after["label"] == TRUTH.astype(str)).mean() > 0.9
    assert after["flag"].tolist() == ["given"] * 4 + ["predicted"] * 56


def test_parquet_keeps_the_type_of_labels(folder):
    assert label("papers.parquet", *OF_TABLE, "--out", "out.parquet", "--quiet") == 0
    after = pd.read_parquet("out.parquet")
    assert after["label"].dtype.kind == "i"
    assert (after["label"] == TRUTH).mean() > 0.9


def test_columns_to_npz(folder):
    assert label("papers.csv", *OF_TABLE, "--out", "out.npz", "--quiet") == 0
    arrays = load_npz("out.npz")
    assert arrays["paper"][1] == "p07"
    assert "features" not in arrays
    assert (arrays["label"] == TRUTH.astype(str)).mean() > 0.9


def test_a_graph_in_npz(folder):
    assert label("g.npz", "--out", "out.npz", "--quiet") == 0
    arrays = load_npz("out.npz")
    assert (arrays["label"] == TRUTH).mean() > 0.9
    assert "adj_data" in arrays
    assert label("out.npz", "--out", "again.npz", "--quiet") == 0  # an output is read again
    assert (load_npz("again.npz")["label"] == TRUTH).mean() > 0.9


def test_unlike_neighbours_are_noted(folder, capfd):
    graph = block_graph(cyclic_compatibility(2, 0.0), 60)
    parts = {}
    for name, matrix in (("adj", graph.adjacency), ("attr", graph.features)):
        for part in ("data", "indices", "indptr", "shape"):
            parts[f"{name}_{part}"] = getattr(matrix, part)
    np.savez("unlike.npz", **parts, labels=np.where(np.arange(60) < 30, graph.labels, -1))
    assert label("unlike.npz", "--out", "out.npz") == 0
    assert "edges seldom join like nodes (adjusted homophily -" in " ".join(
        capfd.readouterr().err.split()
    )


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["papers.csv", *OF_TABLE, "--relabel"], "this is for tables without a graph: the nodes"),
        (["papers.csv", *OF_TABLE, "--model", "m.npz"], "and given labels are kept (--model)"),
        (["papers.csv", "--skip-unknown"], "in a second file of labels; give one (--skip-unknown)"),
        (["g.npz", "--id-column", "paper"], "leave this out (--id-column)"),
        (["papers.csv", *OF_TABLE, "--id-column", "who"], "no column 'who' of ids"),
        (["papers.csv", "--graph", "absent.csv"], "no such file"),
        (["papers.csv", "--graph", "g.npz"], either(COLUMN_FORMATS)),
        (["papers.csv", "--graph", "cites.csv"], "no column 'label'"),
        (["papers.csv", "--graph", "cites.csv", "--label-column", "year"], "holds the labels"),
        (["papers.csv", *OF_TABLE[:-1], "topic,w1"], "'topic' of 'papers.csv' holds the labels"),
        (["papers.csv", *OF_TABLE[:-1], "x"], "no column of 'papers.csv' is called 'x'"),
        (
            ["nan.csv", *OF_TABLE],
            "data row 8; fill or drop them, or choose other features (--features)\n",
        ),
        (["g.npz", "--graph", "cites.csv"], either(COLUMN_FORMATS)),
        (["g.npz", "--features", "w"], "leave this out (--features)"),
    ],
)
def test_what_cannot_be(folder, capfd, args, message):
    if "year" in args:
        args = [*args, "--features", "year"]
    assert label(*args, "--out", "out.csv") == 2
    out, err = capfd.readouterr()
    assert message in err
    assert err.count("\n") == 1
    assert out == ""
    assert not (folder / "out.csv").exists()


def test_inputs_are_not_replaced(folder, capfd):
    before = (folder / "cites.csv").read_bytes()
    assert label("papers.csv", *OF_TABLE, "--out", "cites.csv") == 2
    assert "would replace another file" in capfd.readouterr().err
    assert (folder / "cites.csv").read_bytes() == before


def test_one_class(folder, capfd):
    frame = pd.read_parquet("papers.parquet")
    frame.loc[frame["topic"] == 6, "topic"] = None
    frame.to_parquet("one.parquet")
    assert label("one.parquet", *OF_TABLE, "--out", "out.csv") == 2
    assert "of one class ('5')" in capfd.readouterr().err
