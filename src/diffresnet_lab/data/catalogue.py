"""Catalogue of data sets, read from `catalogue.toml`: files, sources, checksums and counts."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from diffresnet.errors import InputError

from .planetoid import planetoid_files

DataSetKind = Literal["graph", "planetoid", "arrays"]


@dataclass(frozen=True)
class DataFile:
    """One file of a data set.

    Attributes
    ----------
    path : str
        Below the data folder, with "/".
    url : str or None
        Where it is published as it is here; None where it was converted from another form.
    checksum : str or None
        "sha256:..." or "md5:..." of the published file: a file with another one is damaged.
    reference_checksum : str or None
        Likewise, of the file that this was developed with. A published file may be packed
        otherwise and hold the same, so that another one is told and is no damage.

    Raises
    ------
    InputError
        If the path leads out of the data folder.
    """

    path: str
    url: str | None = None
    checksum: str | None = None
    reference_checksum: str | None = None

    def __post_init__(self) -> None:
        path = PurePosixPath(self.path)
        outside = path.is_absolute() or not path.parts or ".." in path.parts
        if outside or set(self.path) & set("\\:"):
            raise InputError(f"{self.path!r} leads out of the data folder; name a path below it")


@dataclass(frozen=True)
class GraphCounts:
    """Numbers of nodes, pairs of different nodes that are joined, features and classes."""

    nodes: int
    edges: int
    features: int
    classes: int


@dataclass(frozen=True)
class DataSet:
    """A data set, by the name that commands know it by.

    Attributes
    ----------
    kind : "graph" (one .npz graph file), "planetoid" (eight files) or "arrays" (any .npz)
    counts : GraphCounts or None
        Of a graph, as published; a graph with other ones is damaged.
    """

    name: str
    kind: DataSetKind
    files: tuple[DataFile, ...]
    source: str
    licence: str
    counts: GraphCounts | None = None

    @property
    def published(self) -> bool:
        """Whether every file has an address."""
        return all(file.url is not None for file in self.files)


def read_catalogue(text: str) -> dict[str, DataSet]:
    """Read a catalogue in TOML, in the order of its entries; `catalogue.toml` says what they hold.

    Raises
    ------
    InputError
        If a path leads out of the data folder.
    """
    return {name: _data_set(name, **entry) for name, entry in tomllib.loads(text).items()}


def _data_set(
    name: str,
    *,
    files: dict[str, dict[str, str]] | None = None,
    base_url: str | None = None,
    counts: dict[str, int] | None = None,
    **facts: Any,
) -> DataSet:
    if facts["kind"] == "planetoid":
        parts = planetoid_files(name.removeprefix("planetoid_"))
        files = {f"graphs/planetoid/{part}": {"url": f"{base_url}/{part}"} for part in parts}
    return DataSet(
        name,
        files=tuple(DataFile(path, **file) for path, file in (files or {}).items()),
        counts=None if counts is None else GraphCounts(**counts),
        **facts,
    )


CATALOGUE = read_catalogue(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
"""Name -> data set."""


def get_data_set(name: str) -> DataSet:
    """Return the data set of a name.

    Raises
    ------
    InputError
        If there is none; it lists those that there are.
    """
    if name not in CATALOGUE:
        raise InputError(f"no data set {name!r}; there are {', '.join(CATALOGUE)}")
    return CATALOGUE[name]
