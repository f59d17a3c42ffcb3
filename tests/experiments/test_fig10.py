import json
from dataclasses import replace

import numpy as np
import pytest

from diffresnet_lab.experiments.experiment import Setup
from diffresnet_lab.experiments.fewshot.sources import SOURCES
from diffresnet_lab.experiments.fig10 import fig10
from diffresnet_lab.experiments.fig10.section import cost_section, finding
from diffresnet_lab.experiments.fig10.study import QUICK, TWO_CORES, Plan, run_costs
from diffresnet_lab.fewshot.evaluation import Outcome
from fewshot_files import data_folder

TINY = Plan((0, 2, 10), tasks=4, timed=2, sources=SOURCES[:1], jobs=1)


@pytest.fixture(scope="module")
def setup(tmp_path_factory):
    return Setup(data=data_folder(tmp_path_factory.mktemp("data"), 1))


@pytest.fixture(scope="module")
def found(setup):
    return run_costs(setup, TINY)


def test_strength_is_kept_and_both_ways_agree(found):
    for costs, strength in zip(found, (3.0, 1.0), strict=True):
        assert [cost.steps for cost in costs] == [0, 2, 10]
        assert [cost.gamma * cost.steps for cost in costs] == pytest.approx([0.0] + 2 * [strength])
        for cost in costs:
            assert cost.alike > 99.0
            assert cost.plain > 0 < cost.exact
            assert len(cost.outcome.accuracy) == 4


def test_words_follow_the_numbers(found, setup):
    outcome = Outcome(np.zeros((2, 3), int), np.array([50.0, 60.0]), 1.0)
    costs = [
        replace(cost, plain=plain, exact=exact, outcome=outcome)
        for cost, plain, exact in zip(found[0], (1.0, 1.25, 2.0), (0.05, 0.05, 0.1), strict=True)
    ]
    text = " ".join(cost_section([costs], TINY, setup).text)
    assert "+25% and 0% at r = 2; +100% and +100% at r = 10" in text
    assert "2 s by the plain loop, 100 ms by the shortcut, 20 times less" in finding([costs], TINY)


def test_the_whole_part(setup):
    part = fig10(setup, TINY)
    json.dumps(part.rows)
    assert len(part.rows) == 6
    assert {"plain_seconds_per_task", "exact_seconds_per_task", "accuracy"} <= part.rows[0].keys()
    assert [p.name for gallery in part.section.galleries for p in gallery] == ["fig10"]
    assert QUICK.classes == "val"
    assert TWO_CORES.classes == "novel"
