import numpy as np
import torch

from diffresnet_lab.theory.one_relu import one_relu_block, threshold_classifier


def test_a_block_is_what_is_written_down():
    rng = np.random.default_rng(0)
    into, out, x = rng.standard_normal(3), rng.standard_normal(3), rng.standard_normal((7, 3))
    before = torch.random.get_rng_state()
    block = one_relu_block(into, 0.3, out)
    assert torch.equal(before, torch.random.get_rng_state())
    expected = x + np.maximum(x @ into + 0.3, 0.0)[:, None] * out
    np.testing.assert_allclose(block(torch.from_numpy(x)).detach().numpy(), expected, rtol=1e-14)


def test_the_best_score_is_that_of_the_interval():
    classifier = threshold_classifier(
        np.array([2.0]), -1.0, np.array([2, 0, 3, 1]), np.array([-5.0, 0.5, 4.0])
    )
    t = np.array([-9.0, -5.1, -4.9, 0.4, 0.6, 3.9, 4.1, 99.0])
    best = classifier(torch.from_numpy(((t + 1.0) / 2.0)[:, None])).argmax(dim=1)
    assert best.tolist() == [2, 2, 0, 0, 3, 3, 1, 1]


def test_a_single_class_has_no_threshold():
    classifier = threshold_classifier(np.ones(2), 0.0, np.array([0]), np.empty(0))
    assert classifier(torch.zeros(3, 2, dtype=torch.float64)).shape == (3, 1)
