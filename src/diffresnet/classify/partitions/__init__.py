"""The fit of rows that one machine cannot hold: a graph in partitions, on disk or on a cluster."""

from .dask_engine import DaskEngine
from .engine import DiskEngine, Engine
from .shards import Shards

__all__ = ["DaskEngine", "DiskEngine", "Engine", "Shards"]
