import torch
from hypothesis import given
from hypothesis import strategies as st

from diffresnet_lab.nodes.models.torch_linear import class_scores, torch_linear


def test_as_torch_initialises_it():
    device = torch.device("cpu")
    weight, bias = torch_linear([5, 9], 16, 3, device)
    assert weight.shape == (2, 16, 3)
    assert bias.shape == (2, 3)
    assert float(weight.detach().abs().max()) <= 0.25
    alone, _ = torch_linear([9], 16, 3, device)
    torch.testing.assert_close(alone[0], weight[1])


@given(st.integers(1, 20), st.integers(1, 3), st.integers(1, 9), st.integers(1, 4))
def test_class_scores_are_products_of_each_replica(n, replicas, width, classes):
    z = torch.randn(n, replicas, width, dtype=torch.float64, requires_grad=True)
    head = torch.randn(replicas, width, classes, dtype=torch.float64, requires_grad=True)
    torch.testing.assert_close(class_scores(z, head), torch.einsum("nmf,mfc->nmc", z, head))
    assert torch.autograd.gradcheck(class_scores, (z, head))
