"""`python -m diffresnet` is the command `diffresnet`."""

from .cli.app import main

main()
