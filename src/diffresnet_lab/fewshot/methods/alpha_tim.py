"""alpha-TIM: TIM with Tsallis entropies, for queries of unequal numbers."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from diffresnet.errors import InputError

from ..feature_transforms import normalize_only
from ..method_spec import MethodSpec
from .tim import Tim


@dataclass(frozen=True)
class AlphaTim(Tim):
    """TIM with Tsallis entropies H_alpha(p) = (1 - sum_c p_c^alpha) / (alpha - 1) of the queries.

    Veilleux, Boudiaf, Piantanida, Ben Ayed, "Realistic evaluation of transductive few-shot
    learning" (NeurIPS 2021). The cross entropy of the support set stays Shannon's, and all three
    terms weigh the same, as in their released code.

    Parameters
    ----------
    alpha : float
        Above 1; towards 1 the entropies become Shannon's. The released code has 2 at one shot and
        7 from five shots on (5 between): see `for_shots`.
    """

    cross_entropy: float = 1.0
    marginal: float = 1.0
    conditional: float = 1.0
    alpha: float = 2.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.alpha > 1.0:
            raise InputError(f"alpha must be above 1, not {self.alpha}; 1 is TIM")

    @classmethod
    def for_shots(cls, shots: int) -> AlphaTim:
        """Return the method with the alpha that its authors tuned for that many shots."""
        return cls(alpha=2.0 if shots == 1 else 7.0 if shots >= 5 else 5.0)

    def query_gradient(self, p: Float[Tensor, "t q c"]) -> Float[Tensor, "t q c"]:
        power = self.alpha - 1.0
        mean = p.mean(1, keepdim=True)
        gradient = self.marginal * mean**power - self.conditional * p**power
        return self.alpha / power * gradient / p.shape[1]


SPEC = MethodSpec(
    "alpha_tim",
    "alpha-TIM",
    lambda config: AlphaTim.for_shots(config.shots),
    raw_transform=normalize_only,
    small={"iterations": 25, "rate": 1e-2},
)
