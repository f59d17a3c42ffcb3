"""Node classifiers, one file each, all trained by `nodes.training`."""
