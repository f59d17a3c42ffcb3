import subprocess
import sys
import xml.etree.ElementTree as ET

import matplotlib
import numpy as np
import pytest

from diffresnet_lab.pages.figures import class_map, error_chart, plane, ratio_curve
from diffresnet_lab.pages.palette import CARD, CLASSES, INK, class_colours, legible_on, series
from diffresnet_lab.pages.style import svg

RNG = np.random.default_rng(0)
POINTS = RNG.standard_normal((60, 2))
CLASSES_OF = np.repeat(np.arange(10), 6)
LABELLED = np.arange(60) % 6 == 0


def test_svg_is_well_formed_repeatable_and_changes_no_setting():
    before = dict(matplotlib.rcParams)
    first = svg(plane(POINTS, CLASSES_OF % 2, (0.0, 0.0), 3.0))
    assert first == svg(plane(POINTS, CLASSES_OF % 2, (0.0, 0.0), 3.0))
    assert ET.fromstring(first).tag == "{http://www.w3.org/2000/svg}svg"
    assert dict(matplotlib.rcParams) == before


def test_plane_shows_its_square_and_a_marker_a_class():
    figure = plane(POINTS, CLASSES_OF % 2, (1.0, -1.0), 2.0)
    (ax,) = figure.axes
    svg(figure)  # drawing must not move the limits
    assert ax.get_xlim() == (-1.0, 3.0)
    assert ax.get_ylim() == (-3.0, 1.0)
    assert [len(dots.get_offsets()) for dots in ax.collections] == [30, 30]


def test_class_map_has_stars_and_a_badge_a_class():
    (ax,) = class_map(POINTS, CLASSES_OF, LABELLED).axes
    dots, stars = ax.collections
    assert len(dots.get_offsets()) == 50
    assert len(stars.get_offsets()) == 10
    assert [text.get_text() for text in ax.texts] == [str(c) for c in range(10)]


def test_class_map_takes_names():
    (ax,) = class_map(POINTS, CLASSES_OF % 2, LABELLED, names=["cat", "dog"]).axes
    assert [text.get_text() for text in ax.texts] == ["cat", "dog"]


def test_ratio_curve_is_logarithmic_with_marks_and_theory():
    steps = np.arange(11)
    figure = ratio_curve(steps, 0.5 * 1.1**steps, marked=(0, 10), growth=1.1)
    (ax,) = figure.axes
    measured, theory, marks = ax.lines
    assert ax.get_yscale() == "log"
    np.testing.assert_allclose(theory.get_ydata(), measured.get_ydata())
    assert marks.get_xdata().tolist() == [0, 10]
    svg(figure)


def test_error_chart_shows_every_draw_and_the_means():
    scores = {"a": {1: np.array([80.0, 90.0])}, "b": {1: np.array([50.0, 70.0])}}
    figure = error_chart(scores, "labels")
    (ax,) = figure.axes
    assert [len(dots.get_offsets()) for dots in ax.collections] == [2, 2]
    means = [line.get_ydata()[0] for line in ax.lines]
    assert means[:2] == pytest.approx([15.0, 40.0])
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a", "b"]
    svg(figure)


def test_error_chart_takes_one_method_and_no_errors():
    svg(error_chart({"a": {1: np.array([100.0, 99.0]), 5: np.array([100.0, 100.0])}}, "labels"))


def test_pyplot_is_not_imported():
    code = "import sys, diffresnet_lab.pages.figures; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_series_are_told_apart():
    pairs = [series(index) for index in range(14)]
    assert len(set(pairs)) == 14
    assert len(set(class_colours(10))) == 10
    assert class_colours(12)[10] == CLASSES[0]


@pytest.mark.parametrize("colour", CLASSES)
def test_badges_are_legible(colour):
    def luminance(text):
        c = np.array([int(text[at : at + 2], 16) / 255 for at in (1, 3, 5)])
        return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4) @ (
            0.2126,
            0.7152,
            0.0722,
        )

    on = legible_on(colour)
    assert on in (INK, CARD)
    low, high = sorted((luminance(on), luminance(colour)))
    assert (high + 0.05) / (low + 0.05) > 3.0  # large or bold text
