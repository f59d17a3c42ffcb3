"""Figures of the former way to write pages; new ones are made of `pages.plots`."""
