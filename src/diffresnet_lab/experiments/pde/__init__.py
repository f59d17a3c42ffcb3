"""The paper's future work: a diffusion PDE instead of an ODE, on the plane."""
