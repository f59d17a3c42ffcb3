"""Theorem 2: a large L/D is enough for a direction to exist that separates all subsets."""

from __future__ import annotations

from ..experiment import Experiment
from .chain_section import chain_part
from .digits_section import digits_part
from .threshold import threshold_part

EXPERIMENT = Experiment(
    "theorem2",
    "How far apart subsets must be (Theorem 2)",
    {"threshold": threshold_part, "chain": chain_part, "digits": digits_part},
)
