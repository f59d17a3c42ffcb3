"""Fast training is the plain loop: all losses, widths on both sides of n, any optimiser."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from diffresnet_lab.fewshot.batch import TaskBatch
from diffresnet_lab.fewshot.exact import PastGradients, exact_scores, gram_factors
from diffresnet_lab.fewshot.features import gather
from diffresnet_lab.fewshot.kernel import compiled, kernel_scores
from diffresnet_lab.fewshot.momentum import MomentumSGD, sgd_responses
from diffresnet_lab.fewshot.network import NetworkConfig, TrainingConfig, initial_weights
from diffresnet_lab.fewshot.objective import TaskObjective
from diffresnet_lab.fewshot.plain import plain_scores, task_loss
from diffresnet_lab.fewshot.sampling import sample_tasks
from fewshot_cases import clusters

SHORT = TrainingConfig(epochs=30, milestones=(15, 22))
NETWORKS = {
    "convection": NetworkConfig(),
    "convection, prototype loss": NetworkConfig(alpha=0.02),
    "external": NetworkConfig(mu=2e-3),
    "external, prototype loss": NetworkConfig(mu=2e-3, alpha=0.02),
    "internal, 1 step": NetworkConfig(steps=1),
    "internal, 2 steps": NetworkConfig(steps=2),
    "internal, 6 steps": NetworkConfig(steps=6),
    "internal, prototype loss": NetworkConfig(steps=6, alpha=0.02),
    "all terms": NetworkConfig(steps=3, alpha=0.01, mu=1e-3),
}
needs_numba = pytest.mark.skipif(not compiled(), reason="numba is not installed")


def task_batch_of(width, tasks, ways=4, shots=2, queries=6):
    features = clusters(width=width)
    drawn = sample_tasks(features.labels, ways, shots, queries, tasks)
    return gather(features.tensor(), drawn)


def wide(batch: TaskBatch) -> TaskBatch:
    return replace(batch, support=batch.support.double(), query=batch.query.double())


def trained(batch, network, training=SHORT):
    objective = TaskObjective.from_batch(batch, network)
    weights = initial_weights(batch.seeds, objective.points.shape[-1], batch.ways, objective.points)
    return objective, training, weights


# Two widths: n < d, where the Gram matrix is the smaller one, and n > 2 d, where its factors are.
@pytest.mark.parametrize("width", [6, 41])
@pytest.mark.parametrize("name", list(NETWORKS))
def test_equals_the_plain_loop(name, width):
    batch = wide(task_batch_of(width, 3, ways=4, shots=2, queries=6))
    case = trained(batch, NETWORKS[name], TrainingConfig())
    expected = plain_scores(*case)
    scale = expected.abs().max()
    torch.testing.assert_close(exact_scores(*case), expected, rtol=0, atol=1e-8 * scale)


@needs_numba
@pytest.mark.parametrize("ways", [2, 5])  # an even and an odd number of combinations of classes
@pytest.mark.parametrize("width", [6, 41])
@pytest.mark.parametrize("name", list(NETWORKS))
def test_compiled_equals_batched(name, width, ways):
    batch = wide(task_batch_of(width, 3, ways=ways, shots=2, queries=6))
    case = trained(batch, NETWORKS[name], TrainingConfig())
    expected = exact_scores(*case)
    scale = expected.abs().max()
    torch.testing.assert_close(kernel_scores(*case), expected, rtol=0, atol=1e-8 * scale)


@pytest.mark.parametrize("name", list(NETWORKS))
def test_duplicated_rows(name):
    """More than sigma equal rows: the released code gets NaN there."""
    batch = wide(task_batch_of(12, 2, ways=3, shots=2, queries=8))
    query = batch.query.clone()
    query[:, :6] = batch.support[:, :1]
    case = trained(replace(batch, query=query), NETWORKS[name])
    expected = plain_scores(*case)
    assert expected.isfinite().all()
    torch.testing.assert_close(exact_scores(*case), expected, rtol=1e-8, atol=1e-8)


def test_other_optimiser_settings():
    training = TrainingConfig(
        epochs=13, rate=0.03, momentum=0.0, weight_decay=0.05, milestones=(4,)
    )
    case = trained(wide(task_batch_of(9, 2)), NetworkConfig(steps=2), training)
    torch.testing.assert_close(exact_scores(*case), plain_scores(*case), rtol=1e-8, atol=1e-8)


def test_single_precision_predicts_the_same():
    batch = task_batch_of(96, 12, ways=5, shots=1, queries=10)
    case = trained(batch, NetworkConfig(steps=6), TrainingConfig())
    expected = plain_scores(*case).argmax(-1)
    assert (exact_scores(*case).argmax(-1) == expected).float().mean() >= 0.995
    if compiled():
        assert (kernel_scores(*case).argmax(-1) == expected).float().mean() >= 0.995


@pytest.mark.parametrize("name", list(NETWORKS))
def test_the_gradient_of_the_loss(name):
    batch = wide(task_batch_of(24, 2, ways=4, shots=2, queries=5))
    objective = TaskObjective.from_batch(batch, NETWORKS[name])
    rows = objective.diffusion_rows().shape[1]
    out = torch.randn(2, rows, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    out.requires_grad_()
    sum(task_loss(objective, out[task], task) for task in range(2)).backward()
    torch.testing.assert_close(objective.gradient(out.detach()), out.grad)


@given(
    momentum=st.floats(0.0, 0.95),
    decay=st.floats(0.0, 0.1),
    milestones=st.lists(st.integers(0, 20), max_size=3),
    seed=st.integers(0, 99),
)
def test_sgd_is_linear_in_start_and_gradients(momentum, decay, milestones, seed):
    training = TrainingConfig(12, 0.2, momentum, decay, tuple(milestones))
    rng = np.random.default_rng(seed)
    gradients = torch.from_numpy(rng.normal(size=(12, 3)))
    first = torch.from_numpy(rng.normal(size=3))
    parameter = torch.nn.Parameter(first.clone())
    sgd = torch.optim.SGD([parameter], 0.2, momentum, weight_decay=decay)
    schedule = torch.optim.lr_scheduler.MultiStepLR(sgd, milestones, 0.1)
    ours = MomentumSGD(first.clone(), training)
    for gradient, rate in zip(gradients, training.rates, strict=True):
        parameter.grad = gradient
        sgd.step()
        schedule.step()
        ours.step(gradient, rate)
    initial_response, impulse_response = sgd_responses(training)
    closed = initial_response[-1] * first + torch.from_numpy(impulse_response[-1]) @ gradients
    torch.testing.assert_close(closed, parameter.data)
    torch.testing.assert_close(ours.parameter, parameter.data)


def test_past_gradients_multiply_as_the_matrix_they_stand_for():
    generator = torch.Generator().manual_seed(0)
    initial = torch.randn(2, 5, 5, dtype=torch.float64, generator=generator)
    matrix, past = MomentumSGD(initial.clone(), SHORT), PastGradients(initial, 3, SHORT)
    for rate in SHORT.rates:
        left, right, x = torch.randn(3, 2, 3, 5, dtype=torch.float64, generator=generator)
        past.append(left, right)
        matrix.step_product(left.mT, right, rate)
        torch.testing.assert_close(past.product(x), x @ matrix.parameter)
        torch.testing.assert_close(past.product_transposed(x), x @ matrix.parameter.mT)


@pytest.mark.parametrize(("width", "factored"), [(3, True), (40, False)])
def test_gram_by_the_cheaper_way(width, factored):
    x = torch.randn(2, 20, width, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    left, right = gram_factors(x, 7)
    assert (right is not None) == factored
    product = left if right is None else left @ right
    torch.testing.assert_close(product, x @ x[:, :7].mT + 1.0)
