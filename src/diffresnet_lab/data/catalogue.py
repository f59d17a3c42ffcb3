"""Which data sets there are: their files, where they come from, and how to tell them whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from diffresnet.errors import InputError

from .planetoid import planetoid_files

Kind = Literal["graph", "planetoid", "arrays"]


@dataclass(frozen=True)
class DataFile:
    """One file of a data set.

    Attributes
    ----------
    path : str
        Below the data folder, with "/".
    address : str or None
        Where it is published as it is here; None where it was converted from another form.
    sha256 : str or None
        Of the published file, where it is known for certain: a file with another one is damaged.
    developed_with : str or None
        The sha256 of the file that this was developed with. A published file may be packed
        otherwise and hold the same, so that another one is told and is no damage.
    """

    path: str
    address: str | None = None
    sha256: str | None = None
    developed_with: str | None = None


@dataclass(frozen=True)
class Counts:
    """What is in a graph: nodes, pairs of different nodes that are joined, features, classes."""

    nodes: int
    edges: int
    features: int
    classes: int


@dataclass(frozen=True)
class DataSet:
    """A data set by the name that commands know it by.

    Attributes
    ----------
    kind : "graph" (an .npz graph file), "planetoid" (eight files) or "arrays" (any .npz)
    source, licence : str
    counts : Counts or None
        Of a graph, as published; what has other ones is damaged.
    """

    name: str
    kind: Kind
    files: tuple[DataFile, ...]
    source: str
    licence: str
    counts: Counts | None = None

    @property
    def published(self) -> bool:
        """Whether there is an address for every file."""
        return all(file.address is not None for file in self.files)


_BENCHMARK = "https://github.com/shchur/gnn-benchmark/raw/master/data/npz"
_GRAPHDATA = "https://raw.githubusercontent.com/EdisonLeeeee/GraphData/master/datasets"
_PLANETOID = "https://github.com/kimiyoung/planetoid/raw/master/data"


def _graph(
    name: str, address: str, developed_with: str | None, source: str, counts: Counts
) -> DataSet:
    file = DataFile(f"graphs/{name}.npz", address, developed_with=developed_with)
    return DataSet(name, "graph", (file,), source, "MIT", counts)


def _planetoid(name: str, counts: Counts) -> DataSet:
    files = tuple(
        DataFile(f"graphs/planetoid/{file}", f"{_PLANETOID}/{file}")
        for file in planetoid_files(name)
    )
    return DataSet(f"planetoid_{name}", "planetoid", files, "kimiyoung/planetoid", "MIT", counts)


def _arrays(name: str, source: str, licence: str, files: dict[str, str]) -> DataSet:
    parts = tuple(DataFile(f"{path}.npz", developed_with=digest) for path, digest in files.items())
    return DataSet(name, "arrays", parts, source, licence)


CATALOGUE: dict[str, DataSet] = {
    data.name: data
    for data in (
        _graph(
            "cora",
            f"{_BENCHMARK}/cora.npz",
            "068e22d90c3849b4057dfb05851741428992af058efcd4e7ebb4186f3d581de2",
            "shchur/gnn-benchmark",
            Counts(2708, 5278, 1433, 7),
        ),
        _graph(
            "citeseer",
            f"{_BENCHMARK}/citeseer.npz",
            "280278b21b434c047922e8389518861416fb3ad39389c27865ff0e6bbb0aaab7",
            "shchur/gnn-benchmark",
            Counts(3312, 4536, 3703, 6),
        ),
        # The file at hand was converted from Planetoid's: the same graph, perhaps in another order.
        _graph(
            "pubmed",
            f"{_BENCHMARK}/pubmed.npz",
            "759ea377aca8009defb40837be186d6752d4cca421f336fc13eeb7f1f07e82b3",
            "shchur/gnn-benchmark",
            Counts(19717, 44324, 500, 3),
        ),
        _graph(
            "amazon_photo",
            f"{_GRAPHDATA}/amazon_photo.npz",
            "616582b757950a34e573543c4d3c02e1087c11d5ad3b324aa1b0ddb95db1c99d",
            "EdisonLeeeee/GraphData",
            Counts(7650, 119081, 745, 8),
        ),
        _graph(
            "coauthor_cs",
            f"{_GRAPHDATA}/coauthor_cs.npz",
            "7bbda0ec297bb44efc712cc59f9e9a6c9ac959e5c4848e311bc7e011b0be5753",
            "EdisonLeeeee/GraphData",
            Counts(18333, 81894, 6805, 15),
        ),
        _planetoid("cora", Counts(2708, 5278, 1433, 7)),
        _planetoid("citeseer", Counts(3327, 4552, 3703, 6)),
        _planetoid("pubmed", Counts(19717, 44324, 500, 3)),
        _arrays(
            "omniglot",
            "brendenlake/omniglot",
            "MIT",
            {
                "fewshot/omniglot_background": "8bf84167413cd00beacdce3fe582f780ab538d8dbef043a6d"
                "688f2527bbce199",
                "fewshot/omniglot_evaluation": "0b84c7ffd94c4841c0040e529c86a82eaaccb986d8eadad56"
                "73f7991b7475276",
            },
        ),
        _arrays(
            "cifar_fs",
            "CIFAR-100 with the CIFAR-FS split",
            "see CIFAR-100",
            {
                "fewshot/cifar_fs_base_a": "c37e93e5142654e4501dda05735b1b066ff9ff59afc777e9e595c"
                "89ad8ee196d",
                "fewshot/cifar_fs_base_b": "815384dfbc39630a6c8a59458889c0f6de4070e927682ab1d5dc8"
                "7cd1c117677",
                "fewshot/cifar_fs_val": "3eb942cce65c2585bcf572598df09335b54c283705084a72a6865f3a"
                "edec39c3",
                "fewshot/cifar_fs_novel": "e7acfa98e157449b327cdcae0bf621aa7db190d770fafd36817ce5"
                "02e1dd8e7a",
            },
        ),
        _arrays(
            "cifar_fs_embeddings",
            "CIFAR-FS through an ImageNet network (EfficientNet-Lite0)",
            "see CIFAR-100",
            {
                "embeddings/cifarfs_val_efficientnet-lite0": "c33793b6ca4cc3d065edbef6c88d01946d0"
                "767899f76ba9d1baaec3f8db87423",
                "embeddings/cifarfs_novel_efficientnet-lite0": "b35ce494f32b1c52336e56634ef368982"
                "7e8614db3bae65d84ab14dbeb054a48",
                "embeddings/cifarfs_base_mean_efficientnet-lite0": "ca17cc0041c133cb048ee8504f6da"
                "8b68d2645e60fc8dde7e022e6d6864a8a05",
            },
        ),
        _arrays(
            "banking77",
            "PolyAI-LDN/task-specific-datasets through MiniLM",
            "CC-BY-4.0",
            {
                "embeddings/banking77_minilm-l6": "6f6aabda34b2baada7147ebbd6c2954cf8143773e5e942"
                "94d62c0248802b86cf",
            },
        ),
    )
}


def data_set(name: str) -> DataSet:
    """The data set of that name.

    Raises
    ------
    InputError
        If there is none; it lists those that there are.
    """
    if name not in CATALOGUE:
        raise InputError(f"no data set {name!r}; there are {', '.join(CATALOGUE)}")
    return CATALOGUE[name]
