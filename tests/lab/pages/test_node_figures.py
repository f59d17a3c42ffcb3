import pytest

from diffresnet_lab.pages.figures.accuracies import Dot, accuracy_dots
from diffresnet_lab.pages.figures.depth import FLOOR, DepthCurve, depth_figure
from diffresnet_lab.pages.style import png


def test_models_missing_from_a_panel_keep_their_row():
    first = {"ours": Dot(80.0, 0.5, ours=True), "gcn": Dot(78.0, float("nan"), 81.5)}
    figure = accuracy_dots({"Cora": first, "Pubmed": {"ours": Dot(70.0, 1.0)}})
    one, two = figure.axes
    assert [label.get_text() for label in one.get_yticklabels()] == ["ours", "gcn"]
    assert (len(one.collections), len(two.collections)) == (3, 1)  # two bars, one quoted; one bar
    (entries,) = (figure.legends[0].get_texts(),)
    assert [entry.get_text() for entry in entries] == ["Diff-ResNet", "others", "quoted"]
    assert png(figure).startswith(b"\x89PNG")


def test_no_quoted_mark_where_nothing_is_quoted():
    figure = accuracy_dots({"Cora": {"ours": Dot(80.0, 0.5)}})
    assert len(figure.legends[0].get_texts()) == 2


def test_two_rows_of_panels_and_a_floor():
    curve = DepthCurve((2, 8, 32), (80.0, 70.0, 30.0), (1.0,) * 3, (0.1, 1e-4, 0.0), (0.1,) * 3)
    figure = depth_figure(
        {"Cora": {"GCN": curve}, "Pubmed": {"GCN": curve}}, {"Cora": 0.08, "Pubmed": 0.1}
    )
    above, _, below, other = figure.axes
    assert above.get_title() == "Cora"
    assert [tick.get_text() for tick in below.get_xticklabels()] == ["2", "8", "32"]
    after, before, constant = below.lines
    assert min(before.get_ydata()) == FLOOR
    assert list(after.get_ydata()) == [0.1] * 3
    assert constant.get_ydata()[0] == 0.08
    assert other.get_ylim() == below.get_ylim() == pytest.approx((FLOOR / 3, 3.0))
    assert png(figure).startswith(b"\x89PNG")
