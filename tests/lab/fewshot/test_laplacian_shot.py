from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from scipy.special import softmax, xlogy

from diffresnet.errors import InputError
from diffresnet_lab.fewshot.feature_transforms import l2_normalize
from diffresnet_lab.fewshot.methods.laplacian_shot import LaplacianShot
from diffresnet_lab.fewshot.methods.nearest_prototype import NearestPrototype
from fewshot_cases import task_batch


def by_loop(support, labels, query, ways, neighbors, strength, iterations, tolerance):
    """One task in float64, as section 5 of the notes on the paper says it."""
    means = np.stack([support[labels == c].mean(0) for c in range(ways)])
    d = cdist(query, means) ** 2
    w = np.zeros((len(query), len(query)))
    for p, distances in enumerate(cdist(query, query)):
        w[p, np.argsort(distances)[1 : neighbors + 1]] = 1.0
    y, before, done = softmax(-d, axis=1), np.inf, iterations
    for iteration in range(iterations):
        y = softmax(-d + strength * w @ y, axis=1)
        energy = (xlogy(y, y) + y * d - strength * y * (w @ y)).sum()
        if iteration > 1 and abs(energy - before) <= tolerance * abs(before):
            done = iteration + 1
            break
        before = energy
    return y, done


def compare(batch, method):
    found = method(batch)
    steps = []
    for k in range(len(batch)):
        y, done = by_loop(
            batch.support[k].double().numpy(),
            batch.labels[k].numpy(),
            batch.query[k].double().numpy(),
            batch.ways,
            method.neighbors,
            method.strength,
            method.iterations,
            method.tolerance,
        )
        # An energy that is near the tolerance may stop an iteration sooner or later in float32.
        assert np.allclose(found[k], y, atol=2e-3)
        steps.append(done)
    return steps


@given(
    ways=st.integers(2, 5),
    neighbors=st.integers(1, 5),
    strength=st.floats(0, 3),
    seed=st.integers(0, 99),
)
def test_against_a_loop(ways, neighbors, strength, seed):
    compare(l2_normalize(task_batch(2, ways, seed=seed)), LaplacianShot(neighbors, strength))


def test_a_task_that_has_converged_stands_still():
    # A coarse tolerance, so that tasks stop at different iterations and early enough to tell.
    batch = l2_normalize(task_batch(12, seed=3))
    method = LaplacianShot(strength=1.0, tolerance=3e-3)
    steps = compare(batch, method)
    assert len(set(steps)) > 1
    assert min(steps) < 20
    on = method(batch) - replace(method, tolerance=0.0)(batch)
    assert on.abs().max() > 5e-3


def test_without_strength_it_is_the_nearest_prototype():
    batch = task_batch()
    found = LaplacianShot(strength=0.0)(batch).argmax(-1)
    assert (found == NearestPrototype()(batch).argmax(-1)).all()


def test_fewer_queries_than_neighbours():
    batch = task_batch(ways=2, queries=1)
    compare(l2_normalize(batch), LaplacianShot(neighbors=1))
    assert LaplacianShot(neighbors=4)(batch).shape == (3, 2, 2)
    alone = replace(batch, query=batch.query[:, :1])
    assert LaplacianShot()(alone).shape == (3, 1, 2)


@pytest.mark.parametrize("change", [{"neighbors": 0}, {"iterations": 0}, {"strength": -1.0}])
def test_bad_settings(change):
    with pytest.raises(InputError, match="LaplacianShot needs"):
        LaplacianShot(**change)
