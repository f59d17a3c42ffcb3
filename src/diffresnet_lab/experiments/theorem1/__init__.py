"""Theorem 1: sets between parallel planes become linearly separable, by weights written down."""

from __future__ import annotations

from ..experiment import Experiment
from .line import line_part
from .random import random_part
from .xor import xor_part

EXPERIMENT = Experiment(
    "theorem1",
    "A flow that makes sets linearly separable (Theorem 1)",
    {"xor": xor_part, "random": random_part, "line": line_part},
)
