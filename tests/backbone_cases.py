"""Small images whose classes are easy to tell apart: bars at places of their own."""

import numpy as np

from diffresnet_lab.data.images import ImageSet


def bars(classes=4, each=12, size=16, channels=1, seed=0, first=0):
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), each)
    images = rng.integers(0, 60, size=(len(labels), size, size, channels))
    for image, label in zip(images, labels, strict=True):
        place = 2 + 2 * (label + first)
        if (label + first) % 2:
            image[place : place + 2] = 220
        else:
            image[:, place : place + 2] = 220
    names = tuple(f"bar{label + first}" for label in range(classes))
    return ImageSet(images.astype(np.uint8), labels, names)
