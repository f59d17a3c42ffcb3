"""Many splits and initialisations of one model, in shards that survive a stop."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import torch

from diffresnet.errors import InputError
from diffresnet.files.npz import load_npz, save_npz
from diffresnet.graphs.node_data import NodeData
from diffresnet.graphs.training import train

from .damage import Damage
from .presets import Preset
from .results import SplitRuns
from .splits import NodeSplit, random_split, split_seeds

LONGEST_NAME = 80
"""Characters of the name of a graph that a folder of shards keeps; file systems allow 255."""


@dataclass(frozen=True)
class Protocol:
    """How often, and on how many nodes.

    Parameters
    ----------
    splits, inits : int
        Random splits, and initialisations on each.
    train_per_class, validation_per_class : int
    seed : int
        The master seed of the splits; 42 is the paper's.
    """

    splits: int = 100
    inits: int = 20
    train_per_class: int = 20
    validation_per_class: int = 30
    seed: int = 42

    def split(self, data: NodeData, index: int) -> NodeSplit:
        """The split of that index; the same whatever the number of splits.

        Raises
        ------
        InputError
            As `random_split`, of classes by their names.
        """
        return random_split(
            data.labels.cpu().numpy(),
            split_seeds(index + 1, self.seed)[index],
            self.train_per_class,
            self.validation_per_class,
            data.class_names,
        )


def sweep(
    data: NodeData,
    preset: Preset,
    protocol: Protocol,
    *,
    damage: Damage | None = None,
    shards: Path | None = None,
    members: int | None = None,
    jobs: int = 1,
    advance: Callable[[int], Any] | None = None,
) -> list[SplitRuns]:
    """Train on every split, and test.

    Parameters
    ----------
    damage : Damage, optional
        Done to the graph before training, drawn anew for every split, the same for all models.
        Splits, and the labels that are tested against, are those of the data as given.
    shards : path, optional
        A folder to keep everything finished in, some initialisations of a split at a time; what
        is there already, made with the same data, damage, settings and seed, is read instead of
        run. More splits, or more initialisations, go on from there.
    members : int, optional
        Initialisations that are trained at once; `preset.members` if not given. The answer does
        not depend on it but for the order in which random numbers of dropout are drawn, so that
        shards know it.
    jobs : int
        Processes, each with whole splits (joblib, so that other backends can take over).
    advance : called with the number of initialisations done.
    """
    members = members or preset.members
    folder = None if shards is None else shards / _key(data, preset, protocol, members, damage)
    tell = advance or (lambda steps: None)
    groups = [
        (index, tuple(range(first, min(first + members, protocol.inits))))
        for index in range(protocol.splits)
        for first in range(0, protocol.inits, members)
    ]
    found: dict[tuple[int, tuple[int, ...]], SplitRuns] = {}
    for group in groups:
        if folder is not None and (folder / _shard(*group)).exists():
            found[group] = _read(folder / _shard(*group), len(group[1]), len(data))
            tell(len(group[1]))
    missing = [group for group in groups if group not in found]
    if missing and damage is None:  # a damaged graph is another one on every split
        for name in preset.needs:
            getattr(data, name)
    work = joblib.Parallel(n_jobs=max(min(jobs, len(missing)), 1), return_as="generator")(
        joblib.delayed(_run)(data, preset, protocol, index, inits, damage)
        for index, inits in missing
    )
    for group, runs in zip(missing, work, strict=True):
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            save_npz(folder / _shard(*group), asdict(runs))
        found[group] = runs
        tell(len(group[1]))
    return [
        _together([found[group] for group in groups if group[0] == index])
        for index in range(protocol.splits)
    ]


def _run(
    data: NodeData,
    preset: Preset,
    protocol: Protocol,
    index: int,
    inits: Sequence[int],
    damage: Damage | None,
) -> SplitRuns:
    """Some initialisations on one split, trained side by side."""
    labels = data.labels.cpu().numpy()
    split = protocol.split(data, index)
    if damage is not None:
        data = damage.apply(data, split, [protocol.seed, index])
    rows = [torch.from_numpy(nodes).to(data.device) for nodes in (split.train, split.validation)]
    seeds = [_seed(protocol.seed, index, init) for init in inits]
    start = time.perf_counter()
    state = torch.random.get_rng_state()
    torch.manual_seed(seeds[0])  # of the dropout
    model = preset.build(data, seeds)
    trained = train(model, data.labels, rows[0], rows[1], preset.training)
    torch.random.set_rng_state(state)
    with torch.no_grad():
        scores = model(torch.arange(len(data), device=data.device))
    predicted = scores.argmax(-1).to(torch.int16).cpu().numpy()
    right = predicted[:, split.test] == labels[split.test]
    return SplitRuns(
        predicted,
        100.0 * right.mean(1),
        trained.validation.cpu().numpy(),
        trained.epochs.cpu().numpy(),
        time.perf_counter() - start,
    )


def _together(parts: Sequence[SplitRuns]) -> SplitRuns:
    arrays = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("predicted", "accuracy", "validation", "epochs")
    }
    return SplitRuns(**arrays, seconds=sum(part.seconds for part in parts))


def _shard(index: int, inits: Sequence[int]) -> str:
    return f"{index:04}-{inits[0]:04}-{len(inits)}.npz"


def _seed(master: int, split: int, init: int) -> int:
    return int(np.random.SeedSequence([master, split, init]).generate_state(1)[0]) // 2


def _key(
    data: NodeData, preset: Preset, protocol: Protocol, members: int, damage: Damage | None
) -> str:
    """A name for everything that the answer depends on but the split."""
    shown = asdict(protocol)
    del shown["splits"], shown["inits"]
    content = hashlib.sha256()
    for matrix in (data.adjacency, data.features):
        content.update(repr(matrix.shape).encode())
        for array in (matrix.data, matrix.indices, matrix.indptr):
            content.update(np.ascontiguousarray(array).tobytes())
    content.update(data.labels.cpu().numpy().tobytes())
    what = [preset.settings, asdict(preset.training), shown, members]
    if damage is not None:
        what.append(asdict(damage))
    content.update(json.dumps(what, sort_keys=True).encode())
    return f"{data.name[:LONGEST_NAME]}-{preset.name}-{content.hexdigest()[:12]}"


def _read(path: Path, members: int, nodes: int) -> SplitRuns:
    """A shard, once it is what was written there."""
    per_run = dict.fromkeys(("accuracy", "validation", "epochs"), (members,))
    shapes = {"predicted": (members, nodes), **per_run, "seconds": ()}
    try:
        arrays = load_npz(path)
        if {name: array.shape for name, array in arrays.items()} != shapes or not _sound(arrays):
            raise InputError(f"{str(path)!r} is damaged: it holds other arrays than a sweep writes")
    except InputError as error:
        raise InputError(f"{error}; delete it, and it is made again") from error
    seconds = float(arrays.pop("seconds"))
    return SplitRuns(**arrays, seconds=seconds)


def _sound(arrays: Mapping[str, np.ndarray]) -> bool:
    """Whether the numbers of a shard can be those of a sweep."""
    kinds = {"predicted": "i", "epochs": "i", "accuracy": "f", "validation": "f", "seconds": "f"}
    if any(arrays[name].dtype.kind != kind for name, kind in kinds.items()):
        return False
    percent = np.concatenate([arrays["accuracy"], arrays["validation"]])
    return bool(((percent >= 0) & (percent <= 100)).all() and (arrays["predicted"] >= 0).all())
