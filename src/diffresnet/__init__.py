"""Label everything from a handful of labels: residual networks with a diffusion layer."""

import warnings

import lazy_loader as lazy

# PyTorch says these once a process to whoever makes a sparse tensor: to us, not to our users.
warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta state")
warnings.filterwarnings("ignore", message="Sparse invariant checks are implicitly disabled")

# Names are imported when they are asked for; the stub beside this file says from where.
__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)

__version__ = "0.2.0"
