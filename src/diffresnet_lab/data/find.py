"""Where data is: the folder that is named, and the cache; and a graph by its name or its path."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from diffresnet.errors import InputError
from diffresnet.graphs.edge_list import SUFFIXES, read_edge_list
from diffresnet.graphs.graph import GraphData, read_graph

from .catalogue import CATALOGUE
from .planetoid import read_planetoid


def cache_folder() -> Path:
    """Where fetched data is kept unless a folder is named; it need not exist.

    XDG_CACHE_HOME/diffresnet if that variable holds an absolute path. Otherwise
    ~/Library/Caches/diffresnet on macOS, %LOCALAPPDATA%\\diffresnet\\Cache on Windows, and
    ~/.cache/diffresnet elsewhere.
    """
    named = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(named):
        return Path(named) / "diffresnet"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "diffresnet"
    if sys.platform == "win32" and os.environ.get("LOCALAPPDATA"):
        return Path(os.environ["LOCALAPPDATA"]) / "diffresnet" / "Cache"
    return Path.home() / ".cache" / "diffresnet"


def data_folders(named: Path | None) -> list[Path]:
    """The folders to look for data in: the named one, then the cache."""
    return [cache_folder()] if named is None else [named, cache_folder()]


def find_graph(
    dataset: str,
    named: Path | None = None,
    *,
    table: Path | None = None,
    label_column: str = "label",
    id_column: str | None = None,
    features: str | None = None,
) -> GraphData:
    """A graph by the path of its file, or by its name in the data folders.

    Parameters
    ----------
    dataset : str
        A path: a graph in .npz, a .csv or .parquet list of edges, or the ind.NAME.graph among
        Planetoid's files. Or a name: graphs/NAME.npz or NAME.npz in a data folder, or
        planetoid_NAME for the files ind.NAME.* in its graphs/planetoid, planetoid, or itself.
    named : Path, optional
        The folder to look in before the cache.
    table, label_column, id_column, features
        Of a list of edges: see `read_edge_list`.

    Raises
    ------
    InputError
        If there is no such graph, or it cannot be read.
    """
    path = Path(dataset)
    if path.suffix.lower() in SUFFIXES:
        return read_edge_list(
            path, table, label_column=label_column, id_column=id_column, features=features
        )
    if table is not None:
        raise InputError(
            f"a table of nodes belongs to a list of edges, a .csv or .parquet file; {dataset!r} "
            f"is none"
        )
    if path.name.startswith("ind.") and path.suffix == ".graph":
        return read_planetoid(path.parent, path.name[4:-6])
    if path.suffix.lower() == ".npz" or len(path.parts) > 1:
        return read_graph(path)
    folders = data_folders(named)
    for folder in folders:
        graph = _in_folder(dataset, folder)
        if graph is not None:
            return graph
    raise InputError(_not_found(dataset, named))


def _in_folder(dataset: str, folder: Path) -> GraphData | None:
    for path in (folder / "graphs" / f"{dataset}.npz", folder / f"{dataset}.npz"):
        if path.exists():
            return read_graph(path)
    name = dataset.removeprefix("planetoid_")
    if name != dataset:
        for place in (folder / "graphs" / "planetoid", folder / "planetoid", folder):
            if (place / f"ind.{name}.graph").exists():
                return read_planetoid(place, name)
    return None


def _not_found(dataset: str, named: Path | None) -> str:
    fetch = ""
    if dataset in CATALOGUE and CATALOGUE[dataset].kind != "arrays":
        fetch = f"; `diffresnet data fetch {dataset}` gets it where there is a network"
    if named is None:
        return (
            f"where is {dataset!r}? name its folder with --data or DIFFRESNET_DATA, or give the "
            f"path of a file{fetch}"
        )
    have = sorted(path.stem for path in (named / "graphs").glob("*.npz"))
    there = f"; there are {', '.join(have)}" if have else ""
    return f"no graph {dataset!r} in {str(named)!r}{there}{fetch}"
