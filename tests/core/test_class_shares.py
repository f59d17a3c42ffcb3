"""Shares of the classes in files and frames: `--class-prior` and `class_prior=`."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from diffresnet import DiffusionClassifier, label_file, label_frame
from diffresnet.cli.app import run
from diffresnet.errors import InputError
from diffresnet.labelling.class_shares import parse_class_prior

RNG = np.random.default_rng(0)
TRUTH = np.repeat([0, 1], [160, 40])
X = (1.5 * np.eye(2)[TRUTH] + RNG.normal(size=(200, 2))).astype(np.float32)
NAMES = np.array(["cat", "dog, wet"])
GIVEN = np.isin(np.arange(200), [*range(5), *range(160, 165)])
SHARES = {"cat": 0.8, "dog, wet": 0.2}
TEXT = "cat=0.8,dog, wet=0.2"
FRAME = pd.DataFrame(X, columns=list("ab")).assign(label=np.where(GIVEN, NAMES[TRUTH], None))


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    FRAME.to_csv("a.csv", index=False)
    codes = pd.Series(TRUTH).where(GIVEN).astype("Int64")
    FRAME.assign(label=codes + 7).to_parquet("codes.parquet")
    np.savez("a.npz", features=X, labels=codes.fillna(-1).to_numpy(int), class_names=NAMES)


@pytest.mark.parametrize("prior", ["uniform", "estimate", SHARES])
def test_it_is_the_prior_of_the_classifier(prior):
    model = DiffusionClassifier(class_prior=prior, random_state=0)
    model.fit(X, FRAME["label"].to_numpy())
    result = label_file("a.csv", class_prior=prior)
    np.testing.assert_array_equal(result.labels, model.transduction_)
    assert result.class_shares() == pytest.approx(
        dict(zip(NAMES, model.class_shares_, strict=True))
    )
    framed = label_frame(FRAME, class_prior=prior)
    assert framed["label"].tolist() == result.labels.tolist()
    assert label_file("a.csv").class_shares() is None


@pytest.mark.parametrize(
    ("path", "prior"),
    [("a.csv", TEXT), ("a.npz", TEXT), ("a.npz", "0=0.8,1=0.2"), ("codes.parquet", "8=.2, 7=.8")],
)
def test_the_command_says_the_shares(path, prior, capfd):
    args = ["label", path, "--class-prior", prior, "--out", "out.csv", "--json", "a.json"]
    assert run(args) == 0
    line = next(x for x in capfd.readouterr().err.splitlines() if x.startswith("shares"))
    shares = json.loads(Path("a.json").read_text())["class_shares"]
    names = ["7", "8"] if path.startswith("codes") else list(NAMES)
    assert list(shares) == names
    assert shares[names[0]] == pytest.approx(0.8, abs=0.02)
    assert (
        line == f"shares    {names[0]}: {shares[names[0]]:.1%}, {names[1]}: {shares[names[1]]:.1%}"
    )
    expected = label_file("a.csv", class_prior=SHARES).labels == "cat"
    assert ((pd.read_csv("out.csv")["label"].astype(str).isin(["cat", "0", "7"])) == expected).all()


def test_without_it_no_shares_are_said(capfd):
    assert run(["label", "a.csv", "--out", "out.csv", "--json", "a.json"]) == 0
    assert "\nshares" not in capfd.readouterr().err
    assert "class_shares" not in json.loads(Path("a.json").read_text())


def test_names_may_hold_commas_and_signs_of_equality():
    assert parse_class_prior("a, b=0.5,c=d=0.25,e=.25") == {"a, b": 0.5, "c=d": 0.25, "e": 0.25}
    assert parse_class_prior("estimate") == "estimate"
    assert parse_class_prior(SHARES) is SHARES
    assert parse_class_prior(None) is None


@pytest.mark.parametrize(
    ("prior", "message"),
    [
        ("cat=0.8,dog=0.2", "dog"),
        ("cat=1", "no share is given for class 'dog, wet'"),
        ("cat=0.8,dog, wet=0.1", "sum to 1"),
        ("cat=0.8,dog, wet=much", "or such as cat=0.7,dog=0.3; not 'cat=0.8,dog, wet=much'"),
        ("cat=0.8,dog, wet=", "or such as cat=0.7,dog=0.3"),
        ("cat=0.8,dog, wet=0.2,", "or such as cat=0.7,dog=0.3"),
        ("cat=0.8,cat=0.2", "class 'cat' has two shares"),
        ("even", "or such as cat=0.7,dog=0.3; not 'even'"),
        ("", "or such as cat=0.7,dog=0.3"),
    ],
)
def test_what_are_no_shares_is_one_line(prior, message, capfd):
    assert run(["label", "a.csv", "--class-prior", prior, "--out", "out.csv"]) == 2
    out, err = capfd.readouterr()
    assert message in err
    assert "(--class-prior)" in err
    assert err.count("\n") == 1
    assert not Path("out.csv").exists()
    with pytest.raises(InputError):
        label_frame(FRAME, class_prior=prior)


def test_it_is_for_fits_of_tables(capfd):
    label_file("a.csv", model="m.npz", class_prior="uniform")
    with pytest.raises(InputError, match=r"as it was fitted.*\(class_prior=\)"):
        label_file("a.csv", with_="m.npz", class_prior="uniform")
    assert label_file("a.csv", with_="m.npz").class_shares() is None
    pd.DataFrame({"a": [0], "b": [1]}).to_csv("edges.csv", index=False)
    with pytest.raises(InputError, match=r"tables without a graph.*\(class_prior=\)"):
        label_file("a.csv", graph="edges.csv", class_prior="uniform")
