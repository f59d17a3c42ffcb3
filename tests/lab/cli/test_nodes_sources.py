"""diffresnet nodes on graphs that are not .npz files."""

import json

import numpy as np
import pytest

from diffresnet.cli.app import BAD_INPUT, run
from node_cases import two_blocks
from planetoid_cases import write_planetoid

FEW = ["--inits", "2", "--epochs", "40", "--device", "cpu"]


@pytest.fixture
def own(tmp_path, monkeypatch):
    """An edge list and a table, with names for the nodes and one node that is alone."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("DIFFRESNET_DATA", raising=False)
    graph = two_blocks(n=140)
    i, j = np.nonzero(np.triu(graph.adjacency.toarray()))
    lines = [f"n{a},n{b}" for a, b in zip(i, j, strict=True)]
    (tmp_path / "e.csv").write_text("\n".join(["from,to", *lines]))
    rows = [
        f"n{k},{'red' if label else 'blue'}," + ",".join(map(str, words.astype(int)))
        for k, (label, words) in enumerate(zip(graph.labels, graph.features.toarray(), strict=True))
    ]
    header = "id,colour," + ",".join(f"w{k}" for k in range(graph.features.shape[1]))
    alone = "lonely,red" + ",0" * graph.features.shape[1]
    (tmp_path / "t.csv").write_text("\n".join([header, alone, *rows]))
    write_planetoid(tmp_path / "graphs" / "planetoid")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_an_edge_list_and_a_table(own, capfd):
    args = ["e.csv", "--features", "t.csv", "--label-column", "colour", "--splits", "2"]
    files = ["--json", "r.json", "--predictions", "p.npz"]
    assert run(["nodes", *args, *FEW, *files, "--model", "diff_resnet_once"]) == 0
    out, err = capfd.readouterr()
    assert "note: 1 node of 141 is outside the largest connected component" in err
    whole = json.loads((own / "r.json").read_text())
    assert whole["results"][0]["accuracy"] > 70
    assert whole["settings"]["left_out"] == 1
    with np.load(own / "p.npz") as file:
        assert file["ids"].tolist() == [f"n{k}" for k in range(140)]
        assert file["class_names"].tolist() == ["blue", "red"]
        assert file["class_names"][file["true"]][:2].tolist() == ["blue", "red"]


def test_the_planetoid_split_is_one_split_on_all_nodes(own, capfd):
    args = ["planetoid_toy", "--data", str(own), "--split", "planetoid", "--resume", "shards"]
    files = ["--json", "r.json", "--predictions", "p.npz"]
    for _ in range(2):
        assert run(["nodes", *args, *FEW, *files, "--model", "gcn"]) == 0
    out, _ = capfd.readouterr()
    assert "1 x 2 runs" in out
    assert "nan" not in out
    whole = json.loads((own / "r.json").read_text())
    assert (whole["settings"]["nodes"], whole["settings"]["left_out"]) == (71, 0)
    assert whole["results"][0]["splits"] == 1
    with np.load(own / "p.npz") as file:
        assert np.flatnonzero(file["test"][0]).tolist() == [k for k in range(60, 71) if k != 64]
        right = file["predicted"][:, :, file["test"][0]] == file["true"][file["test"][0]]
    assert 100 * right.mean() == pytest.approx(whole["results"][0]["accuracy"])


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (["e.csv"], "has no labels to learn from"),
        (["e.csv", "--features", "t.csv"], "has no labels to learn from"),
        (["e.csv", "--features", "t.csv", "--label-column", "color"], "no column 'color'"),
        (["e.csv", "--features", "no.csv"], "no.csv"),
        (["g.npz", "--features", "t.csv"], "belongs to a list of edges"),
        (
            ["e.csv", "--features", "t.csv", "--label-column", "colour", "--split", "planetoid"],
            "has no split of its own",
        ),
        (
            ["planetoid_toy", "--data", ".", "--json", "graphs/planetoid/ind.toy.ally"],
            "would replace",
        ),
        (["planetoid_x", "--split", "planetoid", "--splits", "3"], "leave --splits out"),
        (["planetoid_x", "--split", "planetoid", "--labels-per-class", "3"], "leave --labels"),
        (["planetoid_x", "--split", "planetoid", "--validation-per-class", "3"], "leave --val"),
        (["e.csv", "--features", "t.csv", "--predictions", "t.csv"], "must end in .npz"),
        (["e.csv", "--features", "t.csv", "--json", "t.csv"], "would replace"),
        (["e.csv", "--features", "t.csv", "--feature-columns", "z"], "starts so"),
        (
            [
                "e.csv",
                "--features",
                "t.csv",
                "--label-column",
                "colour",
                "--labels-per-class",
                "50",
            ],
            "class 'blue' has 70 nodes",
        ),
        (["planetoid_cora"], "diffresnet data fetch planetoid_cora"),
    ],
)
def test_bad_calls_are_one_line(own, args, line, capfd):
    assert run(["nodes", *args]) == BAD_INPUT
    out, err = capfd.readouterr()
    assert line in err
    assert err.count("\n") == 1
    assert out == ""
