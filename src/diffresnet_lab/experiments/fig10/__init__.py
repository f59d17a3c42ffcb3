"""Fig. 10: what diffusion steps cost and bring, at the same total strength."""
