import numpy as np

from diffresnet_lab.pages.figures.bands import Band, band_panels
from diffresnet_lab.pages.figures.cost import Cost, cost_panels
from diffresnet_lab.pages.figures.embedding import Scatter, task_scatters
from diffresnet_lab.pages.style import svg


def test_a_band_is_as_wide_as_its_interval():
    figure = band_panels({"a": Band([1, 2, 4], [50.0, 60.0, 55.0], [1.0, 2.0, 3.0], 2.0)}, "ntop")
    (ax,) = figure.axes
    assert ax.lines[0].get_ydata().tolist() == [50.0, 60.0, 55.0]
    edges = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert (edges.min(), edges.max()) == (49.0, 62.0)
    assert list(ax.lines[1].get_xdata()) == [2.0, 2.0]  # the chosen one
    assert svg(figure).startswith(b"<?xml")


def test_shares_stand_below_and_odd_panels_leave_no_empty_frame():
    band = Band([0.1, 0.5, 3.0], [50.0, 60.0, 20.0], [float("nan")] * 3, 0.5, [0.0, 10.0, 100.0])
    figure = band_panels(dict.fromkeys("abc", band), "γ", logarithmic=True, share_label="past")
    shown = [ax for ax in figure.axes if ax.axison]
    assert len(shown) == 6
    assert shown[2].lines[0].get_ydata().tolist() == [0.0, 10.0, 100.0]
    assert svg(figure)


def test_every_row_of_a_task_is_drawn_once():
    rng = np.random.default_rng(0)
    scatter = Scatter(rng.normal(size=(20, 2)), np.arange(20) % 5, np.arange(20) < 5)
    figure = task_scatters({"1 shot": {"before": scatter, "after": scatter}})
    before = figure.axes[0]
    assert sum(len(c.get_offsets()) for c in before.collections) == 20
    assert sorted(text.get_text() for text in before.texts) == sorted("12345" * 4)
    assert svg(figure)


def test_costs_are_in_milliseconds():
    cost = Cost([0, 2], {"plain": [1.0, 2.0], "exact": [0.1, 0.1]}, [50.0, 60.0], [1.0, 1.0])
    figure = cost_panels(dict.fromkeys("abc", cost))
    shown = [ax for ax in figure.axes if ax.axison]
    assert len(shown) == 6
    assert shown[0].lines[0].get_ydata().tolist() == [1000.0, 2000.0]
    assert svg(figure)


def test_values_on_a_logarithmic_axis_are_written_where_there_is_room():
    x = [1 / 24, 1 / 12, 1 / 8, 1 / 6, 1 / 4, 1 / 3, 1 / 2, 1]
    figure = band_panels({"a": Band(x, x, x, chosen=0.5)}, "step", logarithmic=True)
    written = figure.axes[0].get_xticks()
    assert 0.5 in written
    assert {min(x), max(x)} <= set(written)
    gaps = np.diff(np.log(written))
    assert gaps.min() >= np.log(24) / 6 - 1e-9
