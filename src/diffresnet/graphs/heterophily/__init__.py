"""Heterophily: homophily estimated from labels, and a mixture of channels where it is low."""
