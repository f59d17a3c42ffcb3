"""The self-trained Diff-ResNet: temporal ensembling with a label-propagation prior."""
