"""Past the protocol: fewer labels, corrupted graphs, and graphs of other kinds."""
