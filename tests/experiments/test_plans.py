from dataclasses import dataclass, field
from typing import Literal

import pytest

from diffresnet.errors import InputError
from diffresnet_lab.experiments.catalogue import EXPERIMENTS, plan_file, summaries
from diffresnet_lab.experiments.plans import read_plan, read_toml


@dataclass(frozen=True)
class TrainingPlan:
    epochs: int
    rate: float = 0.1


@dataclass(frozen=True)
class SamplePlan:
    sets: tuple[str, ...]
    window: tuple[int, float]
    training: TrainingPlan
    kind: Literal["a", "b"] = "a"
    cap: int | None = None
    share: dict[str, float] = field(default_factory=dict)


FULL = """
title = "T"
[full]
sets = ["x", "y"]
window = [1, 2]
training = {epochs = 3}
share = {cora = 1}
[quick]
sets = []
cap = 5
"""


@pytest.fixture
def read(tmp_path):
    def read(text, section="full"):
        path = tmp_path / f"{abs(hash(text))}.toml"
        path.write_text(text)
        return read_plan(path, SamplePlan, section)

    return read


def test_a_plan_has_the_types_of_its_fields(read):
    plan = read(FULL)
    assert plan == SamplePlan(("x", "y"), (1, 2.0), TrainingPlan(3), share={"cora": 1.0})
    assert isinstance(plan.window[1], float)


def test_tables_of_dataclasses_are_merged_and_others_replaced(read):
    quick = FULL + "share = {pubmed = 2}\ntraining = {rate = 0.5}\n"
    plan = read(quick, "quick")
    assert plan.training == TrainingPlan(3, 0.5)
    assert plan.share == {"pubmed": 2.0}


def test_quick_has_what_differs(read):
    assert read(FULL, "quick") == SamplePlan(
        (), (1, 2.0), TrainingPlan(3), cap=5, share={"cora": 1.0}
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("epochs = 3", "epochs = 3.5", r"\[full\] training epochs must be int, not 3.5"),
        ("epochs = 3", "epochs = true", "must be int"),
        ("epochs = 3", "epoch = 3", "unknown epoch"),
        ("window = [1, 2]", "window = [1]", "2 values are needed, not 1"),
        ("window = [1, 2]", "", "missing window"),
        ('["x", "y"]', '["x", 1]', r"sets\[1\] must be str, not 1"),
        ("share = {cora = 1}", 'kind = "c"', "must be"),
        ("[full]", "[fill]", r"no section \[full\]"),
        ("[full]", "[full", "toml"),
    ],
)
def test_a_wrong_plan_says_where(read, old, new, message):
    with pytest.raises(InputError, match=message):
        read(FULL.replace(old, new))


@pytest.mark.parametrize("name", [name for name in EXPERIMENTS if plan_file(name).exists()])
def test_every_plan_file_has_its_header(name):
    header = read_toml(plan_file(name))
    assert header["title"]
    assert summaries()[name] == header["summary"]
