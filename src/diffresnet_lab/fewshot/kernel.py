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

from .exact import assembled, class_basis, gram_factors, pre_activations
from .momentum import responses
from .network import Training, Weights
from .problem import Problem


def compiled() -> bool:
    """Whether numba is there."""
    return find_spec("numba") is not None


def kernel_scores(problem: Problem, training: Training, weights: Weights) -> Float[Tensor, "t n c"]:
    """Class scores of all rows after training: those of `plain_scores` up to rounding.

    On the CPU only. Tasks are shared out among as many threads as torch uses.
    """
    from .kernel_loops import train_task

    x = problem.points
    tasks = len(x)
    spread = problem.spread()
    a = spread.shape[-1]
    turn = class_basis(problem, x)
    c = turn.shape[0]
    k = c if problem.network.mu > 0.0 else c - 1
    if k % 2:  # the loops take two at a time; a column of zeros stays zero
        turn = torch.cat([turn[:, :k], turn.new_zeros(c, 1), turn[:, k:]], dim=1)
        k += 1
    start, kick = responses(training)
    # Everything in one precision: one number in another would slow the loops down.
    kind = x.numpy().dtype
    rates = np.array(training.rates, kind)
    terms = np.array([training.momentum, training.weight_decay, 0.0], kind)
    kicks = np.repeat(kick, k, axis=1).astype(kind)
    left, right = gram_factors(x, a)
    if right is None:
        right = x.new_empty(tasks, 0, a)
    pull = problem.pull if problem.pull is not None else x.new_empty(tasks, 0, c)
    smooth = x.new_empty(tasks, 0, 0)
    if problem.network.mu > 0.0:
        smooth = 4.0 * problem.network.mu * problem.laplacian.to_dense()
    before = pre_activations(x, weights)
    heads = turn.T @ weights.head
    head_bias = weights.head_bias @ turn
    heads[:, k:] *= start[-1]  # what all classes have in common only decays
    head_bias[:, k:] *= start[-1]
    second_bias = weights.second_bias.clone()
    through = torch.empty_like(heads)
    by_task = (
        before, heads, head_bias, second_bias, through, weights.second, x, left, right,
        spread, problem.labels, pull, smooth,
    )  # fmt: skip
    arrays = [part.contiguous().numpy() for part in by_task]

    def train(task: int) -> None:
        mine = [part[task] for part in arrays]
        train_task(*mine, turn.numpy(), k, start.astype(kind), kicks, rates, terms)

    with (
        threadpool_limits(1, user_api="blas"),
        ThreadPoolExecutor(torch.get_num_threads()) as pool,
    ):
        list(pool.map(train, range(tasks)))
    before, heads, head_bias, second_bias, through = map(torch.from_numpy, arrays[:5])
    hidden = before.clamp_(min=0.0)
    return assembled(problem, hidden, through, heads, second_bias, head_bias, turn)
