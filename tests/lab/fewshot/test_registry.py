import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from diffresnet.errors import InputError
from diffresnet_lab.fewshot import methods
from diffresnet_lab.fewshot.config import METHOD_OPTIONS, FewShotConfig
from diffresnet_lab.fewshot.feature_transforms import (
    Centre,
    l2_normalize,
    paper_transforms,
    rectify_support,
)
from diffresnet_lab.fewshot.features import gather
from diffresnet_lab.fewshot.methods.alpha_tim import AlphaTim
from diffresnet_lab.fewshot.registry import (
    METHODS,
    MODULES,
    configure_method,
    refuse_unused_options,
)
from diffresnet_lab.fewshot.sampling import sample_tasks
from fewshot_cases import clusters

FEATURES = clusters()
BATCH = gather(FEATURES.tensor(), sample_tasks(FEATURES.labels, 3, 2, 4, tasks=2))


@pytest.mark.parametrize("tricks", ["none", "paper"])
@pytest.mark.parametrize("name", list(METHODS))
def test_every_method_can_be_configured(name, tricks):
    configured = configure_method(name, FewShotConfig(1, tricks, FEATURES.mean))
    assert configured.title
    assert callable(configured.method)
    json.dumps(configured.settings)


def test_what_each_method_takes_of_the_papers_tricks():
    mean = FEATURES.mean

    def support_and_query(name, tricks):
        moved = configure_method(name, FewShotConfig(2, tricks, mean)).transform(BATCH)
        return moved.support, moved.query

    def same(rows, batch):
        return torch.equal(rows[0], batch.support) and torch.equal(rows[1], batch.query)

    for name in ("nearest_prototype", "laplacian_shot", "logistic", "pt_map"):
        assert same(support_and_query(name, "none"), BATCH)
    assert same(support_and_query("tim", "none"), l2_normalize(BATCH))
    assert same(support_and_query("nearest_prototype", "paper"), l2_normalize(Centre(mean)(BATCH)))
    all_but_rectified = paper_transforms(mean)(BATCH)
    for name in ("logistic", "tim", "alpha_tim"):
        assert same(support_and_query(name, "paper"), all_but_rectified)
    assert same(support_and_query("laplacian_shot", "paper"), rectify_support(all_but_rectified))
    assert same(support_and_query("pt_map", "paper"), BATCH)


def test_who_centres():
    def centred(name, tricks):
        return configure_method(name, FewShotConfig(1, tricks, FEATURES.mean)).uses_base_mean

    names = ("nearest_prototype", "laplacian_shot", "logistic", "tim", "alpha_tim")
    assert all(centred(name, "paper") for name in names)
    assert not any(centred(name, "none") for name in names)
    assert not centred("pt_map", "paper")
    assert configure_method("pt_map", FewShotConfig(1, "paper", FEATURES.mean)).note


def test_shots_choose_what_their_authors_tuned():
    method = configure_method("alpha_tim", FewShotConfig(5, "none", FEATURES.mean)).method
    assert isinstance(method, AlphaTim)
    assert method.alpha == 7.0
    steps = [FewShotConfig(shots, "none", np.zeros(2)).diffusion_steps for shots in (1, 2, 5)]
    assert steps == [6, 2, 2]
    assert FewShotConfig(1, "none", np.zeros(2), steps=0).diffusion_steps == 0


def test_an_unknown_name_lists_all():
    with pytest.raises(InputError, match="no method 'best_of_all'; there are nearest_prototype, "):
        configure_method("best_of_all", FewShotConfig(1, "none", FEATURES.mean))


def test_every_file_of_methods_registers_one_method():
    assert len(METHODS) == len(MODULES)
    assert {file.stem for file in Path(methods.__file__).parent.glob("[!_]*.py")} == set(MODULES)
    assert all(set(spec.options) <= set(METHOD_OPTIONS) for spec in METHODS.values())
    assert set(METHOD_OPTIONS) == {name for spec in METHODS.values() for name in spec.options}


def test_settings_keep_the_keys_of_the_contract():
    settings = {
        name: configure_method(name, FewShotConfig(1, "none", FEATURES.mean)).settings
        for name in ("best", "pt_map")
    }
    assert settings["best"]["sharpness"] == 15.0
    assert settings["pt_map"]["sharpness"] == 10.0
    assert not any("inverse_temperature" in each for each in settings.values())


@pytest.mark.parametrize(
    ("option", "value", "taken_by"),
    [
        ("ntop", 9, {"external", "internal"}),
        ("sigma", 5, {"external", "internal"}),
        ("gamma", 0.25, {"internal"}),
        ("steps", 3, {"internal"}),
        ("balanced", True, {"best"}),
    ],
)
def test_an_option_reaches_those_methods_that_take_it(option, value, taken_by):
    plain = FewShotConfig(1, "none", FEATURES.mean)
    other = replace(plain, **{option: value})
    changed = {
        name
        for name in METHODS
        if configure_method(name, plain).method != configure_method(name, other).method
    }
    assert changed == taken_by == {n for n, spec in METHODS.items() if option in spec.options}


def test_options_that_no_method_takes_are_refused():
    refuse_unused_options(["tim", "internal"], {"gamma", "ways"})
    with pytest.raises(InputError, match="gamma is an option of internal; leave it out") as error:
        refuse_unused_options(["tim", "external"], {"gamma", "ntop"})
    assert error.value.parameter == "gamma"
    with pytest.raises(InputError, match="no method 'nil'"):
        refuse_unused_options(["nil"], {"gamma"})


def test_feature_transforms_are_one_of_two():
    with pytest.raises(InputError, match="one of none, paper, not 'all'"):
        FewShotConfig(1, "all", FEATURES.mean)
