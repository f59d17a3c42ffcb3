"""The citation graphs of the paper, from the data folder."""

from __future__ import annotations

from collections.abc import Sequence

from diffresnet.errors import InputError
from diffresnet.graphs.graph import read_graph
from diffresnet.graphs.node_data import NodeData

from ..experiment import Setup

TITLES = {"cora": "Cora", "citeseer": "Citeseer", "pubmed": "Pubmed"}


def citation_graphs(setup: Setup, names: Sequence[str], device: str = "cpu") -> list[NodeData]:
    """The graphs of these names, each `graphs/NAME.npz` or `NAME.npz` of the data folder.

    Raises
    ------
    InputError
        If there is no data folder, or one of them is not in it.
    """
    if setup.data is None:
        raise InputError(
            f"this experiment needs the graphs {', '.join(names)}: name the folder that has "
            f"graphs/{names[0]}.npz with --data or DIFFRESNET_DATA"
        )
    found = []
    for name in names:
        places = [setup.data / "graphs" / f"{name}.npz", setup.data / f"{name}.npz"]
        path = next((place for place in places if place.is_file()), None)
        if path is None:
            raise InputError(
                f"this experiment needs the graph {name}, but {str(places[0])!r} does not exist: "
                f"put it there, or name another folder with --data or DIFFRESNET_DATA"
            )
        found.append(NodeData.from_graph(read_graph(path), device))
    return found


def title(name: str) -> str:
    """A data set as a page names it."""
    return TITLES.get(name, name)
