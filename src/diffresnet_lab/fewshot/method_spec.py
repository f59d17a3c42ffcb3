"""Entry of the registry of few-shot methods, and a method configured by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from typing import Any

from .batch import Method
from .config import FewShotConfig
from .feature_transforms import Centre, Chain, TransformFactory, identity, paper_transforms

JSON_KEY = "json_key"
"""Metadata of a field that metrics.json has under another key than its name."""


@dataclass(frozen=True)
class ConfiguredMethod:
    """A method ready to run.

    Attributes
    ----------
    title : str
        Name in tables.
    transform : Chain
        Applied to the features of every task before the method.
    note : str
        A sentence for users of feature transforms.
    """

    title: str
    method: Method
    transform: Chain = field(default_factory=Chain)
    note: str = ""

    @property
    def settings(self) -> Mapping[str, Any]:
        """Settings of the method by their keys in metrics.json."""
        assert is_dataclass(self.method)
        values = asdict(self.method)
        return {
            each.metadata.get(JSON_KEY, each.name): values[each.name]
            for each in fields(self.method)
        }

    @property
    def uses_base_mean(self) -> bool:
        return any(isinstance(part, Centre) for part in self.transform.parts)


@dataclass(frozen=True)
class MethodSpec:
    """Declaration of a method; each file in `methods/` has one.

    Parameters
    ----------
    name : str
        As --method and METHODS have it.
    title : str
        Name in tables.
    build : FewShotConfig -> method
    options : names of the fields of `MethodOptions` that the method takes
    raw_transform, paper_transform : mean of the base classes -> transform
        For `feature_transforms` "none" and "paper".
    paper_title : str, optional
        Name in tables with the transforms of the paper, where it is another one.
    note : str, optional
        A sentence for users of feature transforms.
    small : mapping
        Changes of the method for the tests that every method has to pass: few iterations.
    """

    name: str
    title: str
    build: Callable[[FewShotConfig], Method]
    options: tuple[str, ...] = ()
    raw_transform: TransformFactory = identity
    paper_transform: TransformFactory = paper_transforms
    paper_title: str = ""
    note: str = ""
    small: Mapping[str, Any] = field(default_factory=dict)

    def configure(self, config: FewShotConfig) -> ConfiguredMethod:
        """Build the method and choose its feature transform and title."""
        paper = config.feature_transforms == "paper"
        transform = self.paper_transform if paper else self.raw_transform
        title = (self.paper_title if paper else "") or self.title
        return ConfiguredMethod(title, self.build(config), transform(config.base_mean), self.note)
