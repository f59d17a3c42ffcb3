"""Evaluation of one model on one graph: everything that can be refused is, before it is trained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from diffresnet.errors import InputError
from diffresnet.graphs.graph import GraphData
from diffresnet.graphs.node_data import NodeData, nodes_left_out

from .model_spec import ModelSpec
from .protocol import FixedProtocol, Protocol
from .registry import model_spec
from .results import SplitRuns
from .trials import run_trials


@dataclass(frozen=True)
class Evaluation:
    """A model, a graph and a protocol that fit together.

    Attributes
    ----------
    graph : GraphData
        Undirected, of the nodes that are kept.
    data : NodeData
        The same as models take it.
    """

    graph: GraphData
    data: NodeData
    spec: ModelSpec
    protocol: Protocol

    @property
    def runs(self) -> int:
        """Number of runs, splits times initialisations."""
        return self.protocol.splits * self.protocol.inits

    def run(
        self,
        cache: Path | None = None,
        jobs: int = 1,
        advance: Callable[[int], Any] | None = None,
    ) -> Sequence[SplitRuns]:
        """Train and test on every split; parameters are those of `run_trials`."""
        return run_trials(
            self.data, self.spec, self.protocol, cache=cache, jobs=jobs, advance=advance
        )


def prepare_evaluation(
    graph: GraphData,
    model: str,
    protocol: Protocol,
    *,
    public_split: bool = False,
    epochs: int | None = None,
    device: torch.device | str = "cpu",
) -> Evaluation:
    """Return the evaluation of a model of the registry.

    Parameters
    ----------
    graph : GraphData
        As read; its largest component is kept, or all nodes for the public split.
    protocol : Protocol
        Of the public split only the initialisations and the seed are taken.
    epochs : int, optional
        At most; by default what the model's training says.

    Raises
    ------
    InputError
        If there is no such model, or the graph has no labels, fewer than two classes, classes too
        small for the protocol, or no public split.
    """
    kept = graph.undirected() if public_split else graph.largest_component()
    try:
        data = NodeData.from_undirected(kept, device)
        spec = model_spec(model, data)
        if public_split:
            protocol = FixedProtocol.from_public_split(data, protocol.inits, protocol.seed)
        protocol.split(data, 0)  # refuses a class that is too small
    except InputError as error:
        if error.parameter == "model" or graph.labels is None:
            raise
        raise InputError(error.message + nodes_left_out(graph, kept), error.parameter) from error
    if epochs is not None:
        spec = replace(spec, training=replace(spec.training, epochs=epochs))
    return Evaluation(kept, data, spec, protocol)
