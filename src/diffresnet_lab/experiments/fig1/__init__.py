"""Fig. 1: the network, drawn, and its layers as they are built."""
