"""Fig. 7, 8 and 9, on tiny features."""

from dataclasses import replace

import numpy as np
import pytest

from diffresnet_lab.experiments.base import RunConfig
from diffresnet_lab.experiments.catalogue import experiment
from diffresnet_lab.experiments.fewshot.panels import panel_grid
from diffresnet_lab.experiments.fewshot.plan import TaskPlan
from diffresnet_lab.experiments.fewshot.runs import all_task_configs
from diffresnet_lab.experiments.fewshot.sweep import Sweep, sweep_rows
from diffresnet_lab.experiments.fewshot.sweep_page import spaced_ticks, sweep_figure, sweep_result
from diffresnet_lab.experiments.fig7.page import NTOP
from diffresnet_lab.experiments.fig9.page import safe_step
from diffresnet_lab.fewshot.evaluation import Outcome
from diffresnet_lab.fewshot.features import gather
from diffresnet_lab.fewshot.network import NetworkConfig
from diffresnet_lab.fewshot.objective import unstable_tasks
from diffresnet_lab.fewshot.registry import configure_method
from fewshot_files import GIVEN, data_folder

TINY = {"tasks": 3, "classes": "novel", "shots": (1, 5), "sources": (GIVEN.name,), "jobs": 2}
VALUES = {"fig7": (4, 8, 24), "fig8": (0, 2, 6, 40), "fig9": (1, 2, 6)}


def tiny_plan(name):
    return replace(experiment(name).planned(quick=True), **TINY, values=VALUES[name])


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    return RunConfig(quick=True, data=data_folder(tmp_path_factory.mktemp("data"), 1))


@pytest.fixture(scope="module")
def reports(config):
    return {name: experiment(name).report(config, plan=tiny_plan(name)) for name in VALUES}


@pytest.fixture(scope="module")
def one_shot(config):
    return all_task_configs(config, TaskPlan((1,), (GIVEN.name,), "novel"))[0]


@pytest.mark.parametrize("name", list(VALUES))
def test_a_report_has_its_figure_and_rows(reports, name):
    report = reports[name]
    assert list(report.figures) == [name]
    assert len(report.text.findings) == 1
    assert {row["shots"] for row in report.rows} == {1, 5}
    for row in report.rows:
        assert (row["classes"], row["tasks"]) == ("novel", 3)
        assert 0 <= row["accuracy"] <= 100
        assert row["less_best"] <= 0


def test_only_the_named_setting_is_varied(reports):
    assert [row["ntop"] for row in reports["fig7"].rows] == 2 * list(VALUES["fig7"])
    # t = gamma r, and r of the tables is always among them.
    for row in reports["fig8"].rows:
        assert row["strength"] == 0.5 * row["steps"]
    assert {6, 2} <= {row["steps"] for row in reports["fig8"].rows}
    for row in reports["fig9"].rows:
        assert row["gamma"] * row["steps"] == pytest.approx(3.0 if row["shots"] == 1 else 1.0)


def test_no_steps_are_the_convection_network(config, one_shot, reports):
    tasks = one_shot.sample(3, config.seed)
    batch = one_shot.diff_resnet().transform(gather(one_shot.feature_set.features.tensor(), tasks))
    convection = configure_method("convection", one_shot.method_config()).method(batch)
    right = convection.argmax(-1).numpy() == tasks.query_labels
    (row,) = (r for r in reports["fig8"].rows if r["shots"] == 1 and r["steps"] == 0)
    assert row["accuracy"] == pytest.approx(100 * right.mean())


def test_tasks_past_the_bound_are_counted(config, one_shot, reports):
    x = one_shot.feature_set.features.tensor()
    batch = one_shot.diff_resnet().transform(gather(x, one_shot.sample(3, config.seed)))
    for row in reports["fig9"].rows:
        if row["shots"] == 1:
            past = unstable_tasks(batch, NetworkConfig(gamma=row["gamma"]))
            assert row["past_bound"] == pytest.approx(100 * float(past.float().mean()))
    assert max(row["past_bound"] for row in reports["fig9"].rows) == 100.0  # gamma = 3
    assert "past_bound" not in reports["fig7"].rows[0]


def outcome(*accuracy):
    return Outcome(np.zeros((len(accuracy), 2), int), np.array(accuracy), 1.0)


@pytest.fixture
def sweep(one_shot):
    """A chosen value that is far behind, the best, and one that is level with it."""
    outcomes = (outcome(50.0, 60.0), outcome(70.0, 80.1), outcome(70.1, 79.9))
    options = tuple({"ntop": ntop} for ntop in (4, 8, 24))
    return Sweep(one_shot, (4, 8, 24), options, outcomes, default=0)


def test_differences_from_the_best_are_paired(sweep):
    rows = sweep_rows(sweep, "ntop")
    assert sweep.best == 1
    assert [row["ntop"] for row in rows] == [4, 8, 24]
    assert [row["less_best"] for row in rows] == pytest.approx([-20.05, 0.0, -0.05])
    assert rows[0]["less_best_ci95"] == pytest.approx(1.96 * 0.05)


def test_a_table_calls_values_level_or_behind(config, sweep):
    result = sweep_result(config, tiny_plan("fig7"), NTOP, [sweep, replace(sweep, default=1)], "f")
    first, second = result.tables.values()
    assert [line[2].detail for line in first.rows] == ["± 0.10 behind", "", "± 0.29 level"]
    assert [line[2].unfavourable for line in first.rows] == [True, False, False]
    assert not any(line[2].unfavourable for line in second.rows)
    assert [line[0].text for line in first.rows] == ["4 (chosen)", "8", "24"]
    assert result.values["sweeps"][0]["best"]["ntop"] == 8


def test_a_band_is_as_wide_as_its_interval(sweep):
    (ax,) = sweep_figure([sweep], NTOP, 1).axes
    mean, ci95 = sweep.outcomes[0].summary.mean, sweep.outcomes[0].summary.ci95
    edges = ax.collections[0].get_paths()[0].vertices
    assert edges[edges[:, 0] == 4][:, 1].min() == pytest.approx(mean - ci95)
    assert [list(line.get_xdata()) for line in ax.lines[1:]] == [[4, 4]]  # the chosen one


def test_shares_past_the_bound_stand_below(sweep):
    counted = replace(sweep, past_bound=(0.0, 0.0, 100.0))
    above, below = sweep_figure([counted], NTOP, 1).axes
    assert below.lines[0].get_ydata().tolist() == [0.0, 0.0, 100.0]
    assert safe_step(counted) == 8
    assert safe_step(replace(sweep, past_bound=(10.0, 10.0, 100.0))) is None


def test_each_feature_set_fills_whole_rows():
    kinds = (lambda item, leftmost: (item, "a", leftmost), lambda item, leftmost: (item, "b"))
    grid = panel_grid("wxyz", 2, *kinds)
    assert grid[:4] == [("w", "a", True), ("x", "a", False), ("w", "b"), ("x", "b")]
    assert [panel[0] for panel in grid] == list("wxwxyzyz")


def test_values_on_a_logarithmic_axis_are_written_where_there_is_room():
    x = [1 / 24, 1 / 12, 1 / 8, 1 / 6, 1 / 4, 1 / 3, 1 / 2, 1]
    written = spaced_ticks(x, 0.5)
    assert {0.5, min(x), max(x)} <= set(written)
    assert np.diff(np.log(written)).min() >= np.log(24) / 6 - 1e-9
