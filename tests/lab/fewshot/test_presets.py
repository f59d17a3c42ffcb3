import json

import numpy as np
import pytest
import torch

from diffresnet.errors import InputError
from diffresnet_lab.fewshot.features import gather
from diffresnet_lab.fewshot.methods.alpha_tim import AlphaTim
from diffresnet_lab.fewshot.presets import METHODS, Setting, preset
from diffresnet_lab.fewshot.tasks import sample_tasks
from diffresnet_lab.fewshot.tricks import Centre, paper_tricks, rectified, unit
from fewshot_cases import clusters

FEATURES = clusters()
BATCH = gather(FEATURES.tensor(), sample_tasks(FEATURES.labels, 3, 2, 4, tasks=2))


@pytest.mark.parametrize("tricks", ["none", "paper"])
@pytest.mark.parametrize("name", list(METHODS))
def test_every_method_can_be_set_up(name, tricks):
    found = preset(name, Setting(1, tricks, FEATURES.mean))
    assert found.title
    assert callable(found.method)
    json.dumps(found.settings)


def test_what_each_method_takes_of_the_papers_tricks():
    mean = FEATURES.mean

    def support_and_query(name, tricks):
        moved = preset(name, Setting(2, tricks, mean)).transform(BATCH)
        return moved.support, moved.query

    def same(found, batch):
        return torch.equal(found[0], batch.support) and torch.equal(found[1], batch.query)

    for name in ("nearest_prototype", "laplacian_shot", "logistic", "pt_map"):
        assert same(support_and_query(name, "none"), BATCH)
    assert same(support_and_query("tim", "none"), unit(BATCH))
    assert same(support_and_query("nearest_prototype", "paper"), unit(Centre(mean)(BATCH)))
    all_but_rectified = paper_tricks(mean)(BATCH)
    for name in ("logistic", "tim", "alpha_tim"):
        assert same(support_and_query(name, "paper"), all_but_rectified)
    assert same(support_and_query("laplacian_shot", "paper"), rectified(all_but_rectified))
    assert same(support_and_query("pt_map", "paper"), BATCH)


def test_who_centres():
    def centred(name, tricks):
        return preset(name, Setting(1, tricks, FEATURES.mean)).centred

    names = ("nearest_prototype", "laplacian_shot", "logistic", "tim", "alpha_tim")
    assert all(centred(name, "paper") for name in names)
    assert not any(centred(name, "none") for name in names)
    assert not centred("pt_map", "paper")
    assert preset("pt_map", Setting(1, "paper", FEATURES.mean)).note


def test_shots_choose_what_their_authors_tuned():
    method = preset("alpha_tim", Setting(5, "none", FEATURES.mean)).method
    assert isinstance(method, AlphaTim)
    assert method.alpha == 7.0
    steps = [Setting(shots, "none", np.zeros(2)).flow_steps for shots in (1, 2, 5)]
    assert steps == [6, 2, 2]
    assert Setting(1, "none", np.zeros(2), steps=0).flow_steps == 0


def test_an_unknown_name_lists_all():
    with pytest.raises(InputError, match="no method 'best_of_all'; there are nearest_prototype, "):
        preset("best_of_all", Setting(1, "none", FEATURES.mean))
