"""Hyperparameters that authors published for their graphs (published.toml)."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

from diffresnet.graphs.node_data import NodeData

from ..data.catalogue import CATALOGUE
from .model_spec import ModelSpec


def published_name(data: NodeData) -> str:
    """Return the name under which authors published hyperparameters for this graph, else "".

    The name, the number of features and the number of classes must agree: what was published for
    Pubmed means nothing on a user's graph that happens to be called so.
    """
    entry = CATALOGUE.get(data.name)
    if entry is None or entry.counts is None:
        return ""
    counts = (entry.counts.features, entry.counts.classes)
    return data.name if (data.features.shape[1], data.classes) == counts else ""


@cache
def published_hyperparameters(model: str) -> dict[str, dict[str, Any]]:
    """Return the hyperparameters of a model by the names of graphs."""
    text = files(__package__).joinpath("published.toml").read_text(encoding="utf-8")
    table: dict[str, dict[str, Any]] = tomllib.loads(text)[model]
    return table


def adapt_to_published(model: str) -> Callable[[ModelSpec, NodeData], ModelSpec]:
    """Return the `adapt` of a spec that takes what was published for a graph, else Cora's."""

    def adapt(spec: ModelSpec, data: NodeData) -> ModelSpec:
        table = published_hyperparameters(model)
        config = dict(table.get(published_name(data), table["cora"]))
        training = config.pop("training", {})
        return replace(
            spec,
            config=replace(spec.config, **config),
            training=replace(spec.training, **training),
        )

    return adapt
