"""Stiffness (appendix A): how long a diffusion step may be, and what to do about it."""
