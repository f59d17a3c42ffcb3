"""Data folders, the named one and the cache; and graphs by name or path."""

from __future__ import annotations

from pathlib import Path

import platformdirs

from diffresnet.errors import InputError
from diffresnet.files.atomic import Pathlike, either
from diffresnet.graphs.edge_list import read_edge_list
from diffresnet.graphs.graph import GraphData, read_graph
from diffresnet.labels import Marks
from diffresnet.tables.formats import COLUMN_FORMATS

from .catalogue import CATALOGUE
from .planetoid import read_planetoid


def cache_folder() -> Path:
    """Return the folder of fetched data unless another is named; it need not exist.

    XDG_CACHE_HOME/diffresnet if that variable holds an absolute path, else `diffresnet` in the
    cache folder of the system.
    """
    return platformdirs.user_cache_path("diffresnet", appauthor=False)


def data_folders(named: Path | None) -> list[Path]:
    """Return the folders to look for data in: the named one, then the cache."""
    return [cache_folder()] if named is None else [named, cache_folder()]


def find_graph(
    dataset: Pathlike,
    data: Pathlike | None = None,
    *,
    table: Pathlike | None = None,
    label_column: str = "label",
    id_column: str | None = None,
    features: str | None = None,
    unlabelled: Marks = None,
    skip_unknown: bool = False,
) -> GraphData:
    """Read a graph by the path of its file, or by its name in the data folders.

    Parameters
    ----------
    dataset : str
        A path: a graph in .npz, a list of edges in a format of columns, or the ind.NAME.graph among
        Planetoid's files. Or a name: graphs/NAME.npz or NAME.npz in a data folder, or
        planetoid_NAME for the files ind.NAME.* in its graphs/planetoid, planetoid, or itself.
    data : Path, optional
        The folder to look in before the cache.
    table, label_column, id_column, features, unlabelled, skip_unknown
        Of a list of edges: see `read_edge_list`.

    Raises
    ------
    InputError
        If there is no such graph, or it cannot be read.
    """
    path, dataset = Path(dataset), str(dataset)
    data = None if data is None else Path(data)
    if path.suffix.lower() in COLUMN_FORMATS:
        return read_edge_list(
            path,
            table,
            label_column=label_column,
            id_column=id_column,
            features=features,
            unlabelled=unlabelled,
            skip_unknown=skip_unknown,
        )
    if table is not None:
        raise InputError(
            f"a table of nodes belongs to a list of edges, {either(COLUMN_FORMATS)}; {dataset!r} "
            f"is none"
        )
    if path.name.startswith("ind.") and path.suffix == ".graph":
        return read_planetoid(path.parent, path.name[4:-6])
    if path.suffix.lower() == ".npz" or len(path.parts) > 1:
        return read_graph(path)
    for folder in data_folders(data):
        graph = _read_named(dataset, folder)
        if graph is not None:
            return graph
    raise _not_found(dataset, data)


def _read_named(dataset: str, folder: Path) -> GraphData | None:
    for path in (folder / "graphs" / f"{dataset}.npz", folder / f"{dataset}.npz"):
        if path.exists():
            return read_graph(path)
    name = dataset.removeprefix("planetoid_")
    if name != dataset:
        for parent in (folder / "graphs" / "planetoid", folder / "planetoid", folder):
            if (parent / f"ind.{name}.graph").exists():
                return read_planetoid(parent, name)
    return None


def _not_found(dataset: str, data: Path | None) -> InputError:
    fetch = ""
    if dataset in CATALOGUE and CATALOGUE[dataset].kind != "arrays":
        fetch = f"; `diffresnet data fetch {dataset}` gets it where there is a network"
    if data is None:
        return InputError(
            f"where is {dataset!r}? name its folder, set DIFFRESNET_DATA, or give the path of a "
            f"file{fetch}",
            "data",
        )
    names = sorted(path.stem for path in (data / "graphs").glob("*.npz"))
    others = f"; there are {', '.join(names)}" if names else ""
    return InputError(f"no graph {dataset!r} in {str(data)!r}{others}{fetch}")
