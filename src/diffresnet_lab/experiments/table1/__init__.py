"""Table I: Diff-ResNet and every baseline on three citation graphs, under one protocol."""
