"""Settings that few-shot methods are built from.

Nothing here needs PyTorch, so that the command line can list the options without it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Annotated, Literal, get_args

import click
import numpy as np
from jaxtyping import Float

from diffresnet.cli.options import Option
from diffresnet.errors import InputError

FeatureTransforms = Literal["none", "paper"]
"""Raw features (Table II), or the transforms of Table III as far as a method takes them."""


@dataclass(frozen=True, kw_only=True)
class MethodOptions:
    """Options that only some methods take: `MethodSpec.options` names those of a method.

    A field is all that an option needs: it is an attribute of `FewShotConfig` and an option of
    `diffresnet fewshot`.
    """

    ntop: Annotated[int, Option(help="Graph: neighbours and self.", type=click.IntRange(3))] = 8
    sigma: Annotated[
        int,
        Option(
            help="Graph: the neighbour, self counted, whose distance is the width.",
            type=click.IntRange(2),
        ),
    ] = 4
    gamma: Annotated[
        float, Option(help="Length of a diffusion step.", type=click.FloatRange(0.0))
    ] = 0.5
    steps: Annotated[
        int | None,
        Option(
            help="Diffusion steps.  [default: 6 at 1 shot, else 2]", type=click.IntRange(0, 10_000)
        ),
    ] = None
    balanced: Annotated[
        bool,
        Option(help="Tell the method best that every class has the same number of queries."),
    ] = False


METHOD_OPTIONS = tuple(option.name for option in fields(MethodOptions))


@dataclass(frozen=True)
class FewShotConfig(MethodOptions):
    """Settings that a method is built for, with those of `MethodOptions` that it takes.

    Attributes
    ----------
    shots : int
    feature_transforms : {"none", "paper"}
    base_mean : (d,)
        Mean of the base classes, which transforms centre by.
    """

    shots: int
    feature_transforms: FeatureTransforms
    base_mean: Float[np.ndarray, " d"] = field(repr=False)

    def __post_init__(self) -> None:
        choices = get_args(FeatureTransforms)
        if self.feature_transforms not in choices:
            raise InputError(
                f"feature transforms are one of {', '.join(choices)}, not "
                f"{self.feature_transforms!r}",
                "feature_transforms",
            )

    @property
    def diffusion_steps(self) -> int:
        """Number of diffusion steps: 6 at one shot and 2 otherwise, where `steps` is None."""
        # CIFAR-FS val, 150 tasks, %: 1 shot 63.1, 65.2, 65.4, 65.1, 64.6 at r = 2, 4, 6, 8, 10;
        # 5 shots 77.4, 77.5, 77.4, 77.0 at r = 1, 2, 4, 6 (benchmarks/choose_fewshot.py).
        return self.steps if self.steps is not None else 6 if self.shots == 1 else 2
