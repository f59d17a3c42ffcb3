import numpy as np
import pytest

from diffresnet_lab.pages.figures.levels import Curve, level_panels
from diffresnet_lab.pages.style import svg

NAN = float("nan")


def curves(**of):
    return {(index, name): Curve(*curve) for index, (name, curve) in enumerate(of.items())}


def lines(ax):
    return [container.lines[0] for container in ax.containers]


def test_a_panel_each_with_every_level_named():
    both = curves(ours=((1, 5, 20), (60, 70, 80), (1, 1, 1)), gcn=((1, 20), (55, 81), (NAN, NAN)))
    figure = level_panels({"Cora": both, "Citeseer": both}, "labels", logarithmic=True)
    svg(figure)
    assert [ax.get_title() for ax in figure.axes] == ["Cora", "Citeseer"]
    for ax in figure.axes:
        assert [text.get_text() for text in ax.get_xticklabels()] == ["1", "5", "20"]
        np.testing.assert_allclose(ax.get_xticks(), np.log([1, 5, 20]))
        ours, gcn = lines(ax)
        assert list(ours.get_ydata()) == [60, 70, 80]
        assert list(gcn.get_ydata()) == [55, 81]
        assert ours.get_color() != gcn.get_color()
        assert ours.get_marker() != gcn.get_marker()
        # Side by side, but nearer to their own level than a fiftieth of the panel.
        np.testing.assert_allclose(ours.get_xdata(), np.log([1, 5, 20]), atol=0.02 * np.log(20))
        assert (ours.get_xdata()[[0, 2]] < gcn.get_xdata()).all()
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["ours", "gcn"]


def test_the_legend_takes_the_free_place():
    one = curves(ours=((0, 10), (80, 70), (1, 1)))
    figure = level_panels(dict.fromkeys(("edges", "features", "labels"), one), "damaged, %")
    svg(figure)
    assert not figure.legends
    *panels, free = figure.axes
    assert len(panels) == 3
    assert not free.axison
    assert [text.get_text() for text in free.get_legend().get_texts()] == ["ours"]
    assert panels[0].get_xlabel() == "damaged, %"


def test_a_curve_keeps_its_look_where_others_are_missing():
    whole = curves(ours=((1, 2), (60, 70), (1, 1)), gcn=((1, 2), (55, 65), (1, 1)))
    part = {key: curve for key, curve in whole.items() if key[1] == "gcn"}
    figure = level_panels({"a": whole, "b": part}, "labels")
    first, second = figure.axes
    assert lines(first)[1].get_color() == lines(second)[0].get_color()
    assert lines(first)[1].get_marker() == lines(second)[0].get_marker()


@pytest.mark.parametrize("panels", [1, 2, 3, 4])
def test_any_number_of_panels(panels):
    one = curves(ours=((5,), (80,), (1,)))
    figure = level_panels({str(i): one for i in range(panels)}, "labels")
    svg(figure)
    assert sum(ax.axison for ax in figure.axes) == panels
