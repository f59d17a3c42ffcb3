"""Networks with diffusion under torch.compile.

In processes of their own: the checks of annotations that other tests run under are compiled too.
"""

import os
import shutil
import subprocess
import sys

import pytest

CODE = """
import numpy as np
import scipy.sparse as sp
import torch
from torch import nn
from torch._dynamo.utils import counters

from diffresnet import DiffResNet, DiffusionLayer
from diffresnet.flow import ExplicitEuler, diffuse
from diffresnet.operators import SparseLaplacian, as_laplacian

rng = np.random.default_rng(0)
N = 30
W = sp.random_array((N, N), density=0.2, rng=rng)
W = sp.csr_array(W + W.T) / 10
DENSE = torch.from_numpy(W.toarray())
EDGES = torch.from_numpy(np.array(W.nonzero()[::-1]))
GRAPH = SparseLaplacian(W, dtype=torch.float64)
X = torch.from_numpy(rng.standard_normal((N, 8)))


def outcome(model, run, x, inputs):
    model.zero_grad()
    x = x.clone().requires_grad_()
    out = run(x, *inputs)
    out.square().sum().backward()
    return [out.detach(), x.grad, *(p.grad for p in model.parameters() if p.grad is not None)]


def check(model, x, *inputs, backend, graphs):
    torch._dynamo.reset()
    counters.clear()
    model = model.double()
    compiled = torch.compile(model, backend=backend)
    expected = [t.clone() for t in outcome(model, model, x, inputs)]
    for _ in range(10):  # more often than a function may be compiled anew
        got = outcome(model, compiled, x, inputs)
        assert len(got) == len(expected)
        for one, other in zip(got, expected, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)
    assert counters["stats"]["unique_graphs"] == graphs, counters
    breaks = counters["graph_break"]
    assert all("compiler" in reason and "disable" in reason for reason in breaks), breaks
"""

EVERY_FORM = """
def net(**options):
    torch.manual_seed(0)
    return DiffResNet(8, 5, blocks=2, gamma=0.3, steps=3, **options)


# The two blocks are one function, and the classifier is another.
for inputs in ((), (GRAPH,), (W,), (DENSE,), (EDGES, torch.full((W.nnz,), 0.01))):
    check(net(), X, *inputs, backend="eager", graphs=2)
for options in ({"learn_gamma": True}, {"method": "heat"}, {"method": "implicit"}):
    check(net(**options), X, GRAPH, backend="aot_eager", graphs=2)
check(net(), X[:24].reshape(3, 8, 8), backend="aot_eager", graphs=2)
check(DiffusionLayer(0.3, 3, learn_gamma=True), X, GRAPH, backend="eager", graphs=0)


class Line(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(8, 8), nn.Linear(8, 3)
        self.layer = DiffusionLayer(0.3, 3)

    def forward(self, x, graph=None):
        x = self.layer(self.first(x).relu(), graph)
        x = diffuse(as_laplacian(graph, dtype=x.dtype), x, ExplicitEuler(0.1, 2))
        return self.last(x)


check(Line(), X, W, backend="aot_eager", graphs=2)

# Twenty graphs of as many numbers of points are not compiled one by one.
torch._dynamo.reset()
counters.clear()
compiled = torch.compile(net().double(), backend="eager")
for n in range(10, 30):
    compiled(X[:n], SparseLaplacian(W[:n, :n], dtype=torch.float64))
assert counters["stats"]["unique_graphs"] < 10, counters

# Errors stay what they are.
try:
    compiled(X[:5], GRAPH)
except ValueError as error:
    assert "features of 5 points cannot move on a graph of 30" in str(error)
else:
    raise AssertionError
"""

DEFAULT_BACKEND = """
check(DiffResNet(8, 5, gamma=0.3, learn_gamma=True), X, GRAPH, backend="inductor", graphs=2)
"""


def run(code):
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=os.environ
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""  # what the compiler logs, and warnings


def test_compiled_networks_agree_in_every_form():
    run(CODE + EVERY_FORM)


@pytest.mark.skipif(shutil.which("g++") is None, reason="the default backend needs a C++ compiler")
def test_compiled_by_the_default_backend():
    run(CODE + DEFAULT_BACKEND)


def test_the_compiler_is_imported_by_those_who_compile_only():
    run(
        "import sys, torch, diffresnet\n"
        "diffresnet.DiffResNet(4, 2)(torch.randn(9, 4)).sum().backward()\n"
        "diffresnet.DiffusionClassifier\n"
        "sys.exit('torch._dynamo' in sys.modules)"
    )
