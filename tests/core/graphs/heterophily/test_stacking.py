"""The weights of a mixture: where the likelihood of held-out labels is largest."""

import numpy as np

from diffresnet.graphs.heterophily.stacking import stacking_weights


def test_no_other_weights_are_likelier():
    rng = np.random.default_rng(0)
    likelihoods = rng.dirichlet(np.ones(4), (3, 200))[:, :, 0]
    weights = stacking_weights(np.log(likelihoods))

    def posterior(w):
        return np.log(w @ likelihoods).sum() + np.log(w).sum() / 3

    for other in rng.dirichlet(50 * weights, 200):
        assert posterior(other) <= posterior(weights) + 1e-9


def test_few_labels_leave_weights_near_one_another():
    better = np.log([[0.9], [0.1]])
    few, many = (stacking_weights(np.repeat(better, k, axis=1)) for k in (1, 100))
    assert 0.5 < few[0] < many[0] < 1.0
    np.testing.assert_allclose(few.sum(), 1.0)


def test_a_model_that_is_sure_and_wrong_is_worth_nothing():
    weights = stacking_weights(np.array([[-700.0] * 50, [-1.0] * 50]))
    assert weights[0] < 0.02
    assert np.isfinite(np.log(weights)).all()
