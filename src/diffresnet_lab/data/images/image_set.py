"""Labelled images in memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Int, UInt8

from diffresnet.errors import InputError


@dataclass(frozen=True)
class ImageSet:
    """Square images of one size with their labels.

    Attributes
    ----------
    images : (n, size, size, channels)
        Bytes; one channel is grey, three are RGB.
    labels : (n,)
        Index into `class_names`, -1 where no class is known.
    class_names : tuple of str
    skipped : tuple of str
        Files that could not be decoded and were left out.
    """

    images: UInt8[np.ndarray, "n h w c"]
    labels: Int[np.ndarray, " n"]
    class_names: tuple[str, ...]
    skipped: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.images)

    @property
    def size(self) -> int:
        return int(self.images.shape[1])

    @property
    def channels(self) -> int:
        return int(self.images.shape[3])

    def select_classes(self, names: Iterable[str]) -> ImageSet:
        """Return the images of some classes, which are numbered in the order given.

        Raises
        ------
        InputError
            If there is no class of a name.
        """
        names = tuple(names)
        number = {name: index for index, name in enumerate(names)}
        missing = [name for name in names if name not in self.class_names]
        if missing:
            raise InputError(f"no images of class {missing[0]!r} ({len(missing)} classes missing)")
        new = np.array([number.get(name, -1) for name in self.class_names] + [-1])
        labels = new[self.labels]  # -1 reads the last entry
        keep = labels >= 0
        return replace(self, images=self.images[keep], labels=labels[keep], class_names=names)

    def drop_empty_classes(self) -> ImageSet:
        """Return the same images without classes that have none, renumbered in the same order."""
        present = np.bincount(self.labels[self.labels >= 0], minlength=len(self.class_names)) > 0
        new = np.append(np.where(present, present.cumsum() - 1, -1), -1)
        names = tuple(name for name, kept in zip(self.class_names, present, strict=True) if kept)
        return replace(self, labels=new[self.labels], class_names=names)

    def hold_out_classes(self, count: int, seed: int) -> tuple[ImageSet, ImageSet]:
        """Split into the images of all but `count` classes, and those of the held-out classes.

        The held-out classes depend on the number of classes and the seed only; both parts keep the
        order of the classes.

        Raises
        ------
        InputError
            If fewer than two classes would remain.
        """
        total = len(self.class_names)
        if not 0 < count <= total - 2:
            raise InputError(
                f"{count} of {total} classes cannot be held out: 1 or more must be, 2 must remain"
            )
        held_out = set(np.random.default_rng(seed).choice(total, count, replace=False).tolist())
        kept = [name for c, name in enumerate(self.class_names) if c not in held_out]
        others = [name for c, name in enumerate(self.class_names) if c in held_out]
        return self.select_classes(kept), self.select_classes(others)


def join_image_sets(sets: Sequence[ImageSet]) -> ImageSet:
    """Join the images of several sets; classes of one name are one class.

    Raises
    ------
    InputError
        If sizes or channels differ.
    """
    shapes = {part.images.shape[1:] for part in sets}
    if len(shapes) > 1:
        sizes = " and ".join(f"{h} x {w} x {c}" for h, w, c in sorted(shapes))
        raise InputError(
            f"the parts have images of different shapes, {sizes}; give one size", "size"
        )
    if len(sets) == 1:
        return sets[0]
    names = tuple(dict.fromkeys(name for part in sets for name in part.class_names))
    number = {name: index for index, name in enumerate(names)}
    labels = [
        np.array([number[name] for name in part.class_names] + [-1])[part.labels] for part in sets
    ]
    return ImageSet(
        np.concatenate([part.images for part in sets]),
        np.concatenate(labels),
        names,
        tuple(file for part in sets for file in part.skipped),
    )
