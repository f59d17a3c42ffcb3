"""Columns of the user are never replaced by those that audit and next add; their own are."""

import numpy as np
import pandas as pd
import pytest

from diffresnet import audit_file
from diffresnet.cli.app import run
from diffresnet.errors import InputError
from diffresnet.labelling import next_rows
from diffresnet.labelling.embed import embed_file
from diffresnet.tables.content import AUDITED

TRUTH = np.repeat(["cat", "dog", "eel"], 30)
X = np.random.default_rng(0).normal(size=(90, 3)) + 8.0 * np.eye(3).repeat(30, 0)
FRAME = pd.DataFrame(X, columns=list("abc")).assign(
    code=[f"k{i:02}" for i in range(90)], label=np.where(np.arange(90) % 3 < 2, TRUTH, None)
)
ENDS = [".csv", ".parquet", ".jsonl"]
COMMANDS = {"audit": (AUDITED, []), "next": (next_rows.OWN, ["-n", "15"])}
CLASHES = [(name, column) for name, (own, _) in COMMANDS.items() for column in own]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    FRAME.to_csv("in.csv", index=False)
    return tmp_path


def read(path):
    if path.endswith(".csv"):
        return pd.read_csv(path)
    return pd.read_json(path, lines=True) if path.endswith("l") else pd.read_parquet(path)


@pytest.mark.parametrize(("command", "column"), CLASHES)
@pytest.mark.parametrize("value", ["mine", 0.5])
def test_columns_of_the_user_are_not_replaced(command, column, value, folder, capfd):
    """Features too: 0.5 varies by the row."""
    cells = value if isinstance(value, str) else value * np.arange(90)
    FRAME.assign(**{column: cells}).to_csv("own.csv", index=False)
    args = [command, "own.csv", *COMMANDS[command][1]]
    assert run([*args, "--out", "out.csv"]) == 2
    err = capfd.readouterr().err
    assert f"'own.csv' already has {column!r}, which the output would replace; rename it" in err
    assert err.count("\n") == 1
    assert not (folder / "out.csv").exists()
    assert run(args) == 0  # without an output nothing is replaced
    if command == "next" and value == "mine":
        assert capfd.readouterr().out.count("mine") == 15


def test_a_table_in_python_is_not_replaced_either():
    FRAME.assign(given="mine").to_csv("own.csv", index=False)
    with pytest.raises(InputError, match="already has 'given'"):
        audit_file("own.csv").columns()
    FRAME.assign(row="mine", rank="mine").to_csv("own.csv", index=False)
    with pytest.raises(InputError, match=r"already has 'rank', 'row', .* rename them"):
        next_rows.next_rows("own.csv", 3).columns()


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("end", ENDS)
def test_an_earlier_output_is_made_anew(command, end, capfd):
    own, more = COMMANDS[command]
    assert run([command, "in.csv", *more, "--out", f"one{end}"]) == 0
    capfd.readouterr()
    assert run([command, f"one{end}", *more, "--out", f"two{end}"]) == 0
    err = " ".join(capfd.readouterr().err.split())
    assert f"'one{end}' is an earlier output: {', '.join(map(repr, own))} are made anew" in err
    first, second = read(f"one{end}"), read(f"two{end}")
    assert list(second) == list(first)
    assert (second["code"].to_numpy() == first["code"].to_numpy()[second["row"] - 1]).all()
    again = audit_file if command == "audit" else next_rows.next_rows
    assert again(f"two{end}").table.feature_names == ("a", "b", "c")


def test_encoded_features_replace_no_column():
    FRAME.assign(features="mine").to_csv("own.csv", index=False)
    with pytest.raises(InputError, match="already has 'features'"):
        embed_file("own.csv", "out.npz", text="code")
    np.savez("texts.npz", code=FRAME["code"].to_numpy(str))
    embed_file("texts.npz", "out.npz", text="code")
    assert len(np.load("out.npz")["features"]) == 90
