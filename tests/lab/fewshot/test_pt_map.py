from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from diffresnet.errors import InputError
from diffresnet_lab.fewshot.methods.pt_map import PtMap
from fewshot_cases import task_batch


def sinkhorn(cost, method):
    """Rows, then columns, until no row sum changes any more: the released code's rule."""
    plan = np.exp(-method.inverse_temperature * cost)
    plan /= plan.sum()
    before = np.zeros(len(cost))
    for _ in range(method.sinkhorn_rounds):
        rows = plan.sum(1)
        if np.abs(before - rows).max() <= method.tolerance:
            break
        before = rows
        plan /= rows[:, None]
        plan *= len(cost) / cost.shape[1] / plan.sum(0)
    return plan


def by_loop(support, labels, query, ways, method):
    """One task in float64, by the paper's algorithm 1 with plain loops."""

    def normal(x):
        return x / np.linalg.norm(x, axis=1, keepdims=True)

    s, q = (normal((x + 1e-6) ** method.power) for x in (support, query))
    s, q = normal(s - s.mean(0)), normal(q - q.mean(0))
    centres = np.stack([s[labels == c].mean(0) for c in range(ways)])
    for _ in range(method.rounds):
        plan = sinkhorn(cdist(q, centres) ** 2, method)
        for c in range(ways):
            own = s[labels == c]
            mean = (own.sum(0) + plan[:, c] @ q) / (len(own) + plan[:, c].sum())
            centres[c] += method.rate * (mean - centres[c])
    return sinkhorn(cdist(q, centres) ** 2, method)


@pytest.mark.parametrize(("ways", "shots"), [(2, 1), (4, 3), (5, 1)])
def test_against_a_loop(ways, shots):
    batch = task_batch(2, ways, shots, seed=ways)
    method = PtMap(rounds=8)
    found = method(batch)
    for k in range(2):
        arrays = (x[k].double().numpy() for x in (batch.support, batch.query))
        support, query = arrays
        expected = by_loop(support, batch.labels[k].numpy(), query, ways, method)
        assert np.allclose(found[k], expected, atol=1e-3)


@given(ways=st.integers(2, 5), rows=st.integers(1, 30), seed=st.integers(0, 99))
def test_every_row_and_every_class_gets_its_share(ways, rows, seed):
    # Costs that Sinkhorn converges on fast: it stops when row sums stand still, fit or not.
    cost = 0.2 * torch.rand(3, rows, ways, generator=torch.Generator().manual_seed(seed))
    plan = PtMap().assign(cost)
    assert (plan >= 0).all()
    assert torch.allclose(plan.sum(2), torch.ones(3, rows), atol=1e-4)
    assert torch.allclose(plan.sum(1), torch.full((3, ways), rows / ways), atol=1e-4)


def test_tasks_end_by_themselves():
    generator = torch.Generator().manual_seed(0)
    hard, easy = 4 * torch.rand(1, 12, 3, generator=generator), torch.zeros(1, 12, 3)
    together = PtMap().assign(torch.cat([hard, easy]))
    assert torch.equal(together[:1], PtMap().assign(hard))
    assert torch.allclose(together[1:], torch.tensor(1 / 3))


def test_negative_features_keep_their_sign():
    batch = task_batch()
    moved = PtMap(rounds=3)(replace(batch, support=-batch.support, query=-batch.query))
    assert torch.allclose(moved, PtMap(rounds=3)(batch), atol=1e-5)


@pytest.mark.parametrize(
    "change",
    [{"power": 0.0}, {"inverse_temperature": 0.0}, {"rate": 0.0}, {"rate": 1.5}, {"rounds": -1}],
)
def test_bad_settings(change):
    with pytest.raises(InputError, match="PT-MAP needs"):
        PtMap(**change)
