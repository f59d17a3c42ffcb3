"""`exact_scores` compiled for one task at a time (numba), which stays inside a core's cache.

On two cores it takes about half the time of torch's batched products: these are far from full speed
where a side has c rows, and between them everything goes through memory. Needs the extra `fast`.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec

import numpy as np
import torch
from jaxtyping import Float
from threadpoolctl import threadpool_limits
from torch import Tensor

from .exact import (
    assemble_scores,
    class_basis,
    gram_factors,
    pre_activations,
    trained_directions,
)
from .momentum import sgd_responses
from .network import NetworkWeights, TrainingConfig
from .objective import TaskObjective


def compiled() -> bool:
    """Return whether numba is installed."""
    return find_spec("numba") is not None


def kernel_scores(
    objective: TaskObjective, training: TrainingConfig, weights: NetworkWeights
) -> Float[Tensor, "t n c"]:
    """Return class scores of all rows after training: those of `plain_scores` up to rounding.

    On the CPU only. Tasks are shared out among as many threads as torch uses.
    """
    from .kernel_loops import train_task

    x = objective.points
    tasks, ways = len(x), objective.ways
    diffusion = objective.diffusion_rows()
    a = diffusion.shape[-1]
    basis, k = class_basis(ways, x), trained_directions(objective)
    if k % 2:  # the loops take two at a time; a column of zeros stays zero
        basis = torch.cat([basis[:, :k], basis.new_zeros(ways, 1), basis[:, k:]], dim=1)
        k += 1
    initial_response, impulse_response = sgd_responses(training)
    # Everything in one precision: one number in another would slow the loops down.
    dtype = x.numpy().dtype
    rates = np.array(training.rates, dtype)
    terms = np.array([training.momentum, training.weight_decay, 0.0], dtype)
    impulses = np.repeat(impulse_response, k, axis=1).astype(dtype)
    left, right = gram_factors(x, a)
    if right is None:
        right = x.new_empty(tasks, 0, a)
    penalty = objective.prototype_distance_penalty
    if penalty is None:
        penalty = x.new_empty(tasks, 0, ways)
    regulariser = x.new_empty(tasks, 0, 0)
    if objective.network.mu > 0.0:
        regulariser = 4.0 * objective.network.mu * objective.laplacian.to_dense()
    pre = pre_activations(x, weights)
    heads = basis.T @ weights.head
    head_bias = weights.head_bias @ basis
    heads[:, k:] *= initial_response[-1]  # what all classes have in common only decays
    head_bias[:, k:] *= initial_response[-1]
    second_bias = weights.second_bias.clone()
    head_second = torch.empty_like(heads)
    by_task = (
        pre, heads, head_bias, second_bias, head_second, weights.second, x, left, right,
        diffusion, objective.labels, penalty, regulariser,
    )  # fmt: skip
    arrays = [part.contiguous().numpy() for part in by_task]

    def train(task: int) -> None:
        parts = [array[task] for array in arrays]
        train_task(*parts, basis.numpy(), k, initial_response.astype(dtype), impulses, rates, terms)

    with (
        threadpool_limits(1, user_api="blas"),
        ThreadPoolExecutor(torch.get_num_threads()) as pool,
    ):
        list(pool.map(train, range(tasks)))
    pre, heads, head_bias, second_bias, head_second = map(torch.from_numpy, arrays[:5])
    hidden = pre.clamp_(min=0.0)
    return assemble_scores(objective, hidden, head_second, heads, second_bias, head_bias, basis)
