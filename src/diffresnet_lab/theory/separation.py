"""The smallest distance between points of different subsets, without looking at every pair."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import torch
from jaxtyping import Float
from scipy.spatial import KDTree
from torch import Tensor

from .pairs import Pair, nearest

# Where trees beat products of matrices.
TREE_DIMENSION = 3
FEW_SUBSETS = 64
"""Up to here pairs of subsets are looked at one by one."""


def separation(
    points: Float[Tensor, "n d"], sizes: list[int], chunk: int
) -> tuple[float, tuple[int, int] | None]:
    """Return min |x_i - x_j| over points of different subsets, and the two subsets.

    On a CPU in up to three dimensions by k-d trees, else in blocks. Pairs of subsets, or of blocks,
    come in the order of the gap between the balls around them, and the first gap that is no smaller
    than a distance already found ends the search.

    Parameters
    ----------
    points : (n, d)
        Sorted by subset.
    sizes : how many points each subset has.
    chunk : size of a block.
    """
    if len(sizes) == 1:
        return float("inf"), None
    small = points.shape[1] <= TREE_DIMENSION and len(sizes) <= FEW_SUBSETS
    if points.device.type == "cpu" and small:
        return _by_trees(points.double().numpy(), sizes)
    return _by_blocks(points, sizes, chunk)


def _by_trees(
    points: Float[np.ndarray, "n d"], sizes: list[int]
) -> tuple[float, tuple[int, int] | None]:
    parts = np.split(points, np.cumsum(sizes)[:-1])
    centres = np.stack([part.mean(0) for part in parts])
    radii = np.array(
        [np.linalg.norm(p - c, axis=1).max() for p, c in zip(parts, centres, strict=True)]
    )
    pairs = np.array(list(combinations(range(len(parts)), 2)))
    gap = np.linalg.norm(centres[pairs[:, 0]] - centres[pairs[:, 1]], axis=1)
    gap -= radii[pairs].sum(1)
    trees: dict[int, KDTree] = {}
    best, closest = float("inf"), None
    for index in np.argsort(gap, kind="stable"):
        if gap[index] >= best:
            break
        few, many = sorted(pairs[index].tolist(), key=lambda a: (sizes[a], a))
        if many not in trees:
            # Midpoints, not medians: equal points would make a balanced tree slow.
            trees[many] = KDTree(parts[many], balanced_tree=False)
        shortest = trees[many].query(parts[few], distance_upper_bound=best)[0].min()
        if shortest < best:
            best, closest = float(shortest), (min(few, many), max(few, many))
    return best, closest


def _by_blocks(
    points: Float[Tensor, "n d"], sizes: list[int], chunk: int
) -> tuple[float, tuple[int, int] | None]:
    owner = torch.repeat_interleave(
        torch.arange(len(sizes), device=points.device),
        torch.tensor(sizes, device=points.device),
    )
    # Blocks of one subset have tight balls; of many small subsets there would be too many blocks.
    spans = sizes if len(sizes) <= FEW_SUBSETS else [len(points)]
    lengths = [min(chunk, span - start) for span in spans for start in range(0, span, chunk)]
    blocks, names = points.split(lengths), owner.split(lengths)
    centres = torch.stack([block.mean(0) for block in blocks])
    radii = torch.stack([(b - c).norm(dim=1).max() for b, c in zip(blocks, centres, strict=True)])
    gap = (torch.cdist(centres, centres) - radii[:, None] - radii[None, :]).cpu().numpy()
    first, second = np.triu_indices(len(blocks))
    order = np.argsort(gap[first, second], kind="stable")
    best, closest = Pair(float("inf"), 0, 0), None
    for a, b in zip(first[order].tolist(), second[order].tolist(), strict=True):
        if gap[a, b] >= best.distance:
            break
        if names[a][0] == names[b][-1]:  # one subset only
            continue
        apart = names[a][:, None] != names[b][None, :]
        pair = nearest(blocks[a], blocks[b], best.distance, apart)
        if pair is not None:
            best = pair
            closest = (int(names[a][pair.row]), int(names[b][pair.column]))
    return best.distance, closest
