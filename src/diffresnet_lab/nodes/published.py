"""Graphs that settings were published for."""

from __future__ import annotations

from diffresnet.graphs.node_data import NodeData

from ..data.catalogue import CATALOGUE


def published_name(data: NodeData) -> str:
    """Return the name under which authors published settings for this graph, else "".

    The name, the number of features and the number of classes must agree: settings published for
    Pubmed mean nothing on a user's graph that happens to be called so.
    """
    entry = CATALOGUE.get(data.name)
    if entry is None or entry.counts is None:
        return ""
    counts = (entry.counts.features, entry.counts.classes)
    return data.name if (data.features.shape[1], data.classes) == counts else ""
