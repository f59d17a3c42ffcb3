"""The course of a training: its loss, and how often it is right."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ..palette import CARD, INK, series
from ..style import SMALL, legend_above, plain


def loss_curves(
    epochs: Sequence[int],
    loss: Sequence[float],
    training: Sequence[float],
    validation: Sequence[float | None],
) -> Figure:
    """Loss above, accuracies below, over the epochs.

    Parameters
    ----------
    training, validation : percent; None where an epoch was not looked at.
    """
    figure = Figure(figsize=(4.8, 4.0), layout="constrained", facecolor=CARD)
    above, below = figure.subplots(2, 1, sharex=True)
    colour = series(0)[0]
    above.plot(epochs, loss, color=colour, linewidth=1.8, **_dots(len(epochs), 0))
    above.set_ylabel("training loss", size=SMALL, color=INK)
    below.plot(
        epochs, training, color=colour, linewidth=1.8, label="training", **_dots(len(epochs), 0)
    )
    looked = [
        (epoch, value) for epoch, value in zip(epochs, validation, strict=True) if value is not None
    ]
    if looked:
        below.plot(
            *zip(*looked, strict=True),
            color=series(1)[0],
            linewidth=1.2,
            linestyle="--",
            label="validation, 1 shot",
            **_dots(1, 1),
        )
    below.set_ylabel("accuracy, %", size=SMALL, color=INK)
    below.set_xlabel("epoch", size=SMALL, color=INK)
    below.set_ylim(0, 102)
    for ax in (above, below):
        plain(ax)
        ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    handles, labels = below.get_legend_handles_labels()
    legend_above(figure, handles, labels, ncols=2)
    return figure


def _dots(points: int, index: int) -> dict[str, object]:
    """Markers where there are few points, so that one epoch alone is seen too."""
    if points > 40:
        return {}
    return {"marker": series(index)[1], "markersize": 4, "markeredgecolor": CARD}
