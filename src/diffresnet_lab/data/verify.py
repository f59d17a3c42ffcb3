"""Whether the files of a data set are whole: by checksum, by reading them, by what is in them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from diffresnet.errors import InputError
from diffresnet.files.atomic import reason
from diffresnet.files.npz import load_npz
from diffresnet.graphs.graph import GraphData, read_graph

from .catalogue import Counts, DataSet
from .planetoid import read_planetoid

State = Literal["whole", "damaged", "missing"]


@dataclass(frozen=True)
class Verdict:
    """What was found of a data set in a folder.

    Attributes
    ----------
    state : "whole", "damaged" or "missing"
    said : str
        How that is known, in one line; of what is damaged, what is wrong.
    """

    state: State
    said: str


def sha256(path: Path) -> str:
    """The checksum of a file, in hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verify(data: DataSet, folder: Path) -> Verdict:
    """Check what a folder holds of a data set.

    Every file is read as its kind of file, so that it cannot be damaged and pass; a graph has the
    nodes, edges, features and classes that are published; and where the checksum of the published
    file is known, it agrees.
    """
    paths = [folder / file.path for file in data.files]
    absent = [path.name for path in paths if not path.exists()]
    if len(absent) == len(paths):
        return Verdict("missing", "not there")
    if absent:
        return Verdict("damaged", f"{absent[0]} is missing in {str(folder)!r}")
    same = []
    for file, path in zip(data.files, paths, strict=True):
        try:
            digest = sha256(path)
        except OSError as error:
            return Verdict("damaged", f"{str(path)!r} cannot be read: {reason(error)}")
        if file.sha256 is not None and digest != file.sha256:
            return Verdict(
                "damaged", f"{str(path)!r} has another checksum than the published file: {digest}"
            )
        same.append(digest in (file.sha256, file.developed_with))
    try:
        _check_contents(data, paths)
    except InputError as error:
        return Verdict("damaged", str(error))
    if all(file.sha256 is not None for file in data.files):
        return Verdict("whole", "the published checksum")
    if all(same):
        return Verdict("whole", "byte for byte what this was developed with")
    return Verdict(
        "whole",
        "readable, no checksum to compare with"
        if data.counts is None
        else "readable, with the published number of nodes, edges, features and classes",
    )


def counts_of(graph: GraphData) -> Counts:
    """What is in a graph."""
    return Counts(
        len(graph),
        graph.edges,
        0 if graph.features is None else graph.features.shape[1],
        0 if graph.labels is None else len(np.unique(graph.labels[graph.labels >= 0])),
    )


def _check_contents(data: DataSet, paths: list[Path]) -> None:
    if data.kind == "arrays":
        for path in paths:
            load_npz(path)
        return
    if data.kind == "graph":
        graph = read_graph(paths[0])
    else:
        graph = read_planetoid(paths[0].parent, data.name.removeprefix("planetoid_"))
    found = counts_of(graph)
    if data.counts is not None and found != data.counts:
        raise InputError(
            f"{str(paths[0])!r} is another graph than the published one: {found.nodes} nodes, "
            f"{found.edges} edges, {found.features} features and {found.classes} classes, not "
            f"{data.counts.nodes}, {data.counts.edges}, {data.counts.features} and "
            f"{data.counts.classes}"
        )
