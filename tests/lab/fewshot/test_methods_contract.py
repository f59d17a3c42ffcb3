"""Laws that every few-shot method keeps, whatever it does."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diffresnet_lab.fewshot.config import FewShotConfig
from diffresnet_lab.fewshot.registry import METHODS, configure_method
from fewshot_cases import clusters, same_scores, task_batch

TRAINED = {"convection", "external", "internal"}
"""Their laws are tested in double precision, in test_trained_methods.py."""
CASES = [name for name in METHODS if name not in TRAINED]


def scores(name, batch):
    configured = configure_method(name, FewShotConfig(1, "paper", clusters().mean))
    method = replace(configured.method, **METHODS[name].small)
    return method(configured.transform(batch))


def some(batch, which):
    return replace(
        batch,
        support=batch.support[which],
        labels=batch.labels[which],
        query=batch.query[which],
        seeds=batch.seeds[which],
    )


@pytest.mark.parametrize("name", CASES)
@given(ways=st.integers(2, 5), shots=st.integers(1, 4), seed=st.integers(0, 99))
@settings(max_examples=5)
def test_a_task_alone_is_the_task_in_a_batch(name, ways, shots, seed):
    batch = task_batch(4, ways, shots, seed=seed)
    together = scores(name, batch)
    assert together.shape == (4, batch.query.shape[1], ways)
    assert together.dtype == torch.float32
    assert not together.requires_grad
    for k in range(4):
        same_scores(together[[k]], scores(name, some(batch, [k])))


@pytest.mark.parametrize("name", CASES)
@given(data=st.data(), seed=st.integers(0, 99))
@settings(max_examples=5)
def test_queries_in_another_order(name, data, seed):
    batch = task_batch(seed=seed)
    order = torch.tensor(data.draw(st.permutations(range(batch.query.shape[1]))))
    found = scores(name, replace(batch, query=batch.query[:, order]))
    same_scores(scores(name, batch)[:, order], found)


@pytest.mark.parametrize("name", CASES)
@given(data=st.data(), seed=st.integers(0, 99))
@settings(max_examples=5)
def test_classes_by_other_numbers_and_support_in_another_order(name, data, seed):
    batch = task_batch(seed=seed)
    number = torch.tensor(data.draw(st.permutations(range(batch.ways))))
    order = torch.tensor(data.draw(st.permutations(range(batch.support.shape[1]))))
    other = replace(batch, support=batch.support[:, order], labels=number[batch.labels][:, order])
    same_scores(scores(name, batch), scores(name, other)[:, :, number])


@pytest.mark.parametrize("name", CASES)
def test_better_than_chance(name):
    batch = task_batch(16, ways=4, shots=2)
    truth = torch.arange(4).repeat_interleave(6)
    assert (scores(name, batch).argmax(-1) == truth).float().mean() > 0.6
