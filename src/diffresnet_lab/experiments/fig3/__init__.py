"""Fig. 3: diffusion alone turns XOR into four points."""
