"""Graphs of the node experiments, from the data folder."""

from __future__ import annotations

from collections.abc import Sequence

from diffresnet.errors import InputError
from diffresnet.graphs.graph import read_graph
from diffresnet.graphs.node_data import NodeData

from ..base import RunConfig

TITLES = {
    "cora": "Cora",
    "citeseer": "Citeseer",
    "pubmed": "Pubmed",
    "amazon_photo": "Amazon Photo",
    "coauthor_cs": "Coauthor CS",
}


def find_graph(config: RunConfig, name: str, device: str = "cpu") -> NodeData | None:
    """Return `graphs/NAME.npz` or `NAME.npz` of the data folder; None where there is neither."""
    if config.data is None:
        return None
    for path in (config.data / "graphs" / f"{name}.npz", config.data / f"{name}.npz"):
        if path.is_file():
            return NodeData.from_graph(read_graph(path), device)
    return None


def required_graphs(config: RunConfig, names: Sequence[str], device: str = "cpu") -> list[NodeData]:
    """Return the graphs of these names.

    Raises
    ------
    InputError
        If there is no data folder, or one of them is not in it.
    """
    if config.data is None:
        raise InputError(
            f"this experiment needs the graphs {', '.join(names)}: name the folder that has "
            f"graphs/{names[0]}.npz, here or in DIFFRESNET_DATA",
            "data",
        )
    graphs = []
    for name in names:
        data = find_graph(config, name, device)
        if data is None:
            place = config.data / "graphs" / f"{name}.npz"
            raise InputError(
                f"this experiment needs the graph {name}, but {str(place)!r} does not exist: "
                f"put it there, or name another folder, here or in DIFFRESNET_DATA",
                "data",
            )
        graphs.append(data)
    return graphs
