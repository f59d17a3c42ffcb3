import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from diffresnet.graphs.layers.dropout import dropout


@given(st.integers(0, 50), st.integers(1, 9), st.sampled_from([0.0, 0.1, 0.5, 0.9]))
def test_dropout_keeps_entries_or_drops_them_and_so_does_its_gradient(n, width, p):
    x = (torch.rand(n, width) + 1.0).requires_grad_()
    y = dropout(x, p, 5)
    y.sum().backward()
    kept = y.detach() != 0.0
    scale = 65536 / (65536 - round(65536 * p))
    torch.testing.assert_close(y.detach()[kept], scale * x.detach()[kept])
    torch.testing.assert_close(x.grad, scale * kept.float())


def test_dropout_drops_as_many_as_said():
    y = dropout(torch.ones(1000, 100), 0.35, 1)
    assert float((y == 0).float().mean()) == pytest.approx(0.35, abs=0.005)
    assert not torch.equal(y, dropout(torch.ones(1000, 100), 0.35, 2))
    assert torch.equal(y, dropout(torch.ones(1000, 100), 0.35, 1))
