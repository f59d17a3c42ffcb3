"""Names of rows: a column of ids that is checked first, in every command that reads a table."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from diffresnet import label_file
from diffresnet.cli.app import run
from diffresnet.tables.formats import read_content
from diffresnet.tables.row_names import RowNames

TRUTH = np.repeat(["cat", "dog"], 60)
X = np.random.default_rng(0).normal(size=(120, 3)) + 6.0 * (TRUTH == "dog")[:, None]
LABEL = np.where(np.arange(120) % 4 < 3, TRUTH, None)
LABEL[0] = "dog"
ENDS = [".csv", ".parquet", ".jsonl", ".feather", ".npz"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    frame = pd.DataFrame(X, columns=list("abc")).assign(label=LABEL)
    frame.insert(0, "id", np.arange(120) * 7 % 120 + 100)
    frame.to_csv("d.csv", index=False)
    frame.to_parquet("d.parquet")
    frame.to_feather("d.feather")
    frame.to_json("d.jsonl", orient="records", lines=True)
    labels = np.array(["" if each is None else each for each in LABEL])
    np.savez("d.npz", features=X, labels=labels, id=frame["id"])
    return tmp_path


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize(
    "command", [["audit"], ["next", "-n", "3"], ["label"], ["label", "--explain"]]
)
def test_a_column_that_is_not_there_is_refused_before_any_work(command, end, folder, capfd):
    before = sorted(path.name for path in folder.iterdir())
    name, *more = command
    args = [name, f"d{end}", *more, "--id-column", "nope", "--out", "out.csv"]
    assert run(args) == 2
    out, err = capfd.readouterr()
    noun = "array" if end == ".npz" else "column"
    assert f"has no {noun} 'nope' of ids; there are " in err
    assert "'id'" in err
    assert "(--id-column)" in err
    assert err.count("\n") == 1
    assert out == ""
    assert sorted(path.name for path in folder.iterdir()) == before


@pytest.mark.parametrize("end", ENDS)
def test_rows_are_called_by_their_ids(end, capfd):
    ids = pd.read_csv("d.csv")["id"].tolist()
    assert run(["audit", f"d{end}", "--id-column", "id", "--json", "a.json"]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[0].split() == ["id", "given", "suggested", "wrong"]
    assert lines[1].split()[:3] == [str(ids[0]), "dog", "cat"]
    assert json.loads(Path("a.json").read_text())["results"][0]["id"] == str(ids[0])
    assert run(["next", f"d{end}", "-n", "3", "--id-column", "id", "--json", "n.json"]) == 0
    lines = capfd.readouterr().out.splitlines()
    chosen = json.loads(Path("n.json").read_text())["results"]
    assert lines[0] == "id"
    assert [line.split()[0] for line in lines[1:]] == [str(ids[row["row"] - 1]) for row in chosen]
    assert [row["id"] for row in chosen] == [str(ids[row["row"] - 1]) for row in chosen]


def test_ids_are_no_features():
    """In few rows too, where numbers could be anything."""
    pd.read_csv("d.csv").iloc[54:66].to_csv("few.csv", index=False)
    assert "id" in label_file("few.csv").feature_names
    result = label_file("few.csv", id_column="id")
    assert result.feature_names == ("a", "b", "c")
    assert {role.name: role.reason for role in result.column_roles}["id"] == "names the rows"


def test_typical_rows_of_new_kinds_are_called_by_their_ids(capfd):
    truth = np.repeat(np.arange(6), 40)
    x = 5.0 * np.eye(6)[truth] + np.random.default_rng(0).normal(size=(240, 6))
    frame = pd.DataFrame(x, columns=list("uvwxyz")).assign(code=[f"c{i:03}" for i in range(240)])
    frame["label"] = (
        pd.Series(truth).where((truth < 4) & (np.arange(240) % 40 < 12)).astype("Int64")
    )
    frame.to_csv("new.csv", index=False)
    assert run(["label", "new.csv", "--id-column", "code", "--out", "out.csv"]) == 0
    line = next(x for x in capfd.readouterr().err.splitlines() if x.startswith("novel"))
    typical = line.split("typical rows ")[1].split(", ")
    assert sorted(truth[int(name.removeprefix("c"))] for name in typical) == [4, 5]


def test_a_blank_id_leaves_the_number():
    frame = pd.read_csv("d.csv", dtype=str)
    frame.loc[1, "id"] = None
    frame.to_csv("gap.csv", index=False)
    names = RowNames.read(read_content("gap.csv"), "id", "gap.csv")
    assert names.of([0, 1]) == ["100", "row 2"]
    assert names.record(1) == {"row": 2, "id": None}


def test_what_holds_no_ids_is_refused(capfd):
    assert run(["audit", "d.npz", "--id-column", "features", "--out", "out.csv"]) == 2
    assert "array 'features' of 'd.npz' holds no ids" in capfd.readouterr().err
    frame = pd.read_csv("d.csv")
    frame.assign(pair=[[1.0, 2.0]] * 120).to_parquet("pair.parquet")
    assert run(["next", "pair.parquet", "--id-column", "pair", "--features", "a,b"]) == 2
    assert "'pair' of 'pair.parquet' holds no ids" in capfd.readouterr().err
