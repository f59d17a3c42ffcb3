"""Proposition 1: where subsets are components of the graph, L/D grows exponentially."""
