"""Layers that train several networks side by side on one sparse graph."""
