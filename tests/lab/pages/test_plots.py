import subprocess
import sys
import xml.etree.ElementTree as ET

import matplotlib
import numpy as np
import pytest

from diffresnet_lab.pages.palette import CARD, CLASSES, INK, class_colours, legible_on, series
from diffresnet_lab.pages.plots import (
    Axis,
    Curve,
    Diagram,
    Dots,
    FieldRow,
    LinePanel,
    Rule,
    ScatterPanel,
    dots,
    field_grid,
    heat_map,
    image_pairs,
    lines,
    scatter_grid,
    square_around,
    stack,
)
from diffresnet_lab.pages.style import png, svg

RNG = np.random.default_rng(0)
POINTS = RNG.standard_normal((60, 2))
TEN = np.repeat(np.arange(10), 6)
LABELLED = np.arange(60) % 6 == 0
X = np.array([1.0, 2.0, 4.0])


def texts(artists):
    return [artist.get_text() for artist in artists]


def legend(figure):
    (found,) = figure.legends
    return texts(found.get_texts())


def test_svg_is_well_formed_repeatable_and_changes_no_setting():
    before = dict(matplotlib.rcParams)
    first, second = (svg(scatter_grid([ScatterPanel(POINTS, TEN % 2)])) for _ in range(2))
    assert first == second
    assert ET.fromstring(first).tag == "{http://www.w3.org/2000/svg}svg"
    assert dict(matplotlib.rcParams) == before


class TestLines:
    def test_curves_of_one_label_look_alike_in_all_panels(self):
        first = LinePanel([Curve(X, X, "a"), Curve(X, 2 * X, "b")], "one")
        second = LinePanel([Curve(X, X, "b", error=[1, np.nan, 1])], "two")
        figure = lines([first, second])
        one, two = figure.axes
        assert [ax.get_title() for ax in (one, two)] == ["one", "two"]
        assert one.lines[1].get_color() == two.lines[-1].get_color() != one.lines[0].get_color()
        assert legend(figure) == ["a", "b"]
        svg(figure)

    def test_axes_have_scale_ticks_and_limits(self):
        x = Axis("steps", "log2", ticks=(1, 2, 4), limits=(1, 4))
        y = Axis("L / D", "log", ticks={1: "one"})
        figure = lines([LinePanel([Curve(X, X)], x=x, y=y)])
        (ax,) = figure.axes
        svg(figure)
        assert (ax.get_xlabel(), ax.get_ylabel()) == ("steps", "L / D")
        assert (ax.get_xscale(), ax.get_yscale(), ax.get_xlim()) == ("log", "log", (1, 4))
        assert texts(ax.get_xticklabels()) == ["1", "2", "4"]
        assert texts(ax.get_yticklabels()) == ["one"]
        assert not figure.legends

    def test_bands_rules_and_what_is_special(self):
        panel = LinePanel(
            [Curve(X, X, "mean", band=(X - 1, X + 1), style="dashed", hollow=True)],
            rules=[Rule(2.0, "enough"), Rule(3.0, across="x", label="chosen")],
            draw=lambda ax: ax.set_gid("mine"),
        )
        figure = lines([panel])
        (ax,) = figure.axes
        assert len(ax.collections) == 1
        assert ax.get_gid() == "mine"
        assert texts(ax.texts) == ["enough"]
        assert legend(figure) == ["mean", "chosen"]

    @pytest.mark.parametrize("count", [1, 2, 3, 4])
    def test_any_number_of_panels(self, count):
        panels = [LinePanel([Curve(X, X, "a"), Curve(X, X, "b")])] * count
        figure = lines(panels, legend_free=True)
        assert sum(ax.axison for ax in figure.axes) == count
        free = [ax for ax in figure.axes if not ax.axison]
        assert bool(free) == (count == 3)
        assert bool(figure.legends) != bool(free)
        svg(figure)

    def test_a_mark_on_the_edge_is_whole_and_a_curve_beyond_is_cut(self):
        axis = Axis(limits=(1.0, 4.0))
        figure = lines([LinePanel([Curve(X, X), Curve(2 * X, X)], x=axis)])
        assert [line.get_clip_on() for line in figure.axes[0].lines] == [False, True]


class TestScatter:
    def test_panels_show_their_square_and_a_marker_a_class(self):
        panel = ScatterPanel(POINTS, TEN % 2, "t", frame=((1.0, -1.0), 2.0))
        figure = scatter_grid([panel, panel])
        svg(figure)  # drawing must not move the limits
        ax = figure.axes[0]
        assert (ax.get_xlim(), ax.get_ylim()) == ((-1.0, 3.0), (-3.0, 1.0))
        assert [len(marks.get_offsets()) for marks in ax.collections] == [30, 30]

    def test_points_of_no_class_are_crosses(self):
        classes = np.where(np.arange(60) < 10, -1, 0)
        (ax,) = scatter_grid([ScatterPanel(POINTS, classes)]).axes
        assert [len(marks.get_offsets()) for marks in ax.collections] == [10, 50]

    def test_labelled_points_are_stars_with_a_badge_a_class(self):
        badges = {c: str(c) for c in range(10)}
        (ax,) = scatter_grid([ScatterPanel(POINTS, TEN, labelled=LABELLED, badges=badges)]).axes
        assert texts(ax.texts) == list(badges.values())
        assert sum(len(marks.get_offsets()) for marks in ax.collections[1::2]) == 10

    def test_points_may_bear_the_number_of_their_class(self):
        panel = ScatterPanel(POINTS, TEN, labelled=LABELLED, numbered=True)
        figure = scatter_grid([panel], stars=True)
        assert len(figure.axes[0].texts) == 60
        assert legend(figure)[0] == "labelled"
        many = ScatterPanel(np.tile(POINTS, (3, 1)), np.tile(TEN, 3), "", np.tile(LABELLED, 3))
        crowded = scatter_grid([ScatterPanel(**{**vars(many), "numbered": True})])
        assert len(crowded.axes[0].texts) == 10

    @pytest.mark.parametrize("line", [(2.0, 0.0, -2.0), (0.0, 0.0, 0.0)])
    def test_the_line_that_decides_is_drawn(self, line):
        points = np.array([[0.0, 0.0], [2.0, 0.0], [1.0, 1.0]])
        panel = ScatterPanel(points, np.array([0, 1, 0]), line=np.array(line))
        (ax,) = scatter_grid([panel], row_labels=["row"]).axes
        if any(line):
            np.testing.assert_allclose(ax.lines[0].get_xdata(), 1.0)
        assert ax.get_xlim()[0] < 0.0 < 2.0 < ax.get_xlim()[1]
        assert ax.get_ylabel() == "row"

    def test_a_square_holds_all_points(self):
        (x, y), reach = square_around(POINTS, 1.0)
        assert np.abs(POINTS - (x, y)).max() == pytest.approx(reach)
        svg(scatter_grid([ScatterPanel(np.zeros((2, 2)), np.arange(2), line=np.ones(3))]))


class TestDots:
    def test_every_draw_and_the_means(self):
        series_of = [
            Dots("ours", {1: 15.0, 5: 4.5}, draws={1: [10, 20], 5: [4, 5]}),
            Dots("peer", {1: 30.0}, errors={1: 2.0}),
        ]
        figure = dots({"": series_of}, Axis("wrong", "log"), "labels")
        (ax,) = figure.axes
        assert list(ax.lines[0].get_ydata()) == [15.0, 4.5]
        assert sum(len(marks.get_offsets()) for marks in ax.collections[:2]) == 4
        assert legend(figure) == ["ours", "peer"]
        svg(figure)

    def test_rows_are_shared_and_may_be_missing(self):
        figure = dots(
            {"Cora": [Dots("ours", {"a": 80.0}), Dots("others", {"b": 78.0}, hollow=True)],
             "Pubmed": [Dots("ours", {"a": 70.0}, errors={"a": 1.0})]},
            Axis("accuracy, %"), horizontal=True, side_by_side=False,
        )  # fmt: skip
        one, two = figure.axes
        svg(figure)
        assert texts(one.get_yticklabels()) == ["a", "b"]
        assert list(two.lines[-1].get_ydata()) == [0.0]
        assert one.get_ylim() == two.get_ylim() == (1.5, -0.5)


def test_a_heat_map_has_signs_and_a_frame():
    values = np.array([[1.0, 10.0], [0.1, np.inf]])
    figure = heat_map(
        values, ["3", "4"], ["a", "b"], ("x", "y", "z"), signs=["×○", ("", "×")], frame=(1, 1)
    )
    ax = figure.axes[0]
    svg(figure)
    assert texts(ax.texts) == ["×", "○", "", "×"]
    assert ax.lines[0].get_xdata().tolist() == [1, 2, 2, 1, 1]


def test_fields_have_a_border_where_both_classes_are():
    field = np.linspace(0.0, 1.0, 16).reshape(1, 4, 4)
    row = FieldRow(
        "moon", POINTS, TEN % 2, np.concatenate([field, 0.2 * field]), ("a", "b"), (0.0, 0.0), 2.0
    )
    figure = field_grid([row])
    border, none = figure.axes
    assert len(border.collections) == len(none.collections) + 1
    assert (border.get_ylabel(), border.get_title()) == ("moon", "a")
    svg(figure)


def test_pairs_stand_above_each_other():
    figure = image_pairs([(np.zeros((8, 8)), np.eye(8))] * 3, [("a 1", "a 7")] * 3)
    assert [ax.get_title() for ax in figure.axes[:3]] == ["a 1"] * 3
    assert [ax.get_xlabel() for ax in figure.axes[3:]] == ["a 7"] * 3
    assert png(figure).startswith(b"\x89PNG")


def test_a_diagram_has_boxes_arrows_and_words():
    sheet = Diagram(3.0, 2.0)
    sheet.box((0.5, 0.5), 1.0, 0.5, edge=INK, text="box", dashed=True)
    sheet.arrow((0.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    sheet.circle((1.0, 1.0), 0.1, face=CARD, edge=INK)
    sheet.ellipse((1.0, 1.0), (0.5, 0.2), 30.0, INK)
    assert "box" in texts(sheet.ax.texts)
    assert len(sheet.ax.patches) == 5
    svg(sheet.figure)


def test_plots_stand_below_each_other():
    figure = stack(
        4.0,
        (2.0, lambda part: scatter_grid([ScatterPanel(POINTS, TEN % 2)] * 2, into=part)),
        (1.0, lambda part: lines([LinePanel([Curve(X, X)])], into=part)),
    )
    assert len(figure.axes) == 3
    assert figure.get_size_inches().tolist() == [4.0, 3.0]
    svg(figure)


def test_pyplot_is_not_imported():
    code = "import sys, diffresnet_lab.pages.plots; sys.exit('matplotlib.pyplot' in sys.modules)"
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
