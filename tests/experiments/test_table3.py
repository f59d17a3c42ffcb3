import json
from dataclasses import replace

import numpy as np
import pytest

from diffresnet_lab.experiments.experiment import Setup
from diffresnet_lab.experiments.fewshot.sources import SOURCES
from diffresnet_lab.experiments.table3 import table3
from diffresnet_lab.experiments.table3.plan import QUICK, TWO_CORES, Plan
from diffresnet_lab.experiments.table3.section import finding, table_section
from diffresnet_lab.experiments.table3.study import preset_for, run_table
from diffresnet_lab.fewshot.evaluation import Outcome
from diffresnet_lab.fewshot.registry import METHODS
from fewshot_files import data_folder, write_source

CHEAP = ("nearest_prototype", "laplacian_shot", "pt_map", "internal", "no_such_method")
TINY = Plan(tasks=6, own={"internal": 3}, methods=CHEAP, jobs=1)


@pytest.fixture(scope="module")
def setup(tmp_path_factory):
    folder = data_folder(tmp_path_factory.mktemp("data"), 1)
    write_source(folder, SOURCES[2], each=20, seed=4)  # as many drawings as Omniglot has
    return Setup(data=folder)


@pytest.fixture(scope="module")
def cases(setup):
    return run_table(setup, TINY)


@pytest.fixture(scope="module")
def part(setup):
    return table3(setup, TINY)


def test_rows_are_those_of_the_contract(part):
    json.dumps(part.rows)
    measured = [row for row in part.rows if row["quoted"] is None]
    assert {(row["data"], row["shots"], row["dirichlet"]) for row in measured} == {
        (data, shots, alpha)
        for data in ("cifarfs", "omniglot")
        for shots in (1, 5)
        for alpha in (None, 2.0)
    }
    for row in measured:
        planned = 3 if row["method"] == "internal" else 6
        assert row["tasks"] == (planned if row["data"] == "cifarfs" else 1)
    few = {row["queries"] for row in measured if row["data"] == "omniglot" and row["dirichlet"]}
    assert few == {SOURCES[2].unequal}


def test_unequal_queries_are_unequal(cases, setup):
    unequal = next(case for case in cases if case.draw.alpha is not None)
    labels = unequal.draw.tasks(unequal.of, 6, setup.seed).query_labels
    assert any(len(set(np.bincount(of, minlength=5))) > 1 for of in labels)


def test_the_tricks_are_on(cases):
    case = cases[0]
    assert case.presets["nearest_prototype"].title == "SimpleShot"
    assert case.presets["internal"].uses_base_mean
    tim = preset_for("tim", case.of, 1)
    assert not tim.uses_base_mean
    assert tim.note


def test_words_say_what_is_missing_and_who_assumes_balance(part):
    text = " ".join(part.section.text)
    assert "the methods no_such_method" in text
    assert "PT-MAP assumes that every class" in text
    assert "ResNet-18" in text
    assert "20 × 5 on Omniglot, Conv-4" in text


def outcome(*accuracy):
    predicted = np.tile([0, 1], (len(accuracy), 1))
    return Outcome(predicted, np.array(accuracy), 1.0)


def test_the_best_is_run_as_it_is_and_told_of_balance(setup, cases):
    free, told = (preset_for(name, cases[0].of, 1) for name in ("best", "best_balanced"))
    assert free.method != told.method
    assert told.title == f"{free.title} (equal)"
    both = replace(TINY, methods=("best", "best_balanced"), shots=(1,), alphas=(None,))
    found = run_table(setup, both)[0]
    assert set(found.outcomes) == {"best", "best_balanced"}
    assert "(equal) assumes" in " ".join(table_section([found], both, setup).text)


def test_the_finding_leaves_out_who_assumes_balance(cases):
    given = {
        "nearest_prototype": outcome(60.0, 62.0),
        "laplacian_shot": outcome(66.0, 68.0),
        "pt_map": outcome(80.0, 82.0),
        "internal": outcome(65.0, 68.0),
    }
    found = finding([replace(cases[0], outcomes=given)], TINY)
    _, line = found.splitlines()
    assert "Diff-ResNet: " in line
    assert " 66.5" in line
    assert "(LaplacianShot: −0.5 ± 1.0)" in line
    assert "PT-MAP" not in found
    without = {name: o for name, o in given.items() if name != "internal"}
    assert "None of our methods" in finding([replace(cases[0], outcomes=without)], TINY)


def test_losses_are_marked_and_the_best_is_bold(cases, setup):
    given = {
        "nearest_prototype": outcome(60.0, 62.0),
        "laplacian_shot": outcome(66.0, 68.0),
        "pt_map": outcome(80.0, 82.0),
        "internal": outcome(65.0, 67.0),
    }
    section = table_section([replace(cases[0], outcomes=given)], TINY, setup)
    accuracies, differences = section.tables[:2]
    assert [name for name, row in accuracies.rows if row[0].best] == ["PT-MAP"]
    assert [name for name, row in differences.rows if row[0].loss] == ["LaplacianShot", "PT-MAP"]
    assert section.tables[-1].caption.startswith("Quoted")


def test_the_plans():
    assert (TWO_CORES.classes, TWO_CORES.tasks) == ("novel", 10_000)
    assert TWO_CORES.of("internal") >= 500
    assert QUICK.classes == "val"
    assert {"nearest_prototype", "tim", "alpha_tim", "pt_map", "internal"} <= set(METHODS)
