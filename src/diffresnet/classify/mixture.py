"""The prior: a mixture of the class probabilities of several experts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy.special import softmax
from torch import Tensor

from .calibrator import fit_inverse_temperature

# Equal shares count as much as so many labels.
EQUAL = 1.0


@dataclass(frozen=True)
class Mixture:
    """Class probabilities p = sum_k share_k softmax(beta_k log p_k) of experts k: a linear pool.

    Attributes
    ----------
    shares : of the experts; they sum to 1.
    inverse_temperatures : beta of each.
    """

    shares: tuple[float, ...]
    inverse_temperatures: tuple[float, ...]

    @classmethod
    def fit(
        cls,
        log_p: Sequence[Float[np.ndarray, "m c"]],
        codes: Int[np.ndarray, " m"],
        labelled: int,
    ) -> Mixture:
        """Fit one expert or two to labels that were held out.

        Temperatures maximise the likelihood of each expert alone. The shares then minimise the
        Brier score |p - y|^2 of the mixture, a parabola: stacking in closed form.

        Parameters
        ----------
        log_p : of each expert at held-out points.
        codes : their labels.
        labelled : how many labels there are; a point may be held out several times.

        References
        ----------
        Wolpert: Stacked generalization, Neural Networks 1992. Breiman: Stacked regressions, 1996.
        """
        betas = tuple(fit_inverse_temperature(each, codes, labelled) for each in log_p)
        if len(betas) == 1:
            return cls((1.0,), betas)
        first, second = (
            softmax(beta * each, axis=1) for beta, each in zip(betas, log_p, strict=True)
        )
        apart, error = first - second, second.copy()
        error[np.arange(len(codes)), codes] -= 1.0
        scale = labelled / len(codes)
        slope = EQUAL - scale * float((apart * error).sum())
        share = float(np.clip(slope / (scale * float((apart**2).sum()) + 2 * EQUAL), 0.0, 1.0))
        return cls((share, 1.0 - share), betas)

    def probabilities(self, log_p: Sequence[Float[Tensor, "n c"]]) -> Float[Tensor, "n c"]:
        """Mix the probabilities of the experts."""
        total = torch.zeros_like(log_p[0])
        for share, beta, each in zip(self.shares, self.inverse_temperatures, log_p, strict=True):
            if share > 0:
                total += share * torch.softmax(beta * each, dim=1)
        return total
