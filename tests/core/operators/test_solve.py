import numpy as np
import pytest
import torch

from diffresnet.operators.solve import bicgstab, conjugate_gradient
from graph_cases import features, laplacian, weights


def system(kind, n=20, gamma=5.0):
    return torch.from_numpy(np.eye(n) + gamma * laplacian(weights(kind, n)))


@pytest.mark.parametrize(
    ("solve", "kind"),
    [(conjugate_gradient, "symmetric"), (bicgstab, "symmetric"), (bicgstab, "none")],
)
class TestSolvers:
    @pytest.mark.parametrize("tol", [1e-2, 1e-6, 1e-12])
    def test_residual(self, solve, kind, tol):
        a, b = system(kind), features(20)
        x = solve(lambda y: a @ y, b, tol)
        assert bool(((b - a @ x).norm(dim=0) <= 1.01 * tol * b.norm(dim=0) + 1e-13).all())

    def test_columns_of_different_size_and_a_zero_one(self, solve, kind):
        a, b = system(kind), features(20, 4) * torch.tensor([1e-8, 1.0, 1e8, 0.0])
        x = solve(lambda y: a @ y, b, 1e-10)
        np.testing.assert_array_equal(x[:, 3], 0.0)
        expected = torch.linalg.solve(a, b)
        assert bool(((x - expected).norm(dim=0) <= 1e-8 * expected.norm(dim=0)).all())

    def test_identity_takes_no_time(self, solve, kind):
        b = features(20)
        assert torch.allclose(solve(lambda y: y, b, 1e-12), b)

    def test_asks_no_more_than_single_precision_holds(self, solve, kind):
        a, b = system(kind).float(), features(20, dtype=torch.float32)
        x = solve(lambda y: a @ y, b, 1e-15)
        assert bool(((b - a @ x).norm(dim=0) <= 1e-5 * b.norm(dim=0)).all())

    def test_says_when_it_fails(self, solve, kind):
        a = system(kind, gamma=1e4)
        with pytest.raises(ArithmeticError, match="did not reach 1e-12 in 2 iterations"):
            solve(lambda y: a @ y, features(20), 1e-12, max_iter=2)

    def test_the_right_hand_side_is_left_alone(self, solve, kind):
        a, b = system(kind), features(20)
        before = b.clone()
        solve(lambda y: a @ y, b, 1e-8)
        assert torch.equal(b, before)


def test_conjugate_gradients_may_overwrite_the_right_hand_side():
    a, b = system("symmetric"), features(20)
    kept = conjugate_gradient(lambda y: a @ y, b, 1e-8)
    residual = b.clone()
    assert torch.equal(conjugate_gradient(lambda y: a @ y, residual, 1e-8, overwrite=True), kept)
    assert torch.allclose(residual, b - a @ kept, atol=1e-7)
