"""Fig. 7, 8 and 9, on tiny features."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from diffresnet.errors import InputError
from diffresnet_lab.experiments import fig7, fig8, fig9
from diffresnet_lab.experiments.experiment import Setup
from diffresnet_lab.experiments.fewshot.curve_section import curve_part
from diffresnet_lab.experiments.fewshot.curves import (
    QUICK,
    TWO_CORES,
    Curve,
    Plan,
    Value,
    preset_of,
)
from diffresnet_lab.experiments.fewshot.runs import Draw
from diffresnet_lab.experiments.fewshot.sources import SOURCES, feature_sets
from diffresnet_lab.fewshot.evaluation import Outcome
from diffresnet_lab.fewshot.features import gather
from diffresnet_lab.fewshot.network import NetworkConfig
from diffresnet_lab.fewshot.objective import unstable_tasks
from diffresnet_lab.fewshot.registry import METHODS
from fewshot_files import data_folder

TINY = Plan(tasks=3, sources=SOURCES[:1], jobs=1)


@pytest.fixture(scope="module")
def setup(tmp_path_factory):
    return Setup(quick=True, data=data_folder(tmp_path_factory.mktemp("data"), 1))


@pytest.fixture(scope="module")
def parts(setup):
    return {
        "fig7": fig7.fig7(setup, TINY),
        "fig8": fig8.fig8(setup, TINY),
        "fig9": fig9.fig9(setup, TINY),
    }


@pytest.mark.parametrize("name", ["fig7", "fig8", "fig9"])
def test_a_figure_has_its_picture_rows_and_finding(parts, name):
    part = parts[name]
    json.dumps(part.rows)
    assert [p.name for gallery in part.section.galleries for p in gallery] == [name]
    assert {row["shots"] for row in part.rows} == {1, 5}
    assert all(row["classes"] == "novel" and row["tasks"] == 3 for row in part.rows)
    assert all(0 <= row["accuracy"] <= 100 for row in part.rows)
    assert part.finding.startswith("Best ")
    assert len(part.section.tables) == 2


def test_only_the_named_setting_is_varied(parts):
    assert [r["ntop"] for r in parts["fig7"].rows] == 2 * list(fig7.QUICK)
    # t = gamma r, and r of the preset is always among them.
    for row in parts["fig8"].rows:
        assert row["strength"] == 0.5 * row["steps"]
    assert {6, 2} <= {row["steps"] for row in parts["fig8"].rows}
    for row in parts["fig9"].rows:
        assert row["gamma"] * row["steps"] == pytest.approx(3.0 if row["shots"] == 1 else 1.0)


def test_no_steps_are_the_convection_network(setup, parts):
    (of,) = feature_sets(setup, "novel", SOURCES[:1])
    draw = Draw(1)
    still = preset_of(of, 1, steps=0)
    batch = still.transform(gather(of.features.tensor(), draw.tasks(of, 3, setup.seed)))
    other = METHODS["convection"].configure(fig8_setting(of)).method(batch)
    right = other.argmax(-1).numpy() == draw.tasks(of, 3, setup.seed).query_labels
    (row,) = (r for r in parts["fig8"].rows if r["shots"] == 1 and r["steps"] == 0)
    assert row["accuracy"] == pytest.approx(100 * right.mean())


def fig8_setting(of):
    from diffresnet_lab.fewshot.config import FewShotConfig

    return FewShotConfig(1, "paper", of.mean)


def test_tasks_past_the_bound_are_counted(setup, parts):
    (of,) = feature_sets(setup, "novel", SOURCES[:1])
    batch = preset_of(of, 1).transform(
        gather(of.features.tensor(), Draw(1).tasks(of, 3, setup.seed))
    )
    for row in parts["fig9"].rows:
        if row["shots"] == 1:
            past = unstable_tasks(batch, NetworkConfig(gamma=row["gamma"]))
            assert row["past_bound"] == pytest.approx(100 * float(past.float().mean()))
    assert max(row["past_bound"] for row in parts["fig9"].rows) == 100.0  # gamma = 3
    assert "past_bound" not in parts["fig7"].rows[0]


def outcome(*accuracy):
    return Outcome(np.zeros((len(accuracy), 2), int), np.array(accuracy), 1.0)


def made(setup, *outcomes, chosen):
    of = feature_sets(setup, "novel", SOURCES[:1])[0]
    values = tuple(Value(float(x)) for x in range(1, len(outcomes) + 1))
    return Curve(of, Draw(1), values, outcomes, chosen)


def test_words_follow_the_numbers(setup):
    behind = made(setup, outcome(50.0, 60.0), outcome(70.0, 80.1), outcome(70.1, 79.9), chosen=1.0)
    part = curve_part(setup, TINY, fig7.WORDS, [behind])
    text = " ".join(part.section.text)
    assert "is at ntop = 2;" in text
    assert "not clearly behind it is 3;" in text
    assert "The chosen ntop = 1 is −20.05" in text
    assert "2 (chosen 1: −20.05" in part.finding
    best = replace(behind, chosen=2.0)
    assert "2, the chosen one" in curve_part(setup, TINY, fig7.WORDS, [best]).finding
    nowhere = replace(behind, chosen=7.5)
    assert curve_part(setup, TINY, fig7.WORDS, [nowhere]).finding.endswith("1 shot: 2.")


def test_a_look_is_no_result(setup):
    look = replace(TINY, classes="val")
    part = fig7.fig7(setup, look)
    assert part.finding.startswith("(A few tasks of validation classes")
    assert "nothing of it is a result" in " ".join(part.section.text)
    assert QUICK.classes == "val"
    assert TWO_CORES.classes == "novel"


def test_without_the_method_the_error_says_so(setup, monkeypatch):
    monkeypatch.delitem(METHODS, "internal")
    with pytest.raises(InputError, match="needs the method internal"):
        fig8.fig8(setup, TINY)


def test_threads_change_nothing(setup, parts):
    two = fig7.fig7(setup, replace(TINY, jobs=2))
    assert [r["accuracy"] for r in two.rows] == [r["accuracy"] for r in parts["fig7"].rows]
    assert torch.get_num_threads() == 1
