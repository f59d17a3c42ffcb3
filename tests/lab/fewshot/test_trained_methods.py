"""The three trained methods keep the laws of a classifier, and say when they failed."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diffresnet.errors import InputError
from diffresnet_lab.fewshot.batch import TaskBatch
from diffresnet_lab.fewshot.methods.convection import Convection
from diffresnet_lab.fewshot.methods.external_diffusion import ExternalDiffusion
from diffresnet_lab.fewshot.methods.internal_diffusion import InternalDiffusion
from diffresnet_lab.fewshot.network import NetworkConfig, TrainingConfig, initial_weights
from diffresnet_lab.fewshot.objective import unstable_tasks
from diffresnet_lab.fewshot.train import diverged_tasks, train_and_score
from fewshot_cases import task_batch

SHORT = TrainingConfig(epochs=30, milestones=(15, 22))
METHODS = {
    "convection": Convection(training=SHORT),
    "external": ExternalDiffusion(mu=2e-3, training=SHORT),
    "internal": InternalDiffusion(training=SHORT),
    "internal, prototype loss": InternalDiffusion(alpha=0.05, training=SHORT),
}


def wide(batch: TaskBatch) -> TaskBatch:
    return replace(batch, support=batch.support.double(), query=batch.query.double())


@pytest.mark.parametrize("name", list(METHODS))
@given(ways=st.integers(2, 5), shots=st.integers(1, 3), seed=st.integers(0, 99))
@settings(max_examples=4)
def test_a_task_alone_is_the_task_in_a_batch(name, ways, shots, seed):
    batch = wide(task_batch(18, ways, shots, seed=seed))  # more than are trained at once
    together = METHODS[name](batch)
    assert together.shape == (18, batch.query.shape[1], ways)
    assert not together.requires_grad
    for k in (0, 17):
        alone = replace(
            batch,
            support=batch.support[[k]],
            labels=batch.labels[[k]],
            query=batch.query[[k]],
            seeds=batch.seeds[[k]],
        )
        torch.testing.assert_close(METHODS[name](alone), together[[k]], rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("name", list(METHODS))
@given(data=st.data(), seed=st.integers(0, 99))
@settings(max_examples=4)
def test_queries_in_another_order(name, data, seed):
    batch = wide(task_batch(2, seed=seed))
    order = torch.tensor(data.draw(st.permutations(range(batch.query.shape[1]))))
    found = METHODS[name](replace(batch, query=batch.query[:, order]))
    torch.testing.assert_close(found, METHODS[name](batch)[:, order], rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("name", list(METHODS))
def test_support_in_another_order(name):
    batch = wide(task_batch(2, shots=3))
    order = torch.randperm(batch.labels.shape[1], generator=torch.Generator().manual_seed(0))
    other = replace(batch, support=batch.support[:, order], labels=batch.labels[:, order])
    torch.testing.assert_close(METHODS[name](other), METHODS[name](batch), rtol=1e-7, atol=1e-9)


def test_convection_classifies_every_query_by_itself():
    batch = wide(task_batch(2))
    found = METHODS["convection"](replace(batch, query=batch.query[:, :2]))
    torch.testing.assert_close(found, METHODS["convection"](batch)[:, :2])


def test_seeds_are_what_differs():
    batch = task_batch(2)
    twins = replace(
        batch,
        support=batch.support[[0, 0, 0]],
        labels=batch.labels[[0, 0, 0]],
        query=batch.query[[0, 0, 0]],
        seeds=torch.tensor([1, 1, 2]),
    )
    scores = METHODS["internal"](twins)
    torch.testing.assert_close(scores[0], scores[1])
    assert not torch.allclose(scores[0], scores[2], rtol=1e-3)


def test_initial_weights_are_those_of_a_linear_layer():
    like = torch.zeros(1)
    drawn = initial_weights(torch.tensor([3, 4]), 64, 5, like)
    assert drawn.first.shape == (2, 64, 64)
    assert drawn.head.shape == (2, 5, 64)
    for weight in (drawn.first, drawn.second):
        assert weight.abs().max() <= 1 / 8
        assert weight.std() == pytest.approx(1 / 8 / 3**0.5, rel=0.03)
        assert abs(float(weight.mean())) < 0.005
    assert (drawn.first[0] - drawn.first[1]).abs().max() > 0.1
    again = initial_weights(torch.tensor([4]), 64, 5, like.double())
    assert torch.equal(again.second[0], drawn.second[1].double())


@pytest.mark.parametrize("name", list(METHODS))
def test_half_precision_features(name):
    batch = task_batch(2)
    half = replace(batch, support=batch.support.half(), query=batch.query.half())
    assert METHODS[name](half).dtype == torch.float32


def test_divergence_is_told_not_hidden():
    batch = task_batch(3)
    large = batch.support.clone()
    large[1] *= 1e4
    query = batch.query.clone()
    query[1] *= 1e4
    scores = METHODS["external"](replace(batch, support=large, query=query))
    assert diverged_tasks(scores).tolist() == [1]


def test_counts_graphs_past_the_bound():
    batch = task_batch(4)
    assert not unstable_tasks(batch, NetworkConfig(gamma=0.5)).any()
    assert unstable_tasks(batch, NetworkConfig(gamma=20.0)).all()
    assert train_and_score(batch, NetworkConfig(2, gamma=20.0), SHORT).shape[0] == 4  # let through


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: NetworkConfig(steps=-1), "must not be negative"),
        (lambda: NetworkConfig(alpha=-1.0), "alpha and mu"),
        (lambda: NetworkConfig(ntop=2), "ntop >= 3"),
        (lambda: TrainingConfig(epochs=0), "at least 1 epoch"),
        (lambda: TrainingConfig(momentum=1.0), "momentum < 1"),
    ],
)
def test_impossible_settings(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_features_that_are_not_finite():
    batch = task_batch(2)
    query = batch.query.clone()
    query[0, 0, 0] = torch.nan
    with pytest.raises(InputError, match="NaN or infinite"):
        METHODS["internal"](replace(batch, query=query))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_on_a_gpu():
    batch = task_batch(4)
    moved = replace(
        batch,
        support=batch.support.cuda(),
        labels=batch.labels.cuda(),
        query=batch.query.cuda(),
    )
    scores = METHODS["internal"](moved)
    assert scores.device.type == "cuda"
    assert scores.isfinite().all()
