"""Past the protocol: fewer labels, damaged graphs, and graphs of other kinds."""

from __future__ import annotations

from ..experiment import Experiment
from .damage import damage_part
from .graphs import graphs_part
from .labels import labels_part

EXPERIMENT = Experiment(
    "nodes_hard",
    "Nodes with fewer labels, under damage, and of other graphs",
    {"labels": labels_part, "damage": damage_part, "graphs": graphs_part},
)
