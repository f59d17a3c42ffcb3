"""Softmax regression of many classes: scikit-learn's objective, minimised in float32."""

from __future__ import annotations

from typing import Self

import numpy as np
import scipy.optimize
import torch
from jaxtyping import Float
from sklearn.linear_model import LogisticRegression

# The gradient counts as 0 at this share of the first one, if that is less than `tol`: each of c
# classes has a share 1 / c of it, so that among 1,000 classes `tol` alone would end at the start.
SHARE = 0.1


class SoftmaxRegression(LogisticRegression):
    """`LogisticRegression` with an L2 penalty, in float32 and to a relative gradient.

    It minimises sum_i w_i -log p_i(y_i) + |W|^2 / (2 C) as that does, by the same L-BFGS. Of two
    classes it is the same to the letter.
    """

    def fit(
        self,
        X: Float[np.ndarray, "l d"],
        y: np.ndarray,
        sample_weight: Float[np.ndarray, " l"] | None = None,
    ) -> Self:
        """Train on rows of known class."""
        self.classes_, codes = np.unique(y, return_inverse=True)
        (labelled, d), c = X.shape, len(self.classes_)
        if c < 3:
            return super().fit(X, y, sample_weight)
        weight = np.ones(labelled) if sample_weight is None else sample_weight
        if self.class_weight == "balanced":
            weight = weight * (weight.sum() / (c * np.bincount(codes, weight)))[codes]
        share = torch.from_numpy(weight / weight.sum()).float()[:, None]
        penalty = 1.0 / (self.C * weight.sum())
        x, own = torch.from_numpy(X).float(), torch.from_numpy(codes)[:, None]

        def loss(flat: Float[np.ndarray, " p"]) -> tuple[float, Float[np.ndarray, " p"]]:
            parameters = torch.from_numpy(flat).float().view(d + 1, c)
            w, b = parameters[:d], parameters[d]
            scores = torch.addmm(b, x, w)
            norm = scores.logsumexp(dim=1, keepdim=True)
            fit = float((share * (norm - scores.gather(1, own))).sum(dtype=torch.float64))
            size = float(w.square().sum(dtype=torch.float64))
            error = scores.sub_(norm).exp_().mul_(share).scatter_add_(1, own, -share)
            gradient = torch.cat([torch.addmm(w, x.T, error, beta=penalty), error.sum(0)[None]])
            return fit + 0.5 * penalty * size, gradient.double().numpy().ravel()

        start = np.zeros((d + 1) * c)
        first = float(np.abs(loss(start)[1]).max())
        found = scipy.optimize.minimize(
            loss,
            start,
            method="L-BFGS-B",
            jac=True,
            options={
                "maxiter": self.max_iter,
                "gtol": min(self.tol, SHARE * first),
                "ftol": 64 * np.finfo(float).eps,
                "maxls": 50,
            },
        )
        parameters = found.x.reshape(d + 1, c)
        self.coef_, self.intercept_ = parameters[:d].T, parameters[d]
        self.n_features_in_, self.n_iter_ = d, np.array([found.nit])
        return self
