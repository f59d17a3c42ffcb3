"""Verification of data sets on disk: checksums, reading every file, and counting its contents."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pooch

from diffresnet.errors import InputError
from diffresnet.files.atomic import reason
from diffresnet.files.npz import load_npz
from diffresnet.graphs.graph import GraphData, read_graph

from .catalogue import DataSet, GraphCounts
from .planetoid import read_planetoid


@dataclass(frozen=True)
class VerificationResult:
    """State of a data set in a folder.

    Attributes
    ----------
    state : "whole", "damaged" or "missing"
    detail : str
        In one line, the evidence; of what is damaged, the fault.
    """

    state: Literal["whole", "damaged", "missing"]
    detail: str


def verify_data_set(data: DataSet, folder: Path) -> VerificationResult:
    """Verify the files of a data set in a folder.

    Every file is read as its kind of file, so that it cannot be damaged and pass; a graph has the
    nodes, edges, features and classes that are published; and where the checksum of the published
    file is known, it agrees.
    """
    paths = [folder / file.path for file in data.files]
    absent = [path.name for path in paths if not path.exists()]
    if len(absent) == len(paths):
        return VerificationResult("missing", "not there")
    if absent:
        return VerificationResult("damaged", f"{absent[0]} is missing in {str(folder)!r}")
    try:
        for file, path in zip(data.files, paths, strict=True):
            if file.checksum is not None and not _matches(path, file.checksum):
                raise InputError(
                    f"{str(path)!r} has another checksum than the published file: "
                    f"{_checksum(path, file.checksum)}"
                )
        _check_contents(data, paths)
        if all(file.checksum is not None for file in data.files):
            return VerificationResult("whole", "the published checksum")
        if all(
            _matches(path, file.checksum or file.reference_checksum)
            for file, path in zip(data.files, paths, strict=True)
        ):
            return VerificationResult("whole", "byte for byte what this was developed with")
    except InputError as error:
        return VerificationResult("damaged", error.message)
    counted = "no checksum to compare with"
    if data.counts is not None:
        counted = "with the published number of nodes, edges, features and classes"
    return VerificationResult("whole", f"readable, {counted}")


def count_graph(graph: GraphData) -> GraphCounts:
    """Count the nodes, edges, features and classes of a graph."""
    return GraphCounts(
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
    counts = count_graph(graph)
    if data.counts is not None and counts != data.counts:
        raise InputError(
            "{!r} is another graph than the published one: {} nodes, {} edges, {} features and "
            "{} classes, not {}, {}, {} and {}".format(
                str(paths[0]), *astuple(counts), *astuple(data.counts)
            )
        )


def _checksum(path: Path, like: str) -> str:
    """Return the checksum of a file, by the algorithm of another one."""
    algorithm = like.partition(":")[0]
    try:
        return f"{algorithm}:{pooch.file_hash(str(path), algorithm)}"
    except OSError as error:
        raise InputError(f"{str(path)!r} cannot be read: {reason(error)}") from error


def _matches(path: Path, checksum: str | None) -> bool:
    return checksum is not None and _checksum(path, checksum) == checksum
