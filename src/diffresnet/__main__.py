"""`python -m diffresnet` is the command `diffresnet`."""

from .cli.app import main

if __name__ == "__main__":
    main()
