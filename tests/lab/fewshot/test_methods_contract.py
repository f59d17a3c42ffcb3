"""Laws that every few-shot method keeps, whatever it does."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diffresnet_lab.fewshot.methods.alpha_tim import AlphaTim
from diffresnet_lab.fewshot.methods.diffused_prototypes import DiffusedPrototypes, roots_and_centre
from diffresnet_lab.fewshot.methods.laplacian_shot import LaplacianShot
from diffresnet_lab.fewshot.methods.logistic import Logistic
from diffresnet_lab.fewshot.methods.nearest_prototype import NearestPrototype
from diffresnet_lab.fewshot.methods.pt_map import PtMap
from diffresnet_lab.fewshot.methods.tim import Tim
from diffresnet_lab.fewshot.tricks import unit
from fewshot_cases import clusters, same_scores, task_batch

CASES = {
    "nearest prototype": (NearestPrototype(), None),
    "laplacian shot": (LaplacianShot(), unit),
    "logistic": (Logistic(), None),
    # A few iterations of a large rate: the laws do not wait for convergence.
    "tim": (Tim(iterations=25, rate=1e-2), unit),
    "alpha-tim": (AlphaTim(iterations=25, rate=1e-2), unit),
    "diffused prototypes": (DiffusedPrototypes(), roots_and_centre(clusters().mean)),
    "pt-map": (PtMap(rounds=4, sinkhorn_rounds=60), None),
}


@pytest.fixture(params=list(CASES))
def case(request):
    return CASES[request.param]


def scores(case, batch):
    method, transform = case
    return method(transform(batch) if transform else batch)


def some(batch, which):
    return replace(
        batch,
        support=batch.support[which],
        labels=batch.labels[which],
        query=batch.query[which],
        seeds=batch.seeds[which],
    )


@pytest.mark.parametrize("name", list(CASES))
@given(ways=st.integers(2, 5), shots=st.integers(1, 4), seed=st.integers(0, 99))
@settings(max_examples=5)
def test_a_task_alone_is_the_task_in_a_batch(name, ways, shots, seed):
    batch = task_batch(4, ways, shots, seed=seed)
    together = scores(CASES[name], batch)
    assert together.shape == (4, batch.query.shape[1], ways)
    assert together.dtype == torch.float32
    assert not together.requires_grad
    for k in range(4):
        same_scores(together[[k]], scores(CASES[name], some(batch, [k])))


@pytest.mark.parametrize("name", list(CASES))
@given(data=st.data(), seed=st.integers(0, 99))
@settings(max_examples=5)
def test_queries_in_another_order(name, data, seed):
    batch = task_batch(seed=seed)
    order = torch.tensor(data.draw(st.permutations(range(batch.query.shape[1]))))
    found = scores(CASES[name], replace(batch, query=batch.query[:, order]))
    same_scores(scores(CASES[name], batch)[:, order], found)


@pytest.mark.parametrize("name", list(CASES))
@given(data=st.data(), seed=st.integers(0, 99))
@settings(max_examples=5)
def test_classes_by_other_numbers_and_support_in_another_order(name, data, seed):
    batch = task_batch(seed=seed)
    number = torch.tensor(data.draw(st.permutations(range(batch.ways))))
    order = torch.tensor(data.draw(st.permutations(range(batch.support.shape[1]))))
    other = replace(batch, support=batch.support[:, order], labels=number[batch.labels][:, order])
    same_scores(scores(CASES[name], batch), scores(CASES[name], other)[:, :, number])


def test_better_than_chance(case):
    batch = task_batch(16, ways=4, shots=2)
    truth = torch.arange(4).repeat_interleave(6)
    assert (scores(case, batch).argmax(-1) == truth).float().mean() > 0.6
