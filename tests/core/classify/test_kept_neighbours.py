"""A fit that is stopped by Ctrl-C leaves its neighbours, and the next one takes them up."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits

from diffresnet import label_file
from diffresnet.classify.point_graph import NeighbourConfig
from diffresnet.classify.transduction import Transducer
from diffresnet.cli.app import run

X, Y = load_digits(return_X_y=True)
X, Y = X[:400], Y[:400]


@pytest.fixture
def table(tmp_path, monkeypatch):
    """Digits, some of them twice, in a file; all fits are large ones."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("diffresnet.classify.point_graph.EXACT_LIMIT", 100)
    x, y = np.concatenate([X, X[:20]]), np.concatenate([Y, Y[:20]])
    frame = pd.DataFrame(x, columns=[f"p{i}" for i in range(64)])
    frame["label"] = np.where(np.arange(len(y)) < 60, y, None)
    frame.to_parquet("in.parquet", index=False)
    return frame


def stop(*_, **__):
    raise KeyboardInterrupt


def no_search(*_):
    raise AssertionError("neighbours were searched again")


def stopped(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(Transducer, "fit", stop)
        return run(["label", "in.parquet", "--out", "out.parquet"])


def test_the_next_run_takes_up_what_was_found(table, tmp_path, monkeypatch, capsys):
    whole = label_file("in.parquet", "whole.parquet")
    assert stopped(monkeypatch) == 130
    assert "stopped; 'out.parquet.neighbours.npz' keeps" in capsys.readouterr().err
    assert {path.name for path in tmp_path.iterdir()} == {
        "in.parquet",
        "whole.parquet",
        "out.parquet.neighbours.npz",
    }
    with monkeypatch.context() as patch:
        patch.setattr(NeighbourConfig, "search", no_search)
        result = label_file("in.parquet", "out.parquet")
    assert np.array_equal(result.confidence, whole.confidence)
    assert np.array_equal(result.labels, whole.labels)
    assert np.array_equal(result.novelty, whole.novelty)
    assert result.recall == whole.recall
    assert not (tmp_path / "out.parquet.neighbours.npz").exists()


@pytest.mark.parametrize("change", ["rows", "damage"])
def test_other_rows_and_a_damaged_file_are_searched_again(table, tmp_path, monkeypatch, change):
    assert stopped(monkeypatch) == 130
    kept = tmp_path / "out.parquet.neighbours.npz"
    if change == "rows":
        table["p5"] += 1.0 * (np.arange(len(table)) == 7)
        table.to_parquet("in.parquet", index=False)
    else:
        kept.write_bytes(kept.read_bytes()[:9000] + bytes(500) + kept.read_bytes()[9500:])
    whole = label_file("in.parquet", "whole.parquet")
    result = label_file("in.parquet", "out.parquet")
    assert np.array_equal(result.confidence, whole.confidence)


def test_a_file_of_others_is_left_alone(table, tmp_path, monkeypatch, capsys):
    np.savez("out.parquet.neighbours.npz", mine=np.arange(3))
    before = (tmp_path / "out.parquet.neighbours.npz").read_bytes()
    assert stopped(monkeypatch) == 130
    assert capsys.readouterr().err.splitlines()[-1] == "diffresnet: stopped"
    label_file("in.parquet", "out.parquet")
    assert (tmp_path / "out.parquet.neighbours.npz").read_bytes() == before


def test_a_small_fit_leaves_nothing(table, tmp_path, monkeypatch):
    monkeypatch.setattr("diffresnet.classify.point_graph.EXACT_LIMIT", 20_000)
    assert stopped(monkeypatch) == 130
    assert [path.name for path in tmp_path.iterdir()] == ["in.parquet"]
