import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from diffresnet.errors import InputError
from diffresnet_lab.fewshot.feature_transforms import l2_normalize
from diffresnet_lab.fewshot.methods.logistic import Logistic
from fewshot_cases import task_batch


def sklearns(batch, k, C):
    # Its default, lbfgs, stops when the loss no longer falls to rounding, long before the weights.
    model = LogisticRegression(C=C, tol=1e-10, max_iter=20_000, solver="newton-cholesky")
    with warnings.catch_warnings():  # where its Newton steps fail it goes on by lbfgs, and says so
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(batch.support[k].double().numpy(), batch.labels[k].numpy())


@given(
    ways=st.integers(2, 5),
    shots=st.integers(1, 12),
    C=st.sampled_from([0.01, 1.0, 100.0]),
    scale=st.sampled_from([0.1, 1.0, 30.0]),
    seed=st.integers(0, 99),
)
@settings(max_examples=15)
def test_probabilities_are_scikit_learns(ways, shots, C, scale, seed):
    batch = task_batch(3, ways, shots, seed=seed)
    batch = replace(batch, support=scale * batch.support, query=scale * batch.query)
    found = Logistic(C)(batch).softmax(-1)
    for k in range(3):
        expected = sklearns(batch, k, C).predict_proba(batch.query[k].double().numpy())
        assert np.allclose(found[k], expected, atol=1e-5)
        clear = np.sort(expected)[:, -1] - np.sort(expected)[:, -2] > 1e-3
        assert (found[k].argmax(-1).numpy() == expected.argmax(1))[clear].all()


@pytest.mark.parametrize("shots", [1, 5])
def test_weights_are_scikit_learns(shots):
    batch = l2_normalize(task_batch(2, 5, shots))
    weights, bias = Logistic().fit(batch)
    for k in range(2):
        model = sklearns(batch, k, 1.0)
        assert np.allclose(weights[k], model.coef_, atol=1e-5)
        free = bias[k].double() - bias[k].double().mean()
        assert np.allclose(free, model.intercept_ - model.intercept_.mean(), atol=1e-5)


def test_more_rows_than_features():
    batch = task_batch(2, 3, shots=20)
    batch = replace(batch, support=batch.support[:, :, :4], query=batch.query[:, :, :4])
    found = Logistic()(batch).softmax(-1)
    expected = sklearns(batch, 1, 1.0).predict_proba(batch.query[1].double().numpy())
    assert np.allclose(found[1], expected, atol=1e-5)


def test_equal_support_rows_of_different_classes():
    batch = task_batch(1, 2, 1)
    batch = replace(batch, support=torch.ones_like(batch.support))
    assert torch.allclose(Logistic()(batch).softmax(-1), torch.tensor(0.5), atol=1e-6)


@pytest.mark.parametrize("change", [{"C": 0.0}, {"tolerance": 0.0}, {"C": float("nan")}])
def test_bad_settings(change):
    with pytest.raises(InputError, match="needs C > 0"):
        Logistic(**change)
