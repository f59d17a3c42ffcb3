from dataclasses import replace

import numpy as np
import pytest

from diffresnet_lab.experiments.base import RunConfig
from diffresnet_lab.experiments.fig10 import page
from diffresnet_lab.experiments.fig10.page import EXPERIMENT, cost_result
from diffresnet_lab.experiments.fig10.study import Fig10Plan, Timing, run_costs
from diffresnet_lab.fewshot.evaluation import Outcome
from fewshot_files import GIVEN, data_folder

TINY = Fig10Plan(
    shots=(1, 5), sources=(GIVEN.name,), classes="novel", tasks=4, jobs=1, steps=(0, 2, 10), timed=1
)


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    return RunConfig(data=data_folder(tmp_path_factory.mktemp("data"), 1))


@pytest.fixture(scope="module")
def groups(config):
    return run_costs(config, TINY)


def test_strength_is_kept_and_both_ways_agree(groups):
    for costs, strength in zip(groups, (3.0, 1.0), strict=True):
        assert [cost.steps for cost in costs] == [0, 2, 10]
        assert [cost.gamma * cost.steps for cost in costs] == pytest.approx([0.0] + 2 * [strength])
        for cost in costs:
            assert cost.timing.agreement > 99.0
            assert cost.timing.plain > 0 < cost.timing.exact
            assert len(cost.outcome.accuracy) == 4


def test_a_table_has_times_over_none_and_differences(config, groups):
    accuracies = ([0.0, 0.0], [50.0, 60.0], [51.0, 61.0])
    costs = [
        replace(
            cost,
            timing=Timing(plain, exact, 100.0),
            outcome=Outcome(np.zeros((2, 3), int), np.array(accuracy), 1.0),
        )
        for cost, plain, exact, accuracy in zip(
            groups[0], (1.0, 1.25, 2.0), (0.05, 0.05, 0.1), accuracies, strict=True
        )
    ]
    result = cost_result(config, replace(TINY, shots=(1,)), [costs])
    (table,) = result.tables.values()
    assert [(line[2].text, line[2].detail) for line in table.rows] == [
        ("1,000", ""), ("1,250", "+25%"), ("2,000", "+100%")
    ]  # fmt: skip
    assert [line[3].detail for line in table.rows] == ["", "0%", "+100%"]
    assert [line[4].text for line in table.rows] == ["20.0", "25.0", "20.0"]
    assert [line[-1].text for line in table.rows] == ["–", "+1.00", "–"]
    assert table.rows[1][-1].detail == "± 0.00 ahead"
    above = result.figures["fig10"].axes[0]
    assert above.lines[0].get_ydata().tolist() == [1000.0, 1250.0, 2000.0]


def test_a_report_has_its_figure_and_rows(config, groups, monkeypatch):
    monkeypatch.setattr(page, "run_costs", lambda *_: groups)
    report = EXPERIMENT.report(config, plan=TINY)
    assert list(report.figures) == ["fig10"]
    assert len(report.rows) == 6
    assert {"plain_seconds_per_task", "exact_seconds_per_task"} <= report.rows[0].keys()
    assert [EXPERIMENT.planned(quick).classes for quick in (True, False)] == ["val", "novel"]
