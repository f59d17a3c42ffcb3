"""What `diffresnet demo` shows, from data to page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ...pages.section import Section
from ..fig3 import PANELS, xor_motion, xor_section
from .digits import DigitsSettings, Scores, digits_rows, digits_scores
from .features import feature_motion, features_section
from .section import digits_section, headline


@dataclass(frozen=True)
class Demo:
    """Accuracies, rows of metrics.json, and the sections of the page with their lead."""

    scores: Scores
    rows: list[dict[str, Any]]
    sections: tuple[Section, ...]
    lead: str


def demo_steps(settings: DigitsSettings) -> int:
    """How often `run_demo` advances in all."""
    return settings.fits + 2


def run_demo(settings: DigitsSettings, advance: Callable[[int], Any] | None = None) -> Demo:
    """Label digits, move their features, and move XOR.

    XOR is always the set of the paper, whatever the seed.

    Parameters
    ----------
    advance : called with the number of steps, of `demo_steps` in all, that have been done.
    """
    tell = advance or (lambda steps: None)
    scores = digits_scores(settings, tell)
    # The few labels of the picture: enough to choose a strength by, few enough to be seen.
    counts = settings.labels_per_class
    features = feature_motion(min(counts, key=lambda count: abs(count - 5)), settings.seed)
    tell(1)
    motion = xor_motion(range(PANELS[-1] + 1))
    tell(1)
    sections = (
        digits_section(scores, settings),
        features_section(features),
        xor_section(motion),
    )
    return Demo(scores, list(digits_rows(scores)), sections, headline(scores))
