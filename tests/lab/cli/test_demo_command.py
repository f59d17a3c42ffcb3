import json

import pytest

from diffresnet.cli.app import BAD_INPUT, run
from diffresnet.cli.command import Outcome
from diffresnet_lab.cli import demo
from diffresnet_lab.experiments.demo.digits import METHODS, DigitsConfig

TINY = DigitsConfig(labels_per_class=(1, 3), draws=2, seed=5)


@pytest.fixture
def no_work(monkeypatch):
    """Fails the test if the work begins."""
    monkeypatch.setattr(
        "diffresnet_lab.experiments.demo.page.run_demo",
        lambda *_, **__: pytest.fail("the work began"),
    )


def test_the_demo_leaves_a_page_and_its_numbers(tmp_path, monkeypatch, capfd):
    out, extra = tmp_path / "deep" / "demo", tmp_path / "extra.json"
    whole = demo.run
    monkeypatch.setattr(demo, "run", lambda options, config: whole(options, TINY))
    assert run(["demo", "--out", str(out), "--json", str(extra)]) == 0
    stdout, stderr = capfd.readouterr()
    pictures = {name + ending for name in ("digits", "features") for ending in (".png", ".svg")}
    assert {path.name for path in out.iterdir()} == {"metrics.json", "report.html", *pictures}
    metrics = json.loads((out / "metrics.json").read_text())
    assert list(metrics) == ["experiment", "settings", "results", "environment", "seconds"]
    assert metrics == json.loads(extra.read_text())
    assert metrics["experiment"] == "demo"
    assert metrics["settings"]["seed"] == 5
    assert len(metrics["results"]) == len(METHODS) * 2
    columns = ["data", "method", "labels_per_class", "draws", "accuracy", "std"]
    for row in metrics["results"]:
        assert list(row) == columns
        assert 30 < row["accuracy"] <= 100
    page = (out / "report.html").read_text(encoding="utf-8")
    best = max(row["accuracy"] for row in metrics["results"])
    for text in (stdout, page):
        assert f"{best:.1f}" in text
        assert "DiffusionClassifier" in text
    assert page.count("<section") == 3
    assert "diffresnet demo --seed 5" in page
    assert stderr.count("\n") == 1
    assert "report.html" in stderr


def test_the_command_takes_its_options(tmp_path, monkeypatch):
    seen = []

    def record(options, config):
        seen.append((config, options.out, options.quiet))
        return Outcome([])

    monkeypatch.setattr(demo, "run", record)
    assert run(["demo", "--out", str(tmp_path), "--seed", "7", "-q"]) == 0
    assert seen == [(DigitsConfig(seed=7), tmp_path, True)]


@pytest.mark.usefixtures("no_work")
@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--out", "file"], "it is a file"),
        (["--out", "file/deeper"], "cannot make the folder"),
        (["--out", "new", "--json", "new/report.html"], "end its name in .json"),
        (["--out", "new", "--json", "missing/x.json"], "does not exist"),
        (["--out", "new", "--json", "new"], "it is a folder"),
        (["--seed", "-1"], "--seed"),
    ],
)
def test_bad_places_are_refused_before_the_work(tmp_path, monkeypatch, capfd, options, line):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("mine")
    assert run(["demo", *options]) == BAD_INPUT
    err = capfd.readouterr().err
    assert err.count("\n") == 1
    assert line in err
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.usefixtures("no_work")
def test_a_wrong_json_makes_no_folder(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    assert run(["demo", "--out", "new", "--json", "missing/x.json"]) == BAD_INPUT
    assert not (tmp_path / "new").exists()
