"""Tables with labels for some rows: formats, feature columns, and the labelled output."""

import lazy_loader as lazy

# Names are imported when they are asked for; the stub beside this file says from where.
__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
