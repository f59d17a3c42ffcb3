"""Nonlinear diffusion on the graph: does it stand outliers and bridges between classes better?"""
