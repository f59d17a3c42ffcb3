"""Label everything from a handful of labels: residual networks with a diffusion layer."""

import lazy_loader as lazy

# Names are imported when they are asked for; the stub beside this file says from where.
__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)

__version__ = "0.2.0"
