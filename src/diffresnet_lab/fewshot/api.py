"""Public names of `diffresnet_lab.fewshot`, which imports them when they are asked for."""

# ruff: noqa: F401

from .batch import Method, TaskBatch
from .comparison import MethodRun, run_methods
from .config import FewShotConfig
from .evaluation import Outcome, Summary, evaluate
from .feature_transforms import (
    Centre,
    Chain,
    centre_and_normalize,
    l2_normalize,
    paper_transforms,
    rectify_support,
    shift_queries,
)
from .features import Features, gather, read_base_mean
from .method_spec import ConfiguredMethod, MethodSpec
from .methods.alpha_tim import AlphaTim
from .methods.convection import Convection
from .methods.diffused_prototypes import DiffusedPrototypes
from .methods.external_diffusion import ExternalDiffusion
from .methods.internal_diffusion import InternalDiffusion
from .methods.laplacian_shot import LaplacianShot
from .methods.logistic import Logistic
from .methods.nearest_prototype import NearestPrototype
from .methods.pt_map import PtMap
from .methods.tim import Tim
from .registry import METHODS, configure_method
from .sampling import sample_tasks
from .tasks import Tasks
