"""`diffresnet demo`: handwritten digits from a few labels, their features, and XOR in motion."""
