"""The last layer: a linear classifier trained to convergence."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from ..errors import InputError
from .softmax_regression import SoftmaxRegression


def default_head() -> LogisticRegression:
    """Return softmax regression; C = 10 suits features of unit length.

    Classes weigh the same however many labels each has: how many rows somebody happened to label
    says little about how many there are.
    """
    return SoftmaxRegression(C=10.0, class_weight="balanced", max_iter=1000)


class Head:
    """A classifier of diffused features that knows all classes, also those it has not seen.

    Parameters
    ----------
    prototype : scikit-learn classifier with `predict_proba`, cloned before it is fitted.
    n_classes : int
        Columns of the probabilities; a class without a training row gets 0.
    """

    def __init__(self, prototype: Any, n_classes: int) -> None:
        self.prototype = prototype
        self.n_classes = n_classes

    def fit(
        self,
        z: Float[Tensor, "l d"],
        codes: Int[np.ndarray, " l"],
        sample_weight: Float[np.ndarray, " l"] | None = None,
    ) -> Head:
        """Train on rows z of known class."""
        features = z.double().cpu().numpy()
        self._basis: Tensor | None = None
        if isinstance(self.prototype, LogisticRegression) and len(features) < features.shape[1]:
            # With an L2 penalty the weights lie in the span of the training rows: turning the
            # features into that span loses nothing, and the problem gets l columns.
            q, _ = np.linalg.qr(features.T)
            features = features @ q
            self._basis = torch.from_numpy(q).to(z)
        self._model = clone(self.prototype)
        if (codes == codes[0]).all():
            # Where equal rows bear contradicting labels a class can be left without a row.
            self._model = DummyClassifier(strategy="prior")
        weights = {} if sample_weight is None else {"sample_weight": sample_weight}
        try:
            with warnings.catch_warnings():
                # Many classes of few labels each are what this is for.
                warnings.filterwarnings("ignore", message="The number of unique classes is greater")
                self._model.fit(features, codes, **weights)
        except TypeError as error:
            raise InputError(f"the head cannot be fitted: {error}") from error
        self._seen = np.asarray(self._model.classes_, dtype=np.int64)
        return self

    def log_proba(self, z: Float[Tensor, "n d"]) -> Float[Tensor, "n c"]:
        """Return float64 logarithms of class probabilities, not -inf for a class that was seen."""
        if isinstance(self._model, LogisticRegression):
            scores = self.logits(z).double()
            return torch.log_softmax(scores, dim=1)
        p = self._model.predict_proba(z.double().cpu().numpy())
        return self._all_classes(torch.from_numpy(np.log(np.maximum(p, 1e-12))), z)

    def logits(self, z: Float[Tensor, "n d"]) -> Float[Tensor, "n c"]:
        """Return class scores before the softmax; log-probabilities where not linear."""
        if not isinstance(self._model, LogisticRegression):
            return self.log_proba(z)
        weight = torch.from_numpy(self._model.coef_).to(z)
        if self._basis is not None:
            weight = weight @ self._basis.to(z).T  # an explanation is computed on the CPU
        bias = torch.from_numpy(self._model.intercept_).to(z)
        scores = z @ weight.T + bias
        if scores.shape[1] == 1:  # two classes share one column
            scores = torch.cat([torch.zeros_like(scores), scores], dim=1)
        return self._all_classes(scores, z)

    def _all_classes(self, scores: Tensor, z: Tensor) -> Tensor:
        if len(self._seen) == self.n_classes:
            return scores.to(z.device)
        out = torch.full((len(z), self.n_classes), -1e4, dtype=scores.dtype, device=z.device)
        out[:, torch.from_numpy(self._seen)] = scores.to(z.device)
        return out

    @property
    def weights(self) -> tuple[np.ndarray, np.ndarray] | None:
        """(n_classes, d) weights and (n_classes,) biases, or None of a head that is not linear."""
        if not isinstance(self._model, LogisticRegression) or len(self._seen) < self.n_classes:
            return None
        coef, intercept = self._model.coef_, self._model.intercept_
        if len(coef) == 1:
            coef = np.concatenate([np.zeros_like(coef), coef])
            intercept = np.concatenate([np.zeros_like(intercept), intercept])
        if self._basis is not None:
            coef = coef @ self._basis.double().cpu().numpy().T
        return coef, intercept
