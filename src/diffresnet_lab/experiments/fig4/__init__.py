"""Fig. 4: what diffusion does to the training of a network of 18 parameters."""
