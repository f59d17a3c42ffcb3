"""Shares of the classes, as a user names them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from ..errors import InputError
from ..labels import Labels

if TYPE_CHECKING:
    from ..classify.class_prior import ClassPrior

# A name may have commas and signs of equality; a share has none.
_PAIR = re.compile(r"(.+?)=([^=,]*)(?:,|$)", re.DOTALL)


def parse_class_prior(value: ClassPrior | str) -> ClassPrior:
    """Read "uniform", "estimate", or shares such as "cat=0.7,dog=0.3"; a mapping stays.

    Raises
    ------
    InputError
        If it is none of these.
    """
    if value is None or isinstance(value, Mapping):
        return value
    if value in ("uniform", "estimate"):
        return cast("ClassPrior", value)
    shares: dict[Any, float] = {}
    pairs = list(_PAIR.finditer(value)) if isinstance(value, str) else []
    whole = bool(pairs) and "".join(pair[0] for pair in pairs) == value
    for name, share in (pair.groups() for pair in pairs):
        name = name.strip()
        if name in shares:
            raise InputError(f"class {name!r} has two shares; name it once", "class_prior")
        try:
            shares[name] = float(share)
        except ValueError:
            whole = False
    if not whole or value.endswith(","):
        raise InputError(
            f"shares of classes are uniform, estimate, or such as cat=0.7,dog=0.3; not {value!r}",
            "class_prior",
        )
    return shares


def prior_of(
    prior: ClassPrior, labels: Labels, class_names: Sequence[str] | None = None
) -> ClassPrior:
    """Return the shares of classes by their labels, for which their names may stand.

    Raises
    ------
    InputError
        If they are no shares of just these classes.
    """
    from ..classify.class_prior import class_shares

    classes = labels.classes
    if isinstance(prior, Mapping):
        names = dict(zip(labels.names, classes.tolist(), strict=True))
        if class_names is not None:
            names |= {class_names[int(label)]: label for label in classes.tolist()}
        prior = {names.get(_named(name), name): share for name, share in prior.items()}
    class_shares(prior, classes)  # before the fit, which is long
    return prior


def _named(name: Any) -> str:
    """Return the name of a class as files write it."""
    return str(name).lower() if isinstance(name, bool) else str(name)
