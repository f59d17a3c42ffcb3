import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from diffresnet_lab.fewshot.methods.nearest_prototype import NearestPrototype, squared_distances
from fewshot_cases import task_batch


@given(ways=st.integers(2, 5), shots=st.integers(1, 5), seed=st.integers(0, 99))
def test_scores_are_squared_distances_to_the_means(ways, shots, seed):
    batch = task_batch(2, ways, shots, seed=seed)
    found = NearestPrototype()(batch)
    for k in range(2):
        means = batch.support[k].double().reshape(ways, shots, -1).mean(1).numpy()
        expected = -(cdist(batch.query[k].double().numpy(), means) ** 2)
        assert np.allclose(found[k], expected, rtol=1e-4, atol=1e-4)


def test_distances_far_from_the_origin():
    x = torch.randn(1, 5, 3, generator=torch.Generator().manual_seed(0))
    exact = torch.cdist((x + 1000.0).double(), (x[:, :2] + 1000.0).double()) ** 2
    found = squared_distances(x + 1000.0, x[:, :2] + 1000.0)
    assert torch.allclose(found.double(), exact, atol=1e-3)
    assert (found >= 0).all()
