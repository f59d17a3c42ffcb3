import json

import numpy as np
import pytest

from diffresnet.cli.app import BAD_INPUT, FAILED, run
from node_cases import two_blocks, write_graph


@pytest.fixture
def graph_file(tmp_path):
    folder = tmp_path / "data" / "graphs"
    folder.mkdir(parents=True)
    write_graph(folder / "blocks.npz", two_blocks(n=140))
    return folder / "blocks.npz"


def test_a_sweep_says_and_writes_what_it_found(graph_file, tmp_path, capfd):
    result, predictions = tmp_path / "r.json", tmp_path / "p.npz"
    args = ["--splits", "2", "--inits", "2", "--model", "diff_resnet_once", "--epochs", "60"]
    args += ["--json", str(result), "--predictions", str(predictions), "--device", "cpu"]
    data = graph_file.parent.parent
    assert run(["nodes", "blocks", "--data", str(data), *args]) == 0
    out, err = capfd.readouterr()
    (row,) = json.loads(result.read_text())["results"]
    assert list(row)[:6] == ["dataset", "model", "splits", "inits", "accuracy", "std"]
    assert "seconds_per_run" in row
    assert f"{row['accuracy']:.2f} %" in out
    assert "s a run" in err
    with np.load(predictions) as file:
        predicted, true, test = file["predicted"], file["true"], file["test"]
    assert predicted.shape == (2, 2, 140)
    right = [(p[:, t] == true[t]).mean(1) for p, t in zip(predicted, test, strict=True)]
    assert 100 * np.mean(right) == pytest.approx(row["accuracy"])
    assert row["accuracy"] > 70


SELF_TRAINING_KEYS = [
    "width", "residual", "rows", "steps", "restart", "similar", "words", "dropout", "decay",
    "teaching", "memory", "sharpness", "ramp", "guide", "homophily_threshold", "homophily_labels",
]  # fmt: skip
TRAINING_KEYS = ["learning_rate", "weight_decay", "epochs", "patience"]


def test_settings_have_the_keys_that_scripts_know(graph_file, tmp_path):
    result = tmp_path / "r.json"
    args = ["--splits", "1", "--inits", "1", "--epochs", "2", "--model", "best", "--device", "cpu"]
    assert run(["nodes", str(graph_file), *args, "--json", str(result), "-q"]) == 0
    settings = json.loads(result.read_text())["settings"]
    assert list(settings["model"]) == SELF_TRAINING_KEYS
    assert list(settings["training"]) == TRAINING_KEYS
    assert (settings["features"], settings["classes"], settings["nodes"]) == (24, 2, 140)
    assert (settings["split"], settings["labels_per_class"]) == ("random", 20)
    from diffresnet_lab.cli.node_results import model_settings
    from diffresnet_lab.nodes.registry import registered_spec

    assert model_settings(registered_spec("grand_nl_rw"))["rewired"] == 16


def test_a_stopped_sweep_goes_on(graph_file, tmp_path):
    def accuracy(*more):
        out = tmp_path / "r.json"
        args = [
            "--inits",
            "1",
            "--model",
            "gcn",
            "--epochs",
            "60",
            "--device",
            "cpu",
            "-q",
            "--json",
            str(out),
        ]
        assert run(["nodes", str(graph_file), *args, *more]) == 0
        return json.loads(out.read_text())["results"][0]["accuracy"]

    shards = tmp_path / "shards"
    accuracy("--splits", "1", "--resume", str(shards))
    assert len(list(shards.rglob("*.npz"))) == 1
    assert accuracy("--splits", "2", "--resume", str(shards)) == accuracy("--splits", "2")


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (["nowhere", "--data", "data"], "no graph 'nowhere' in 'data'; there are blocks"),
        (["nowhere.npz"], "nowhere.npz"),
        (["blocks", "--data", "data", "--model", "gnn"], "no model 'gnn'; there are diff_resnet"),
        (["blocks", "--data", "data", "--labels-per-class", "60"], "take fewer"),
        (["blocks", "--data", "data", "--json", "missing/r.json"], "does not exist"),
        (["blocks", "--data", "data", "--predictions", "p.txt"], "must end in .npz"),
        (["data/graphs/blocks.npz", "--predictions", "data/graphs/blocks.npz"], "would replace"),
        (["blocks", "--data", "data", "--predictions", "data/graphs/blocks.npz"], "would replace"),
        (["blocks", "--data", "data", "--predictions", "p.npz", "--json", "p.npz"], "replace"),
        (["blocks", "--data", "data", "--resume", "data/graphs/blocks.npz/r"], "make the folder"),
        (["blocks", "--data", "data", "--label-column", "kind"], "give --features"),
        (["blocks", "--data", "data", "--device", "gpu7"], "'gpu7'"),
        (["blocks", "--data", "data", "--device", "meta"], "'meta' is not available"),
        (["blocks", "--data", "data", "--splits", "0"], "--splits"),
    ],
)
def test_bad_calls_are_one_line(graph_file, args, line, capfd, monkeypatch):
    monkeypatch.chdir(graph_file.parent.parent.parent)
    assert run(["nodes", *args]) == BAD_INPUT
    out, err = capfd.readouterr()
    assert line in err
    assert err.count("\n") == 1
    assert out == ""


def relabelled(graph_file, labels):
    with np.load(graph_file) as file:
        arrays = dict(file)
    np.savez(graph_file, **{**arrays, "labels": labels(arrays["labels"])})


def test_classes_have_the_numbers_of_the_file(graph_file, tmp_path, capfd):
    relabelled(graph_file, lambda labels: np.where(labels == 1, 7, 3))
    args = ["--splits", "1", "--inits", "1", "--epochs", "2", "--model", "gcn", "--device", "cpu"]
    args += ["--predictions", str(tmp_path / "p.npz")]
    assert run(["nodes", str(graph_file), *args, "--labels-per-class", "60"]) == BAD_INPUT
    assert "class '3' has 70 nodes" in capfd.readouterr().err
    assert run(["nodes", str(graph_file), *args, "-q"]) == 0
    with np.load(tmp_path / "p.npz") as file:
        assert file["class_names"][file["true"]][:2].tolist() == ["3", "7"]


def test_small_classes_need_fewer_validation_nodes(graph_file, capfd, tmp_path):
    relabelled(graph_file, lambda labels: np.where(np.arange(140) < 8, 2, labels))
    out = tmp_path / "r.json"
    args = ["--splits", "1", "--inits", "1", "--epochs", "2", "--model", "gcn", "--device", "cpu"]
    args += ["--labels-per-class", "3", "--json", str(out)]
    assert run(["nodes", str(graph_file), *args]) == BAD_INPUT
    assert "class '2' has 8 nodes" in capfd.readouterr().err
    assert not out.exists()
    assert run(["nodes", str(graph_file), *args, "--validation-per-class", "4"]) == 0
    assert json.loads(out.read_text())["settings"]["validation_per_class"] == 4


def test_without_a_data_folder_the_way_is_told(monkeypatch, capfd, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("DIFFRESNET_DATA", raising=False)
    assert run(["nodes", "cora"]) == BAD_INPUT
    assert "set DIFFRESNET_DATA" in capfd.readouterr().err


def test_what_was_found_is_said_and_kept_though_a_file_cannot_be_written(
    graph_file, tmp_path, capfd, monkeypatch
):
    def full(path, arrays):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("diffresnet.files.npz.save_npz", full)
    args = ["--splits", "1", "--inits", "1", "--model", "gcn", "--epochs", "3", "--device", "cpu"]
    args += ["--predictions", str(tmp_path / "p.npz"), "--json", str(tmp_path / "r.json")]
    assert run(["nodes", str(graph_file), *args]) == FAILED
    out, err = capfd.readouterr()
    (row,) = json.loads((tmp_path / "r.json").read_text())["results"]
    assert f"{row['accuracy']:.2f} %" in out
    assert "No space left" in err


def test_a_class_outside_the_component_is_named(graph_file, tmp_path, capfd):
    with np.load(graph_file) as file:
        arrays = dict(file)
    arrays["labels"] = np.append(arrays["labels"], 2)
    for name in ("adj", "attr"):
        arrays[f"{name}_indptr"] = np.append(arrays[f"{name}_indptr"], len(arrays[f"{name}_data"]))
        arrays[f"{name}_shape"] = arrays[f"{name}_shape"] + np.array([1, name == "adj"])
    np.savez(graph_file, **arrays)
    args = ["--splits", "1", "--inits", "1", "--model", "gcn", "--epochs", "3", "--device", "cpu"]
    assert run(["nodes", str(graph_file), *args]) == 0
    err = capfd.readouterr().err
    assert "1 node of 141 is outside the largest connected component" in err
    assert "no node is left of class '2'" in err


def test_a_class_that_is_mostly_outside_the_component(graph_file, capfd):
    with np.load(graph_file) as file:
        arrays = dict(file)
    lonely = 30
    arrays["labels"] = np.array([1, 1] + [0] * 138 + [1] * lonely)
    for name in ("adj", "attr"):
        end = [len(arrays[f"{name}_data"])] * lonely
        arrays[f"{name}_indptr"] = np.append(arrays[f"{name}_indptr"], end)
        more = [lonely, lonely if name == "adj" else 0]
        arrays[f"{name}_shape"] = arrays[f"{name}_shape"] + np.array(more)
    np.savez(graph_file, **arrays)
    assert run(["nodes", str(graph_file), "--model", "gcn"]) == BAD_INPUT
    err = capfd.readouterr().err
    assert "class '1' has 2 nodes" in err
    assert "140 of 170 nodes are in the largest component" in err
    assert err.count("\n") == 1
