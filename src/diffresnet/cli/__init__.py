"""The command `diffresnet`: a thin shell over the library."""
