"""Fig. 6: the features of a few-shot task before and after diffusion, by t-SNE."""

from __future__ import annotations

from ..experiment import Experiment
from .section import fig6

EXPERIMENT = Experiment(
    "fig6", "A few-shot task before and after diffusion (Fig. 6)", {"t-sne": fig6}
)
