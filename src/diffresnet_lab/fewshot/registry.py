"""Registry of the few-shot methods that `diffresnet fewshot --method` knows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from importlib import import_module

from diffresnet.errors import InputError

from .config import METHOD_OPTIONS, FewShotConfig
from .method_spec import ConfiguredMethod, MethodSpec

MODULES = (
    "nearest_prototype",
    "laplacian_shot",
    "logistic",
    "tim",
    "alpha_tim",
    "pt_map",
    "convection",
    "external_diffusion",
    "internal_diffusion",
    "diffused_prototypes",
)
"""Files of `methods/`, each with the `SPEC` of its method; a new method is one more line."""

METHODS: dict[str, MethodSpec] = {
    spec.name: spec
    for spec in (import_module(f".methods.{name}", __package__).SPEC for name in MODULES)
}


def method_spec(name: str) -> MethodSpec:
    """Return the entry of a method.

    Raises
    ------
    InputError
        If there is no such method.
    """
    if name not in METHODS:
        raise InputError(f"no method {name!r}; there are {', '.join(METHODS)}", "method")
    return METHODS[name]


def configure_method(name: str, config: FewShotConfig) -> ConfiguredMethod:
    """Return a method by its name, ready to run.

    Raises
    ------
    InputError
        If there is no such method, or it cannot have these settings.
    """
    return method_spec(name).configure(config)


def refuse_unused_options(names: Sequence[str], given: Collection[str]) -> None:
    """Refuse options that none of the methods takes.

    Parameters
    ----------
    names : names of methods
    given : names of options that were given; those that all methods take may be among them

    Raises
    ------
    InputError
        If there is such an option, or no method of one of the names.
    """
    taken = {option for name in names for option in method_spec(name).options}
    for option in METHOD_OPTIONS:
        if option in given and option not in taken:
            takers = [spec.name for spec in METHODS.values() if option in spec.options]
            raise InputError(f"{option} is an option of {', '.join(takers)}; leave it out", option)
