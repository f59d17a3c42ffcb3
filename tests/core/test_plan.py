"""A file that is read and checked before it is labelled, and what its fit is expected to take."""

import contextlib
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from diffresnet import label_file, plan_file
from diffresnet.cli.app import run
from diffresnet.errors import InputError
from diffresnet.labelling.cost import Cost, FitSize


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Three far groups of 20 rows, two labelled rows in each, and texts of three topics."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    truth = np.repeat(np.array(["cat", "dog", "eel"]), 20)
    frame = pd.DataFrame(10 * np.eye(3).repeat(20, 0) + rng.normal(size=(60, 3)), columns=[*"abc"])
    frame.insert(0, "id", rng.permutation(60) + 1000)
    frame["label"] = np.where(np.arange(60) % 20 < 2, truth, None)
    frame.to_csv("a.csv", index=False)
    frame.assign(say=[f"the {word} is here" for word in truth])[["say", "label"]].to_csv(
        "texts.csv", index=False
    )
    return tmp_path


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def fails(capfd, folder, *args):
    """Return the one line that a command fails with."""
    before = files(folder)
    assert run(["label", *args]) == 2
    out, err = capfd.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert files(folder) == before
    return err


LARGE = FitSize(rows=10**6, columns=512, classes=30, labels=300)


def test_more_of_anything_takes_more():
    for name in ("rows", "columns", "classes", "neighbours", "fits"):
        more = replace(LARGE, **{name: 2 * getattr(LARGE, name)})
        assert more.cost.memory >= LARGE.cost.memory
        assert more.cost.seconds > LARGE.cost.seconds or name in ("rows", "classes")
    rows = [replace(LARGE, rows=n).cost.memory for n in (10, 999, 10**4, 10**5, 10**6, 10**7)]
    assert rows == sorted(rows)


def test_a_refusal_says_what_would_fit():
    with pytest.raises(InputError) as error:
        LARGE.require(8 * 2**30)
    text = str(error.value)
    assert text.startswith("a fit of 1000000 rows and 512 columns in 30 classes takes about ")
    rows, columns = (
        int(text.split(f" {name} of these")[0].split()[-1]) for name in ("rows", "columns")
    )
    for smaller in (replace(LARGE, rows=rows), replace(LARGE, columns=columns)):
        smaller.require(8 * 2**30)
        assert smaller.cost.memory > 7 * 2**30
    LARGE.require(LARGE.cost.memory)
    with pytest.raises(InputError, match="no smaller file would fit"):
        LARGE.require(2**20)


def test_times_are_told_in_words():
    told = [Cost(0, seconds).time for seconds in (0.1, 1.4, 47.3, 130.0, 7000.0, 1e5)]
    assert told == [
        "about 1 second", "about 1 second", "about 47 seconds", "about 2.2 minutes",
        "about 120 minutes", "about 28 hours",
    ]  # fmt: skip


# Not by getrusage: it counts what the parent held before the child became another program.
MEASURED = """
import re, sys
from pathlib import Path
from diffresnet import plan_file
plan = plan_file(sys.argv[1], max_memory=None)
plan.run()
peak = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())
print(plan.cost.memory / (1024 * int(peak[1])))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
def test_the_estimate_is_near_the_peak(folder):
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(5), 1000)
    x = (rng.normal(size=(5, 256))[y] + rng.normal(size=(5000, 256))).astype(np.float32)
    np.savez("few.npz", features=x, labels=np.where(np.arange(5000) % 1000 < 5, y, -1))
    printed = subprocess.check_output([sys.executable, "-c", MEASURED, "few.npz"], text=True)
    assert 0.5 < float(printed) < 3.0


def test_a_plan_says_what_a_run_says_and_writes_nothing(folder, capfd):
    before = files(folder)
    args = ["label", "a.csv", "--out", "o.csv"]
    assert run(["label", "a.csv", "--dry-run"]) == 0  # without a name to write to as well
    alone, _ = capfd.readouterr()
    assert run([*args, "--dry-run"]) == 0
    planned, notes = capfd.readouterr()
    assert alone == planned
    assert files(folder) == before
    assert run(args) == 0
    told = capfd.readouterr().err
    for name in ("rows", "left out", "labelled"):
        (line,) = [line for line in planned.splitlines() if line.startswith(name)]
        assert line in told.splitlines()
    for note in notes.splitlines():
        assert note in told
    assert "memory    about 5" in planned
    assert "time      about 1 second of processor time" in planned
    assert "written   nothing, as this is a dry run" in planned


def test_a_plan_as_json(capfd):
    assert run(["label", "a.csv", "--out", "o.csv", "--dry-run", "--json", "p.json"]) == 0
    found = json.loads(Path("p.json").read_text())
    assert (found["experiment"], found["settings"]["dry_run"]) == ("label", True)
    (row,) = found["results"]
    cost = plan_file("a.csv").cost
    assert row.pop("max_memory_bytes") > 0
    assert row.pop("processor_seconds") == round(cost.seconds, 1)
    assert row == {
        "rows": 60, "features": 3, "labelled": 6, "classes": 3, "memory_bytes": cost.memory,
    }  # fmt: skip


def test_columns_are_explained_before_a_run(capfd):
    assert run(["label", "a.csv", "--out", "o.csv", "--dry-run", "--explain-columns"]) == 0
    out = capfd.readouterr().out
    assert "id     -        " in out
    assert "rows      60, with 3 features (a, b, c)" in out


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--label-column", "topic"], "no column 'topic'"),
        (["--features", "x"], "no column of 'a.csv' is called 'x'"),
        (["--class-prior", "cat=1"], "no share is given for class 'dog'"),
        (["--abstain", "2"], "a share of rows to leave"),
        (["--max-memory", "0"], "not '0' (--max-memory)"),
        (["--max-memory", "4GB"], "not '4GB' (--max-memory)"),
        (["--out", "no/o.csv"], "the folder 'no' does not exist"),
    ],
)
def test_a_dry_run_checks_as_a_run_does(folder, capfd, args, message):
    once = ["a.csv", *([] if "--out" in args else ["--out", "o.csv"]), *args]
    error = fails(capfd, folder, *once, "--dry-run")
    assert message in error
    assert error == fails(capfd, folder, *once)


def test_a_file_that_does_not_fit_is_refused_before_any_work(folder, capfd):
    args = ["a.csv", "--out", "o.csv", "--max-memory", "100M"]
    error = fails(capfd, folder, *args)
    assert "a fit of 60 rows and 3 columns in 3 classes takes about 5" in error
    assert "where 100 MiB may be used; no smaller file would fit; a folder of files, " in error
    assert "--max-memory" in error
    assert run(["label", *args, "--dry-run"]) == 0
    out, err = capfd.readouterr()
    assert ", where 100 MiB may be used\n" in out
    assert err.splitlines()[0] == error.strip().replace("diffresnet: error: ", "note: ")


def test_a_limit_can_be_left_out(monkeypatch):
    monkeypatch.setattr("diffresnet.labelling.memory.available_memory", lambda: 2**20)
    with pytest.raises(InputError, match=r"where 1\.0 MiB may be used; .*\(max_memory=\)"):
        label_file("a.csv", "o.csv")
    for limit in (None, "none", "8G", 2**33):
        assert len(label_file("a.csv", max_memory=limit)) == 60
    assert run(["label", "a.csv", "--out", "o.csv", "--max-memory", "none", "-q"]) == 0


def test_memory_that_is_not_known_refuses_nothing(monkeypatch, capfd):
    monkeypatch.setattr("diffresnet.labelling.memory.available_memory", lambda: None)
    assert run(["label", "a.csv", "--out", "o.csv", "--dry-run"]) == 0
    assert " MiB\n" in capfd.readouterr().out


def test_texts_are_not_encoded_by_a_dry_run(folder, capfd):
    args = ["texts.csv", "--text", "say", "--out", "o.csv"]
    assert run(["label", *args, "--dry-run"]) == 0
    out = capfd.readouterr().out
    assert "rows      60, with features that are still to be encoded" in out
    assert "encoder   tfidf" in out
    assert "estimate  a fit to texts is estimated once they are encoded" in out
    assert "memory" not in out
    assert sorted(files(folder)) == ["a.csv", "texts.csv"]
    # The limit holds all the same.
    assert "takes about 5" in fails(capfd, folder, *args, "--max-memory", "50M")
    plan = plan_file("texts.csv", text="say")
    assert plan.cost is None
    assert plan.run().labels.tolist() == label_file("texts.csv", text="say").labels.tolist()


def test_what_is_not_estimated_says_so(folder, capfd):
    assert run(["label", "a.csv", "--out", "o.csv", "--model", "m.npz", "-q"]) == 0
    args = ["a.csv", "--with", "m.npz", "--out", "p.csv"]
    assert run(["label", *args, "--dry-run"]) == 0
    assert "estimate  what a saved model takes is not estimated" in capfd.readouterr().out
    assert "so that no limit holds; leave it out (--max-memory)" in fails(
        capfd, folder, *args, "--max-memory", "4G"
    )
    other = pd.read_csv("a.csv").rename(columns={"b": "z"})
    other.to_csv("other.csv", index=False)
    args[0] = "other.csv"
    assert fails(capfd, folder, *args, "--dry-run") == fails(capfd, folder, *args)
    pd.DataFrame({"one": range(1000, 1059), "two": range(1001, 1060)}).to_csv("e.csv", index=False)
    pd.read_csv("a.csv").assign(id=range(1000, 1060)).to_csv("nodes.csv", index=False)
    assert run(["label", "nodes.csv", "--graph", "e.csv", "--out", "p.csv", "--dry-run"]) == 0
    assert "networks that label the nodes of a graph are not" in capfd.readouterr().out


def test_long_work_says_how_long(monkeypatch):
    seen = []

    @contextlib.contextmanager
    def stage(message, total):
        seen.append(message)
        yield lambda steps=1: None

    label_file("a.csv", progress=stage)
    monkeypatch.setattr(FitSize, "cost", Cost(2**20, 94.0))
    label_file("a.csv", progress=stage)
    assert [text for text in seen if "labelling" in text] == [
        "labelling 60 rows",
        "labelling 60 rows, about 94 seconds of processor time",
    ]
