import json

import numpy as np
import pytest

from diffresnet.cli.app import BAD_INPUT, run
from diffresnet_lab.fewshot.sampling import sample_tasks
from fewshot_cases import clusters

FEW = ["--ways", "4", "--queries", "6", "--tasks", "12", "--device", "cpu"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    features = clusters()
    np.savez(
        tmp_path / "f.npz", features=features.features.astype(np.float16), labels=features.labels
    )
    names = np.array(["", *(f"class {k}" for k in range(8))])
    np.savez(tmp_path / "t.npz", features=features.features, labels=names[features.labels + 1])
    nan = np.where(features.features == features.features[9, 3], np.nan, features.features)
    np.savez(tmp_path / "nan.npz", features=nan, labels=features.labels)
    np.savez(tmp_path / "m.npz", mean=features.features.mean(0) + 0.1)
    np.savez(tmp_path / "wide.npz", mean=np.ones(99))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_one_method(folder, capfd):
    files = ["--json", "r.json", "--predictions", "p.npz", "--base-mean", "m.npz"]
    assert run(["fewshot", "f.npz", "--method", "laplacian_shot", *FEW, *files]) == 0
    out, err = capfd.readouterr()
    whole = json.loads((folder / "r.json").read_text())
    (row,) = whole["results"]
    assert list(row) == [
        "method",
        "ways",
        "shots",
        "queries",
        "tasks",
        "accuracy",
        "ci95",
        "seconds_per_task",
    ]
    assert (row["method"], row["ways"], row["shots"]) == ("laplacian_shot", 4, 1)
    assert (row["queries"], row["tasks"]) == (6, 12)
    assert whole["experiment"] == "fewshot"
    assert whole["settings"]["tricks"] == "paper"
    assert {
        "features", "rows", "width", "tricks", "base_mean", "dirichlet", "methods", "seed",
        "device", "jobs",
    } <= set(whole["settings"])  # fmt: skip
    assert whole["settings"]["features"] == "f.npz"
    assert whole["settings"]["methods"]["laplacian_shot"]["neighbors"] == 2
    assert f"LaplacianShot, 4-way 1-shot, 6 queries a class, 12 tasks: {row['accuracy']:.2f}" in out
    assert f"± {row['ci95']:.2f} %" in out
    assert "ms a task" in err
    assert "note" not in err
    labels = clusters().labels
    expected = sample_tasks(labels, 4, 1, 6, tasks=12, seed=0)
    with np.load("p.npz") as file:
        assert set(file) == {"support", "query", "predicted", "true"}
        assert (file["support"] == expected.support).all()
        assert (file["query"] == expected.query).all()
        assert (file["true"] == labels[file["query"]]).all()
        right = file["predicted"] == file["true"]
    assert 100 * right.mean() == pytest.approx(row["accuracy"])
    assert 1.96 * (100 * right.mean(1)).std(ddof=1) / 12**0.5 == pytest.approx(row["ci95"])
    assert row["accuracy"] > 40


def test_several_methods_on_the_same_tasks(folder, capfd):
    names = ["nearest_prototype", "pt_map", "logistic", "pt_map"]
    methods = [part for name in names for part in ("--method", name)]
    files = ["--json", "r.json", "--predictions", "p.npz"]
    assert run(["fewshot", "t.npz", *methods, *FEW, *files, "--shots", "2"]) == 0
    out, err = capfd.readouterr()
    assert "centred by the mean of FEATURES itself" in err
    assert "PT-MAP takes raw features" in err
    assert "minus SimpleShot" in out
    whole = json.loads((folder / "r.json").read_text())
    assert [row["method"] for row in whole["results"]] == names[:3]
    with np.load("p.npz") as file:
        assert set(file) == {"support", "query", "true", *(f"{name}_predicted" for name in names)}
        assert file["true"].dtype.kind == "U"
        right = {name: 100 * (file[f"{name}_predicted"] == file["true"]).mean(1) for name in names}
    for row in whole["results"]:
        assert right[row["method"]].mean() == pytest.approx(row["accuracy"])
    pairs = whole["paired_differences"]
    assert [(pair["method"], pair["minus"]) for pair in pairs] == [
        ("pt_map", "nearest_prototype"),
        ("logistic", "nearest_prototype"),
        ("logistic", "pt_map"),
    ]
    apart = right["logistic"] - right["pt_map"]
    assert pairs[2]["difference"] == pytest.approx(apart.mean())
    assert pairs[2]["ci95"] == pytest.approx(1.96 * apart.std(ddof=1) / 12**0.5)


def test_unequal_queries_and_raw_features(folder, capfd):
    args = ["--dirichlet", "2", "--tricks", "none", "--predictions", "p.npz", "--seed", "3"]
    assert run(["fewshot", "f.npz", "--method", "nearest_prototype", *FEW, *args]) == 0
    out, err = capfd.readouterr()
    assert "6 queries a class by Dirichlet(2)" in out
    assert "note" not in err
    with np.load("p.npz") as file:
        counts = [np.unique(true, return_counts=True)[1] for true in file["true"]]
    assert all(sum(count) == 24 for count in counts)
    assert any(list(count) != [6] * 4 for count in counts)


def test_training_that_diverged_is_told(folder, capfd):
    args = ["--method", "internal", "--gamma", "1e300", "--json", "r.json", "--base-mean", "m.npz"]
    assert run(["fewshot", "f.npz", *args, *FEW]) == 0
    assert "note: Diff-ResNet diverged on 12 of 12 tasks" in capfd.readouterr().err
    assert json.loads((folder / "r.json").read_text())["diverged_tasks"] == {"internal": 12}


def test_the_best_method_centres_whatever_tricks_says(folder, capfd):
    assert run(["fewshot", "f.npz", "--method", "best", "--tricks", "none", *FEW]) == 0
    err = capfd.readouterr().err
    assert "centred by the mean of FEATURES itself" in err
    assert "note: Diffused prototypes take raw features and the base mean" in err


def test_a_table_with_columns_of_other_names(folder, capfd):
    features = clusters()
    rows = [
        f"{f'k{label}' if label >= 0 else ''},{number},{','.join(map(str, row))}"
        for number, (label, row) in enumerate(zip(features.labels, features.features, strict=True))
    ]
    names = ",".join(f"f{i}" for i in range(features.width))
    (folder / "t.csv").write_text("\n".join([f"kind,id,{names}", *rows]))
    args = ["fewshot", "t.csv", "--method", "nearest_prototype", *FEW]
    assert run(args) == BAD_INPUT
    assert "--label-column" in capfd.readouterr().err
    assert run([*args, "--label-column", "kind"]) == 0
    assert "note: column 'id' numbers the rows: it is taken as no feature" in capfd.readouterr().err
    assert run([*args, "--label-column", "kind", "--features", "f", "--json", "r.json"]) == 0
    assert json.loads((folder / "r.json").read_text())["settings"]["width"] == features.width


def test_one_task_has_no_interval(folder, capfd):
    args = ["--tasks", "1", "--json", "r.json", "-q"]
    assert run(["fewshot", "f.npz", "--method", "nearest_prototype", *FEW, *args]) == 0
    out, err = capfd.readouterr()
    assert "±" not in out
    assert "nan" not in out
    assert err == ""
    assert json.loads((folder / "r.json").read_text())["results"][0]["ci95"] is None


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (["f.npz"], "Missing option '--method'"),
        (["f.npz", "--method", "protonet"], "no method 'protonet'; there are nearest_prototype"),
        (["no.npz", "--method", "tim"], "no.npz"),
        (["nan.npz", "--method", "tim"], "'features[3]' of 'nan.npz' has 1 cell that is missing"),
        (["f.npz", "--method", "tim", "--ways", "9"], "8 classes with labels, fewer than 9 ways"),
        (["f.npz", "--method", "tim", "--queries", "30"], "need 31 rows of each class"),
        (["f.npz", "--method", "tim", "--base-mean", "wide.npz"], "as wide as the features"),
        (["f.npz", "--method", "tim", "--base-mean", "f.npz"], "no array 'mean'"),
        (
            ["f.npz", "--method", "tim", "--gamma", "0.4"],
            "gamma is an option of internal; leave it out (--gamma)",
        ),
        (
            ["f.npz", "--method", "tim", "--balanced"],
            "is an option of best; leave it out (--balanced)",
        ),
        (["f.npz", "--method", "tim", "--dirichlet", "0"], "--dirichlet"),
        (["f.npz", "--method", "tim", "--json", "missing/r.json"], "does not exist"),
        (["f.npz", "--method", "tim", "--device", "gpu7"], "'gpu7'"),
        (["f.npz", "--method", "tim", "--predictions", "./f.npz"], "would replace another file"),
        (["f.npz", "--method", "tim", "--predictions", "p.csv"], "must end in .npz"),
        (["f.npz", "--method", "tim", "--base-mean", "m.npz", "--json", "m.npz"], "would replace"),
        (["f.npz", "--method", "tim", "--label-column", "kind"], "no array 'kind'"),
        (["f.npz", "--method", "internal", "--gamma", "nan"], "gamma must be a finite number"),
    ],
)
def test_bad_calls_are_one_line(folder, args, line, capfd):
    assert run(["fewshot", *args]) == BAD_INPUT
    out, err = capfd.readouterr()
    assert line in err
    assert err.count("\n") == 1
    assert out == ""


def test_a_class_that_is_too_small_is_named(folder, capfd):
    small = clusters(classes=6, each=30)
    labels = small.labels.copy()
    labels[np.flatnonzero(labels == 4)[:22]] = -1
    np.savez("s.npz", features=small.features, labels=labels)
    assert (
        run(["fewshot", "s.npz", "--method", "nearest_prototype", "--queries", "10"]) == BAD_INPUT
    )
    assert "fewer has class 4 (8 rows)" in capfd.readouterr().err
