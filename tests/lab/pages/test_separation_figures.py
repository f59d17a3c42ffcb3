import numpy as np

from diffresnet_lab.pages.figures.separation import image_pairs, ratios_over_time, threshold_curves
from diffresnet_lab.pages.style import png


def test_thresholds_have_a_line_a_dimension_on_one_scale():
    figure = threshold_curves((3, 4), {2: (1.0, 2.0), 5: (2.0, 3.0)}, {2: (4, 8), 5: (9, 20)})
    left, right = figure.axes
    assert [list(line.get_ydata()) for line in left.lines] == [[1, 2], [2, 3]]
    assert [list(line.get_ydata()) for line in right.lines] == [[4, 8], [9, 20]]
    assert len({line.get_marker() for line in left.lines}) == 2
    assert left.get_ylim() == right.get_ylim()
    assert png(figure).startswith(b"\x89PNG")


def test_strength_zero_is_on_the_logarithmic_axis():
    curves = {"one": ((0.0, 1.0, 100.0), (0.1, 1.0, 50.0))}
    figure = ratios_over_time(curves, {"enough": 8.0}, {"here": (1.0, 1.0)})
    (ax,) = figure.axes
    assert list(ax.lines[0].get_xdata()) == [0.5, 1.0, 100.0]
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["0", "1", "10", "100"]
    words = {text.get_text() for text in ax.texts}
    assert words == {"enough", "here"}
    png(figure)


def test_pairs_stand_above_each_other():
    images = [(np.zeros((8, 8)), np.eye(8))] * 3
    figure = image_pairs(images, [("a 1", "a 7")] * 3)
    assert len(figure.axes) == 6
    assert [ax.get_title() for ax in figure.axes[:3]] == ["a 1"] * 3
    assert [ax.get_xlabel() for ax in figure.axes[3:]] == ["a 7"] * 3
    png(figure)
