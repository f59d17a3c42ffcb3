"""Figures as objects: nothing here touches pyplot or changes a setting for others."""

from .curves import ratio_curve
from .maps import class_map, plane
from .scores import error_chart

__all__ = ["class_map", "error_chart", "plane", "ratio_curve"]
