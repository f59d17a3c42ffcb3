"""The theorems of the paper as code that can be run and checked."""

from .class_intervals import ClassIntervals, class_intervals
from .directions import SeparatingDirection, projection_gaps, separating_direction
from .flow_bounds import FlowBounds, flow_bounds
from .margin import LinearMargin, linear_margin, separates
from .separating_flow import SeparatingFlow, separating_flow
from .sufficient_ratio import failure_probability, sufficient_ratio

__all__ = [
    "ClassIntervals",
    "FlowBounds",
    "LinearMargin",
    "SeparatingDirection",
    "SeparatingFlow",
    "class_intervals",
    "failure_probability",
    "flow_bounds",
    "linear_margin",
    "projection_gaps",
    "separates",
    "separating_direction",
    "separating_flow",
    "sufficient_ratio",
]
