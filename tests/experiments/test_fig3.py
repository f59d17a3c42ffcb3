import numpy as np
import pytest

from diffresnet.errors import InputError
from diffresnet_lab.experiments.base import RunConfig
from diffresnet_lab.experiments.fig3.page import EXPERIMENT
from diffresnet_lab.experiments.fig3.study import xor_motion

MEASURED = [
    (0, 1.482, 0.542, 0.366),
    (1, 1.134, 0.912, 0.804),
    (10, 0.470, 1.472, 3.13),
    (20, 0.219, 1.606, 7.35),
    (100, 4.9e-4, 1.708, 3.5e3),
    (200, 2.4e-7, 1.708, 7.2e6),
]


@pytest.fixture(scope="module")
def motion():
    return xor_motion([step for step, *_ in MEASURED])


@pytest.mark.parametrize(("index", "expected"), list(enumerate(MEASURED)))
def test_the_geometry_is_the_measured_one(motion, index, expected):
    row = list(motion.rows())[index]
    assert list(row) == ["step", "diameter", "distance", "ratio"]
    digits = 2e-2 if expected[0] >= 100 else 2.5e-3  # as many as were written down
    assert tuple(row.values()) == pytest.approx(expected, rel=digits)


def test_positions_are_those_of_the_steps(motion):
    assert motion.positions.shape == (6, 400, 2)
    np.testing.assert_array_equal(motion.positions[0], motion.data.points)
    assert motion.positions.dtype == np.float64


def test_late_growth_is_that_of_the_spectrum(motion):
    assert 1.0 / motion.growth == pytest.approx(0.9265, abs=1e-4)
    late = (motion.ratio[-1] / motion.ratio[-2]) ** (1 / 100)
    assert late == pytest.approx(motion.growth, rel=1e-4)


def test_looking_between_does_not_change_the_motion():
    whole, pieces = xor_motion((7,)), xor_motion((0, 3, 7))
    np.testing.assert_allclose(whole.positions[-1], pieces.positions[-1], rtol=0, atol=1e-13)


@pytest.mark.parametrize("steps", [(), (3, 1), (1, 1), (-1,)])
def test_steps_that_do_not_ascend_are_refused(steps):
    with pytest.raises(InputError, match="ascending"):
        xor_motion(steps)


def test_the_page_has_a_panel_a_step_and_both_rates():
    (part,) = EXPERIMENT.run(RunConfig(quick=True)).values()
    assert [row["step"] for row in part.rows] == list(range(201))
    assert all(list(row) == ["step", "diameter", "distance", "ratio"] for row in part.rows)
    assert part.values["rate"] == pytest.approx(0.92653, abs=5e-6)
    assert 1.0 / part.values["growth"] == pytest.approx(0.92653, abs=5e-6)
    assert [row["step"] for row in part.values["panels"]] == [0, 1, 10, 20, 200]
    limits = {figure.axes[0].get_xlim() for name, figure in part.figures.items() if "step" in name}
    assert len(limits) == 1
    *panels, curves = part.figures["fig3"].axes
    assert len(panels) == 5
    assert curves.get_yscale() == "log"
    assert [text.get_text() for text in curves.texts] == ["L / D", "D", "L"]
