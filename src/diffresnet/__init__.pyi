from .classify import DiffusionClassifier as DiffusionClassifier
from .classify import Shards as Shards
from .graphs import NodeClassifier as NodeClassifier
from .labelling import audit_file as audit_file
from .labelling import label_file as label_file
from .labelling import label_frame as label_frame
from .labelling import plan_file as plan_file
from .nn import DiffResNet as DiffResNet
from .nn import DiffusionLayer as DiffusionLayer
from .similarity import similarity_graph as similarity_graph

__version__: str
