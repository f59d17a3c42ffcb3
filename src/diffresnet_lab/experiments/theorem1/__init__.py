"""Theorem 1: sets between parallel planes become linearly separable, by weights written down."""
