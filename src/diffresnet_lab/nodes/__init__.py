"""Node classification: a registry of models, protocols, early-stopped training and its trials."""

from .corruption import Corruption
from .evaluation import Evaluation, prepare_evaluation
from .model_spec import ModelSpec
from .protocol import FixedProtocol, Protocol
from .registry import MODELS, model_spec
from .results import SplitRuns, accuracy_difference, mean_accuracy
from .trials import run_trials

__all__ = [
    "MODELS",
    "Corruption",
    "Evaluation",
    "FixedProtocol",
    "ModelSpec",
    "Protocol",
    "SplitRuns",
    "accuracy_difference",
    "mean_accuracy",
    "model_spec",
    "prepare_evaluation",
    "run_trials",
]
