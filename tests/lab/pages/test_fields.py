import numpy as np

from diffresnet_lab.pages.figures.fields import (
    FieldRow,
    SweepPanel,
    convergence_chart,
    field_panels,
    slope_chart,
    sweep_panels,
)
from diffresnet_lab.pages.style import svg

RNG = np.random.default_rng(0)


def test_field_panels_show_every_field_over_its_square():
    ramp = np.linspace(0, 1, 8)[:, None] * np.ones(8)
    row = FieldRow(
        "moon",
        RNG.standard_normal((20, 2)),
        np.arange(20) % 2,
        np.stack([ramp, 0 * ramp]),
        ("σ = 0", "σ = 1"),
        (1.0, 2.0),
        3.0,
    )
    figure = field_panels([row, row])
    svg(figure)
    assert len(figure.axes) == 4
    first, second = figure.axes[:2]
    assert first.get_xlim() == (-2.0, 4.0)
    assert first.get_ylim() == (-1.0, 5.0)
    assert [ax.get_title() for ax in (first, second)] == ["σ = 0", "σ = 1"]
    assert first.get_ylabel() == "moon"
    # The first field crosses one half along x = 1; the second never does, and has no line.
    (line,) = [c for c in first.collections if hasattr(c, "levels")]
    np.testing.assert_allclose(line.get_paths()[0].vertices[:, 0], 1.0)
    assert not [c for c in second.collections if hasattr(c, "levels")]
    # x runs to the right: the picture is transposed for matplotlib.
    np.testing.assert_array_equal(first.images[0].get_array(), ramp.T)


def test_convergence_chart_has_a_line_a_scheme_and_set():
    errors = {"network": {"moon": [0.4, 0.2]}, "strang": {"moon": [0.1, 0.025]}}
    figure = convergence_chart((1, 2), errors, "steps")
    svg(figure)
    (ax,) = figure.axes
    assert [line.get_ydata().tolist() for line in ax.lines] == [[0.4, 0.2], [0.1, 0.025]]
    assert len({line.get_linestyle() for line in ax.lines}) == 2
    assert ax.get_yscale() == "log"


def test_sweep_panels_share_a_legend_and_a_colour_a_measure():
    curves = {
        "clean, at test": ((0.0, 0.1), (90.0, 91.0), (1.0, 1.0)),
        "clean, in training": ((0.1,), (92.0,), (0.5,)),
    }
    panel = SweepPanel("moon", curves, frozenset({"clean, in training"}))
    figure = sweep_panels([panel, panel, panel], "σ", "accuracy")
    svg(figure)
    assert [ax.get_visible() for ax in figure.axes] == [True, True, True, False]
    full, dashed = (bars.lines[0] for bars in figure.axes[0].containers)
    assert full.get_color() == dashed.get_color()
    assert full.get_markerfacecolor() != dashed.get_markerfacecolor()
    assert dashed.get_xdata().tolist() == [1]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == list(curves)


def test_slope_chart_has_what_was_measured_and_what_was_proved():
    figure = slope_chart((0.1, 0.2), {"moon": (3, 2)}, (2, 1), {"moon": (5, 4)})
    svg(figure)
    (ax,) = figure.axes
    drawn = [list(line.get_ydata()) for line in ax.lines if len(line.get_ydata())]
    assert drawn == [[3, 2], [5, 4], [2, 1]]
