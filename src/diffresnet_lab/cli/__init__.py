"""Commands of the laboratory, found by the entry points of `diffresnet.commands`."""
