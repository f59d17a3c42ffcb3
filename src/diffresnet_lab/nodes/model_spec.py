"""Registry entries: a named model with its hyperparameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from diffresnet.graphs.node_data import NodeData
from diffresnet.graphs.training import ReplicatedModule

from .training import EarlyStoppingConfig


@dataclass(frozen=True)
class ModelSpec:
    """A node classifier, its hyperparameters and its training.

    Parameters
    ----------
    name : str
        In commands, files and tables of results.
    title : str
        In pages.
    model : (data, config, seeds) -> ReplicatedModule
        An untrained model with a replica for every seed.
    config : a frozen dataclass
        Hyperparameters. Rates of dropout are fields whose names end in "dropout".
    training : EarlyStoppingConfig
    replicas : int
        Initialisations that are best trained side by side: several where an epoch is mostly
        overhead, one where it is mostly arithmetic.
    needs : tuple of str
        Cached properties of the data that take long enough to be made once, before processes
        share the data.
    adapt : (spec, data) -> spec, optional
        Hyperparameters for a graph, where those of `config` are not for all.
    library : str, optional
        What it imports beyond the dependencies of every model.
    small_configs : tuple of mappings
        Changes of `config` for the tests that every model has to pass: few hidden units.
    """

    name: str
    title: str
    model: Callable[..., ReplicatedModule]
    config: Any
    training: EarlyStoppingConfig = field(default_factory=EarlyStoppingConfig)
    replicas: int = 4
    needs: tuple[str, ...] = ()
    adapt: Callable[[ModelSpec, NodeData], ModelSpec] | None = None
    library: str | None = None
    small_configs: tuple[Mapping[str, Any], ...] = ({},)

    def for_graph(self, data: NodeData) -> ModelSpec:
        """Return the same model with its hyperparameters for a graph."""
        return self if self.adapt is None else self.adapt(self, data)

    def build(self, data: NodeData, seeds: Sequence[int]) -> ReplicatedModule:
        """Return an untrained model."""
        return self.model(data, self.config, seeds)
