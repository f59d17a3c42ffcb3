"""A small CNN for the digits, with and without a diffusion layer: three lines differ."""

import torch
from sklearn.datasets import load_digits
from torch import nn

from diffresnet import DiffusionLayer  # 1


class CNN(nn.Module):
    def __init__(self, diffusion: bool) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        )  # fmt: skip
        self.diffuse = DiffusionLayer(gamma=0.5, steps=6) if diffusion else nn.Identity()  # 2
        self.head = nn.Linear(32 * 4, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.diffuse(self.body(x))  # 3: the graph of the batch itself
        return self.head(x)


def accuracy(diffusion: bool, seed: int, per_class: int = 5) -> float:
    torch.manual_seed(seed)
    digits = load_digits()
    x = torch.from_numpy(digits.images).float()[:, None] / 16
    y = torch.from_numpy(digits.target).long()
    order = torch.randperm(len(y))
    labelled = torch.cat([order[y[order] == c][:per_class] for c in range(10)])
    net = CNN(diffusion)
    optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
    for _ in range(30):
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(x)[labelled], y[labelled]).backward()
        optimizer.step()
    rest = torch.ones(len(y), dtype=torch.bool)
    rest[labelled] = False
    with torch.no_grad():
        return float((net(x).argmax(1) == y)[rest].float().mean())


if __name__ == "__main__":
    for diffusion in (False, True):
        runs = torch.tensor([accuracy(diffusion, seed) for seed in range(3)])
        mean, spread = 100 * runs.mean(), 100 * runs.std()
        name = "with diffusion" if diffusion else "without"
        print(f"{name:15s} {mean:.1f} +- {spread:.1f} % of the unlabelled digits are right")
