import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from diffresnet.errors import InputError
from diffresnet_lab.theory import linear_margin, separating_flow
from run_cases import banded, banded_cases

PLANE_AND_MORE = st.integers(2, 6)


def moved(net, points):
    with torch.no_grad():
        return net.features(torch.from_numpy(points)).numpy()


@given(banded_cases())
def test_every_label_is_predicted(case):
    names = np.array(["oak", "ash", "elm", "fir", "yew"])[case.classes]
    net = separating_flow(case.points, names, case.direction)
    assert (net.predict(case.points) == names).all()
    assert net.classes.tolist() == sorted(set(names))
    assert all(block.fc1.out_features == 1 for block in net.blocks)
    assert net(torch.from_numpy(case.points)).dtype == torch.float64


@given(banded_cases(bands=st.integers(2, 8)))
def test_the_moved_points_are_linearly_separable(case):
    net = separating_flow(case.points, case.classes, case.direction)
    assert linear_margin(moved(net, case.points), case.classes).separable


@given(banded_cases())
def test_blocks_are_as_many_as_stated(case):
    net = separating_flow(case.points, case.classes, case.direction)
    runs, classes = len(net.intervals), len(net.classes)
    assert runs == case.bands.max() + 1
    assert len(net.blocks) <= net.bounds.blocks <= 2 * max(runs - 2, runs - classes)
    if classes == 2:
        assert len(net.blocks) == net.bounds.blocks == runs - 2
    if runs == classes:
        assert len(net.blocks) == net.bounds.blocks == 0


@given(banded_cases(dimensions=PLANE_AND_MORE, bands=st.integers(2, 12)))
def test_margin_and_strength_keep_their_bounds_whatever_the_number_of_runs(case):
    net = separating_flow(case.points, case.classes, case.direction)
    assert net.strength <= net.bounds.strength * (1 + 1e-9)
    distance = net.distance(case.points, case.classes)
    assert distance >= net.bounds.distance * (1 - 1e-6)
    # Against the definition: planes between classes, one pair and one point at a time.
    x = moved(net, case.points)
    weights = net.classifier.weight.detach().numpy()
    bias = net.classifier.bias.detach().numpy()
    own = np.searchsorted(net.classes, case.classes)
    dense = min(
        ((weights[a] - weights[b]) @ point + bias[a] - bias[b])
        / np.linalg.norm(weights[a] - weights[b])
        for a, point in zip(own, x, strict=True)
        for b in range(len(net.classes))
        if b != a
    )
    assert distance == pytest.approx(dense, rel=1e-6)


@given(banded_cases(dimensions=PLANE_AND_MORE))
def test_no_block_changes_the_position_along_the_direction(case):
    net = separating_flow(case.points, case.classes, case.direction)
    assert net.is_flow
    x = torch.from_numpy(case.points)
    _, positions = net.trajectory(x)
    along = positions @ case.direction
    scale = np.abs(positions).max()
    np.testing.assert_allclose(along, np.tile(along[0], (len(along), 1)), atol=1e-13 * scale)


@pytest.mark.parametrize(("d", "classes"), [(2, 2), (4, 3)])
def test_a_block_is_the_exact_flow_of_its_field(d, classes):
    case = banded(11, d, 6, classes, 1.0, 1.0)
    net = separating_flow(case.points, case.classes, case.direction)
    assert len(net.blocks) >= 4
    x = torch.from_numpy(case.points)
    times, positions = net.trajectory(x, steps=2)
    assert times.tolist() == [0.5 * k for k in range(2 * len(net.blocks) + 1)]
    np.testing.assert_array_equal(positions[-1], moved(net, case.points))

    def field(t, flat):
        with torch.no_grad():
            at = torch.from_numpy(flat.reshape(case.points.shape))
            return net.velocity(t, at).numpy().ravel()

    state = case.points.ravel()
    for k in range(len(net.blocks)):  # the field jumps in time between blocks
        ends = (k, np.nextafter(k + 1.0, 0.0))
        solved = solve_ivp(
            field, ends, state, t_eval=[k + 0.5, ends[1]], rtol=1e-10, atol=1e-10, method="DOP853"
        )
        state = solved.y[:, -1]
        for column, index in ((0, 2 * k + 1), (1, 2 * k + 2)):
            expected = positions[index].ravel()
            scale = np.abs(expected).max()
            np.testing.assert_allclose(solved.y[:, column], expected, rtol=0, atol=1e-8 * scale)
    assert not net.velocity(float(len(net.blocks)), x).any()
    assert not net.velocity(-0.5, x).any()


@given(banded_cases(), st.integers(0, 2**31))
def test_the_order_of_points_changes_nothing(case, seed):
    order = np.random.default_rng(seed).permutation(len(case.points))
    net = separating_flow(case.points, case.classes, case.direction)
    other = separating_flow(case.points[order], case.classes[order], case.direction)
    assert len(net.blocks) == len(other.blocks)
    assert (other.predict(case.points) == case.classes).all()
    np.testing.assert_allclose(net.strength, other.strength, rtol=1e-6)


@given(banded_cases(bands=st.integers(3, 8)), st.sampled_from([1e-9, 3.0, 1e9]))
def test_neither_the_length_of_the_direction_nor_its_sign_matters(case, length):
    net = separating_flow(case.points, case.classes, case.direction)
    same = separating_flow(case.points, case.classes, length * case.direction)
    turned = separating_flow(case.points, case.classes, -case.direction)
    assert len(net.blocks) == len(same.blocks)
    assert len(turned.intervals) == len(net.intervals)
    assert (turned.predict(case.points) == case.classes).all()


def test_tensors_are_taken_and_no_random_number_is_drawn():
    case = banded(5, 3, 5, 2, 0.5, 1.0)
    before = torch.random.get_rng_state()
    net = separating_flow(
        torch.from_numpy(case.points).requires_grad_(),
        torch.from_numpy(case.classes),
        torch.from_numpy(case.direction),
    )
    assert torch.equal(before, torch.random.get_rng_state())
    assert (net.predict(torch.from_numpy(case.points)) == case.classes).all()
    given_arrays = separating_flow(case.points, case.classes, case.direction)
    for one, other in zip(net.parameters(), given_arrays.parameters(), strict=True):
        assert torch.equal(one, other)


def test_the_diagonal_of_a_square_takes_one_block():
    corners = np.array([[0.0, 0.0], [1.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    net = separating_flow(corners, [0, 0, 1, 1], [1.0, 1.0])
    (block,) = net.blocks
    crease = -block.fc1.bias.detach() / block.fc1.weight.detach().norm()
    assert float(crease) == pytest.approx(np.sqrt(0.5))
    with pytest.raises(InputError, match="4 of 4 points lie at one position"):
        separating_flow(corners, [0, 0, 1, 1], [1.0, 0.0])


def test_subsets_that_overlap_are_refused():
    rng = np.random.default_rng(0)
    points = rng.standard_normal((50, 3))
    subsets = np.arange(50) % 5
    with pytest.raises(InputError, match="47 of 50 points lie between points of another subset"):
        separating_flow(points, subsets % 2, [1.0, 2.0, 3.0], subsets=subsets)
    # Without subsets every point may be one: it takes about as many blocks as labels change.
    net = separating_flow(points, subsets % 2, [1.0, 2.0, 3.0])
    assert len(net.blocks) == len(net.intervals) - 2 > 15
    assert (net.predict(points) == subsets % 2).all()


@pytest.mark.parametrize("d", [1, 2, 5])
def test_one_class_and_one_run_each_take_no_block(d):
    case = banded(1, d, 3, 3, 1.0, 1.0)
    names = np.full(len(case.points), "only")
    alone = separating_flow(case.points, names, case.direction)
    assert alone.distance(case.points, names) == np.inf
    assert len(alone.blocks) == 0
    assert (alone.predict(case.points) == "only").all()
    each = separating_flow(case.points, case.bands, case.direction)
    assert len(each.blocks) == 0
    assert (each.predict(case.points) == case.bands).all()


def test_duplicates_of_one_class_change_nothing():
    case = banded(2, 2, 6, 2, 1.0, 1.0)
    net = separating_flow(case.points, case.classes, case.direction)
    twice = separating_flow(np.tile(case.points, (2, 1)), np.tile(case.classes, 2), case.direction)
    np.testing.assert_allclose(net.strength, twice.strength)


@pytest.mark.parametrize("d", [1, 2, 3, 8])
@pytest.mark.parametrize(("width", "gap"), [(1e-7, 1.0), (1e-7, 1e-7), (1.0, 1e-7)])
def test_tiny_clusters_far_from_the_origin_are_right(d, width, gap):
    case = banded(7, d, 4, 2, width, gap)
    points = case.points + 1e6
    net = separating_flow(points, case.classes, case.direction)
    assert (net.predict(points) == case.classes).all()


def test_gaps_below_rounding_are_refused():
    case = banded(7, 2, 6, 2, 1e-7, 1e-8)
    with pytest.raises(InputError, match=r"too narrow for float64|does not separate the classes"):
        separating_flow(case.points + 1e9, case.classes, case.direction)


@pytest.mark.parametrize(
    ("points", "labels", "direction", "message"),
    [
        ([[0.0, np.nan]], [0], [1.0, 0.0], "NaN"),
        ([0.0, 1.0], [0, 1], [1.0], "points must be"),
        (np.zeros((0, 2)), [], [1.0, 0.0], "points must be"),
        ([[0.0], [1.0]], [0], [1.0], "one label a point"),
        ([[0.0], [1.0]], [0, "a", 2], [1.0], "one label a point"),
        ([[0.0], [1.0]], np.array([0, "a"], dtype=object), [1.0], "one type"),
        ([[0.0], [1.0]], [0, 1], [0.0], "not zero"),
        ([[0.0], [1.0]], [0, 1], [np.inf], "finite"),
        ([[0.0], [1.0]], [0, 1], [np.nan], "finite"),
        ([[0.0], [1.0]], [0, 1], [1.0, 0.0], r"direction must be \(1,\)"),
    ],
)
def test_bad_input_is_refused(points, labels, direction, message):
    with pytest.raises(InputError, match=message):
        separating_flow(points, labels, direction)
