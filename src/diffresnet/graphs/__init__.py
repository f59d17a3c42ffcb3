"""Graphs with features and labels: files, notes, and the node classifier."""
