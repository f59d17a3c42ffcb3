"""The named methods of `diffresnet fewshot`, with the tricks that each takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, is_dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from diffresnet.errors import InputError

from .batch import Method
from .methods.alpha_tim import AlphaTim
from .methods.convection import Convection
from .methods.diffused_prototypes import DiffusedPrototypes, roots_and_centre
from .methods.external import External
from .methods.internal import Internal
from .methods.laplacian_shot import LaplacianShot
from .methods.logistic import Logistic
from .methods.nearest_prototype import NearestPrototype
from .methods.pt_map import PtMap
from .methods.tim import Tim
from .tricks import Centre, Chain, Transform, paper_tricks, rectified, unit

Tricks = Literal["none", "paper"]


@dataclass(frozen=True)
class Setting:
    """What a method is set up for.

    Attributes
    ----------
    mean : (d,)
        What the tricks centre by.
    ntop, sigma, gamma, steps
        Of the graph and the flow of methods that diffuse; steps None is 6 at one shot and 2
        otherwise.
    balanced : bool
        That every class has the same number of queries, for methods that can make use of it.
    """

    shots: int
    tricks: Tricks
    mean: Float[np.ndarray, " d"]
    ntop: int = 8
    sigma: int = 4
    gamma: float = 0.5
    steps: int | None = None
    balanced: bool = False

    @property
    def flow_steps(self) -> int:
        # CIFAR-FS val, 150 tasks, %: 1 shot 63.1, 65.2, 65.4, 65.1, 64.6 at r = 2, 4, 6, 8, 10;
        # 5 shots 77.4, 77.5, 77.4, 77.0 at r = 1, 2, 4, 6 (benchmarks/choose_fewshot.py).
        return self.steps if self.steps is not None else 6 if self.shots == 1 else 2


@dataclass(frozen=True)
class Preset:
    """A method ready to run.

    Attributes
    ----------
    title : str
        As tables name it.
    transform : done to the features of the tasks first.
    note : str
        What a user of the tricks should know, as the predicate of a sentence.
    """

    title: str
    method: Method
    transform: Transform = field(default_factory=Chain)
    note: str = ""

    @property
    def settings(self) -> Mapping[str, Any]:
        """What metrics.json says of the method."""
        assert is_dataclass(self.method)
        return asdict(self.method)

    @property
    def centred(self) -> bool:
        """Whether the mean of the setting is used."""
        parts = self.transform.parts if isinstance(self.transform, Chain) else ()
        return any(isinstance(part, Centre) for part in parts)


@dataclass(frozen=True)
class Entry:
    """A method by name: how it is set up, and which of the options of some methods it takes."""

    make: Callable[[Setting], Preset]
    takes: frozenset[str] = frozenset()


def _nearest_prototype(setting: Setting) -> Preset:
    if setting.tricks == "none":
        return Preset("Nearest prototype", NearestPrototype())
    # SimpleShot, which is inductive: no shift, no rectified prototypes.
    return Preset("SimpleShot", NearestPrototype(), Chain((Centre(setting.mean), unit)))


def _laplacian_shot(setting: Setting) -> Preset:
    if setting.tricks == "none":
        return Preset("LaplacianShot", LaplacianShot())
    transform = Chain((*paper_tricks(setting.mean).parts, rectified))
    return Preset("LaplacianShot", LaplacianShot(), transform)


def _trained_on_support(title: str, method: Method, setting: Setting) -> Preset:
    """Methods that need the support rows themselves, which rectified prototypes would replace."""
    return Preset(title, method, paper_tricks(setting.mean))


def _logistic(setting: Setting) -> Preset:
    if setting.tricks == "none":
        return Preset("Logistic regression", Logistic())
    return _trained_on_support("Logistic regression", Logistic(), setting)


def _tim(title: str, method: Method, setting: Setting) -> Preset:
    # Length 1 is part of the method: its temperature and rate are made for it.
    if setting.tricks == "none":
        return Preset(title, method, unit)
    return _trained_on_support(title, method, setting)


def _pt_map(setting: Setting) -> Preset:
    note = "takes raw features, whatever --tricks says: it has a transform of its own"
    return Preset("PT-MAP", PtMap(), note=note)


def _best(setting: Setting) -> Preset:
    note = "take raw features and the base mean, whatever --tricks says: theirs is another one"
    method = DiffusedPrototypes(shares="equal" if setting.balanced else "estimated")
    return Preset("Diffused prototypes", method, roots_and_centre(setting.mean), note)


def _trained(title: str, make: Callable[[Setting], Method]) -> Callable[[Setting], Preset]:
    """A network of its own for each task; raw features are the paper's, without the tricks."""

    def set_up(setting: Setting) -> Preset:
        if setting.tricks == "none":
            return Preset(title, make(setting))
        return _trained_on_support(title, make(setting), setting)

    return set_up


def _external(setting: Setting) -> Method:
    # On the same tasks as the steps: 1 shot 62.0, 63.1, 63.9, 64.5, 64.8, 64.6 at mu = 0.001,
    # 0.003, 0.01, 0.03, 0.1, 0.3; 5 shots 77.5, 78.0, 77.8, 77.5, 76.6 from 0.0003 to 0.03.
    mu = 0.1 if setting.shots == 1 else 0.001
    return External(mu, setting.ntop, setting.sigma)


def _internal(setting: Setting) -> Method:
    return Internal(setting.flow_steps, setting.gamma, setting.ntop, setting.sigma)


METHODS: dict[str, Entry] = {
    "nearest_prototype": Entry(_nearest_prototype),
    "laplacian_shot": Entry(_laplacian_shot),
    "logistic": Entry(_logistic),
    "tim": Entry(lambda setting: _tim("TIM-GD", Tim(), setting)),
    "alpha_tim": Entry(
        lambda setting: _tim("alpha-TIM", AlphaTim.for_shots(setting.shots), setting)
    ),
    "pt_map": Entry(_pt_map),
    "convection": Entry(_trained("Convection", lambda setting: Convection())),
    "external": Entry(
        _trained("External diffusion", _external),
        frozenset({"ntop", "sigma"}),
    ),
    "internal": Entry(
        _trained("Diff-ResNet", _internal), frozenset({"ntop", "sigma", "gamma", "steps"})
    ),
    "best": Entry(_best, frozenset({"balanced"})),
}
"""Name of a method, as --method takes it: how to set it up."""


def preset(name: str, setting: Setting) -> Preset:
    """The method of that name.

    Raises
    ------
    InputError
        If there is no such method.
    """
    if name not in METHODS:
        raise InputError(f"no method {name!r}; there are {', '.join(METHODS)}")
    return METHODS[name].make(setting)
