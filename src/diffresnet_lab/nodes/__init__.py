"""Classifying the nodes of a graph: splits, one training loop, and a file for every model."""
