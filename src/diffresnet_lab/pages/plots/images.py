"""Small grey images in pairs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from ..palette import CARD, INK, series
from ..style import SMALL
from .axes import Figure, bare, title


def image_pairs(
    pairs: Sequence[tuple[Float[np.ndarray, "h w"], Float[np.ndarray, "h w"]]],
    titles: Sequence[tuple[str, str]],
) -> Figure:
    """Return pairs of images, one above the other and joined by a line, each with its title."""
    figure = Figure(figsize=(0.8 * len(pairs), 2.35), facecolor=CARD)
    axes = figure.subplots(2, len(pairs), squeeze=False)
    figure.subplots_adjust(left=0.01, right=0.99, top=0.88, bottom=0.12, wspace=0.12, hspace=0.28)
    for (above, below), images, texts in zip(axes.T, pairs, titles, strict=True):
        for ax, image in zip((above, below), images, strict=True):
            ax.imshow(image, cmap="gray_r", interpolation="nearest")
            bare(ax)
        title(above, texts[0])
        below.set_xlabel(texts[1], size=SMALL, color=INK, labelpad=3)
        line = {"arrowstyle": "-", "color": series(1)[0], "linewidth": 2.0}
        below.annotate("", (0.5, 1.0), (0.5, 1.4), xycoords="axes fraction", arrowprops=line)
    return figure
