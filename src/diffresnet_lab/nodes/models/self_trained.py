"""The self-trained Diff-ResNet of the product, among the models that are compared."""

from __future__ import annotations

import math

from diffresnet.graphs.adaptive import AdaptiveNodes
from diffresnet.graphs.self_training.network import TRAINING, SelfTrainingConfig

from ..model_spec import ModelSpec
from ..training import EarlyStoppingConfig

SPEC = ModelSpec(
    "best",
    "Diff-ResNet, best",
    AdaptiveNodes,
    SelfTrainingConfig(),
    EarlyStoppingConfig(TRAINING.learning_rate, TRAINING.weight_decay),
    needs=("feature_graph",),
    small_configs=(
        {"width": 8, "steps": 4},
        {"width": 8, "homophily_threshold": math.inf, "homophily_labels": 0},  # channels, always
    ),
)
"""The same settings on every graph; docs/nodes.md has how they were chosen."""
