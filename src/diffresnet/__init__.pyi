from .classify import DiffusionClassifier as DiffusionClassifier
from .graphs import NodeClassifier as NodeClassifier
from .labelling import label_file as label_file
from .nn import DiffResNet as DiffResNet
from .nn import DiffusionLayer as DiffusionLayer
from .similarity import similarity_graph as similarity_graph

__version__: str
