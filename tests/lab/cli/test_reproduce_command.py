import csv
import json

import pytest
from matplotlib.figure import Figure

from diffresnet.cli.app import BAD_INPUT, run
from diffresnet.errors import InputError
from diffresnet_lab.cli import reproduce
from diffresnet_lab.experiments import catalogue
from diffresnet_lab.experiments.base import Experiment, PartResult

SEEN = []


TEXT = """{% call findings() %}
It was found.
{% endcall %}
## A section

Words.

{% call figure("line", alt="a line") %}
A line.
{% endcall %}
"""


def _part(config, plan):
    SEEN.append(config)
    figure = Figure(figsize=(1, 1))
    figure.subplots().plot([0, 1], [0, 1])
    return PartResult(
        [{"step": 0, "ratio": 0.5}, {"step": 1, "ratio": float("inf"), "more": "x"}],
        figures={"line": figure},
        settings={"gamma": 1.0},
    )


def _experiment(folder, part):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plan.toml").write_text(f'title = "About {folder.name}"\nsummary = "A line."\n')
    (folder / "text.md.j2").write_text(TEXT)
    return Experiment(folder, {"part": part})


@pytest.fixture
def two(monkeypatch, tmp_path_factory):
    """Two small experiments in the place of the real ones."""
    place = tmp_path_factory.mktemp("experiments")
    small = {name: _experiment(place / name, _part) for name in ("fig3", "fig4")}
    monkeypatch.setattr(reproduce, "EXPERIMENTS", tuple(small))
    monkeypatch.setattr(catalogue, "experiment", small.__getitem__)
    SEEN.clear()


@pytest.mark.usefixtures("two")
def test_one_experiment_leaves_its_page_figures_and_numbers(tmp_path, capfd):
    out, extra = tmp_path / "deep" / "out", tmp_path / "m.json"
    args = ["fig3", "--quick", "--out", str(out), "--json", str(extra), "--data", str(tmp_path)]
    assert run(["reproduce", *args]) == 0
    (setup,) = SEEN
    assert (setup.quick, setup.seed, setup.data) == (True, 42, tmp_path)
    files = {path.name for path in out.iterdir()}
    assert files == {"report.html", "metrics.json", "fig3.csv", "line.png", "line.svg"}
    assert (out / "line.png").read_bytes().startswith(b"\x89PNG")
    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics == json.loads(extra.read_text())
    assert metrics["experiment"] == "fig3"
    assert metrics["results"] == [
        {"step": 0, "ratio": 0.5},
        {"step": 1, "ratio": None, "more": "x"},
    ]
    assert metrics["settings"]["part"] == {"gamma": 1.0}
    with (out / "fig3.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [["step", "ratio", "more"], ["0", "0.5", ""], ["1", "inf", "x"]]
    page = (out / "report.html").read_text()
    assert "It was found." in page
    assert "diffresnet reproduce fig3 --quick" in page
    stdout, stderr = capfd.readouterr()
    assert stdout == "fig3: It was found.\n"
    assert stderr.count("\n") == 1


@pytest.mark.usefixtures("two")
def test_a_page_says_that_runs_were_kept(tmp_path, capfd):
    runs = tmp_path / "runs"
    runs.mkdir()
    told = []
    for _ in range(2):
        assert run(["reproduce", "fig3", "--out", str(tmp_path)]) == 0
        told.append("runs kept from before" in (tmp_path / "report.html").read_text())
        (runs / "one").touch()
    assert told == [False, True]


@pytest.mark.usefixtures("two")
def test_all_has_a_folder_an_experiment_and_a_page_above_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(["reproduce", "all", "--seed", "5", "-q"]) == 0
    assert [setup.seed for setup in SEEN] == [5, 5]
    out = tmp_path / "reproduce"
    page = (out / "report.html").read_text()
    for name in ("fig3", "fig4"):
        assert (out / name / "metrics.json").is_file()
        assert f'href="{name}/report.html"' in page
        assert f"About {name}" in page
    results = json.loads((out / "metrics.json").read_text())["results"]
    assert [row["experiment"] for row in results] == ["fig3", "fig3", "fig4", "fig4"]


@pytest.mark.usefixtures("two")
def test_all_goes_on_without_what_lacks_its_data(tmp_path, monkeypatch, capfd):
    def lacks(config, plan):
        raise InputError("fig3 needs data: set DIFFRESNET_DATA")

    broken = _experiment(tmp_path / "broken" / "fig3", lacks)
    intact = catalogue.experiment("fig4")
    monkeypatch.setattr(catalogue, "experiment", {"fig3": broken, "fig4": intact}.__getitem__)
    assert run(["reproduce", "all", "--out", str(tmp_path)]) == 0
    assert "left out  fig3: fig3 needs data" in capfd.readouterr().err
    assert "Left out: fig3 needs data" in (tmp_path / "report.html").read_text()
    assert (tmp_path / "fig4" / "report.html").is_file()
    assert run(["reproduce", "fig3", "--out", str(tmp_path / "one")]) == BAD_INPUT


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["fig99"], "'fig99' is not one of"),
        ([], "Missing argument"),
        (["fig3", "--out", "file"], "it is a file"),
        (["fig3", "--data", "nowhere"], "does not exist"),
        (["all", "--out", "blocked"], "it is a file"),
        (["fig3", "--out", "new", "--json", "new/report.html"], "end its name in .json"),
    ],
)
def test_bad_calls_are_one_line_and_nothing_runs(options, line, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("mine")
    (tmp_path / "blocked").mkdir()
    (tmp_path / "blocked" / "fig4").write_text("mine")
    assert run(["reproduce", *options]) == BAD_INPUT
    assert SEEN == []
    _, stderr = capfd.readouterr()
    assert line in stderr
    assert stderr.count("\n") == 1
    assert (tmp_path / "file").read_text() == "mine"


def test_help_lists_every_experiment(capfd):
    assert run(["reproduce", "--help"]) == 0
    stdout, _ = capfd.readouterr()
    for name, text in catalogue.summaries().items():
        assert name in stdout
        assert text[:30] in stdout
