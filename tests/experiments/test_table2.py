import json
from dataclasses import replace

import numpy as np
import pytest

from diffresnet.errors import InputError
from diffresnet_lab.experiments.experiment import Setup
from diffresnet_lab.experiments.fewshot.quoted import SHARED
from diffresnet_lab.experiments.fewshot.sources import SOURCES, feature_sets
from diffresnet_lab.experiments.table2 import plan as plans
from diffresnet_lab.experiments.table2 import table2
from diffresnet_lab.experiments.table2.plan import PAIRS, QUICK, RAW_MU, TWO_CORES, Plan
from diffresnet_lab.experiments.table2.section import finding, table_section
from diffresnet_lab.experiments.table2.study import preset_for, run_table
from diffresnet_lab.fewshot.evaluation import Outcome
from diffresnet_lab.fewshot.feature_transforms import Centre, l2_normalize
from diffresnet_lab.fewshot.registry import METHODS
from fewshot_files import data_folder

TINY = Plan(tasks=3, shots=(1,), jobs=1)


@pytest.fixture(scope="module")
def setup(tmp_path_factory):
    return Setup(data=data_folder(tmp_path_factory.mktemp("data")))


@pytest.fixture(scope="module")
def cases(setup):
    return run_table(setup, TINY)


@pytest.fixture(scope="module")
def part(setup):
    return table2(setup, TINY)


def test_rows_are_those_of_the_contract(part):
    json.dumps(part.rows)
    measured = [row for row in part.rows if row["quoted"] is None]
    assert [(row["backbone"], row["features"], row["method"]) for row in measured] == [
        (source.backbone, rows, method)
        for source in SOURCES[:2]
        for rows in TINY.rows
        for method in TINY.methods
    ]
    for row in measured:
        assert (row["ways"], row["shots"], row["queries"], row["tasks"]) == (5, 1, 15, 3)
        assert row["classes"] == "novel"
        assert 0 <= row["accuracy"] <= 100
        assert row["seconds_per_task"] > 0
    quoted = [row for row in part.rows if row["quoted"] is not None]
    assert len(quoted) == 2 * len(SHARED)
    assert all(row["accuracy"] is None for row in quoted)
    assert ("LaplacianShot", "CUB", 5, "88.69") in {
        (row["method"], row["data"], row["shots"], row["quoted"]) for row in quoted
    }


def test_raw_features_are_left_alone(setup):
    of = feature_sets(setup, "novel")[0]
    raw, scaled = (preset_for("internal", of, rows, 1) for rows in TINY.rows)
    assert raw.transform.parts == ()
    first, second = scaled.transform.parts
    assert isinstance(first, Centre)
    assert second is l2_normalize
    assert raw.method == scaled.method


def test_external_diffusion_has_a_weight_of_its_own_on_raw_features(setup):
    of = feature_sets(setup, "novel")[0]
    raw, scaled = (preset_for("external", of, rows, 1).method for rows in TINY.rows)
    assert raw.mu == RAW_MU[of.source.name][1] != scaled.mu
    assert raw == replace(scaled, mu=raw.mu)


def test_all_methods_have_the_same_tasks(cases):
    for case in cases:
        assert {found.predicted.shape for found in case.outcomes.values()} == {(3, 75)}


def test_what_is_missing_is_told(setup, monkeypatch):
    monkeypatch.delitem(METHODS, "external")
    part = table2(setup, TINY)
    text = " ".join(part.section.text)
    assert "the methods external" in text
    assert "omniglot_novel_conv4" in text
    assert "not both there" in part.finding
    assert "external" not in {row["method"] for row in part.rows}
    with pytest.raises(InputError, match="needs features"):
        table2(Setup(data=setup.data / "nowhere"), TINY)


def outcome(*accuracy, same=False):
    predicted = np.zeros((len(accuracy), 2), int)
    predicted[:, 1] = 0 if same else 1
    return Outcome(predicted, np.array(accuracy), 1.0)


def made(case, **outcomes):
    return replace(case, outcomes={name: outcomes[name] for name in case.outcomes})


def test_words_and_marks_follow_the_numbers(setup, cases):
    given = {
        "nearest_prototype": outcome(60.0, 62.0),
        "laplacian_shot": outcome(66.0, 68.0),
        "convection": outcome(61.0, 63.0),
        "external": outcome(20.0, 20.0, same=True),
        "internal": outcome(65.0, 67.0),
    }
    changed = [made(cases[0], **given)]
    plan = replace(TINY, rows=("raw",))
    section = table_section(changed, plan, setup)
    text = " ".join(section.text)
    assert "internal is ahead of external (+46.00" in text
    assert "external is behind convection (−42.00" in text
    assert "external 100%" in text
    assert "+46.0" in finding(changed, plan)
    accuracies, differences, _ = section.tables
    cells = dict(accuracies.rows)
    assert [name for name, row in cells.items() if row[1].best] == ["LaplacianShot"]
    assert [row[0].loss for _, row in differences.rows] == [False, False, True, True]
    assert len(differences.rows) == len(PAIRS)


def test_no_failure_is_not_told_as_one(setup, cases):
    fine = outcome(60.0, 62.0)
    changed = [made(cases[0], **dict.fromkeys(cases[0].outcomes, fine))]
    section = table_section(changed, replace(TINY, rows=("raw",)), setup)
    assert "No training failed." in " ".join(section.text)
    assert "not clearly apart from" in " ".join(section.text)


def test_results_are_of_novel_classes_and_looks_of_others():
    assert (TWO_CORES.classes, TWO_CORES.tasks) == ("novel", 1000)
    assert QUICK.classes == "val"
    assert set(plans.METHODS) <= set(METHODS)
