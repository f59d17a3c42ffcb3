"""The laboratory's commands: where each is, what it does in one line, and what it needs."""

from __future__ import annotations

from diffresnet.cli.app import LazyCommand

demo = LazyCommand("diffresnet_lab.cli.demo:demo", "Label handwritten digits and write a report.")
nodes = LazyCommand(
    "diffresnet_lab.cli.nodes:nodes", "Classify the nodes of a graph, with baselines."
)
fewshot = LazyCommand(
    "diffresnet_lab.cli.fewshot:fewshot", "Classify few-shot tasks, with many methods."
)
train_backbone = LazyCommand(
    "diffresnet_lab.cli.train_backbone:train_command", "Train a network from images."
)
embed = LazyCommand(
    "diffresnet_lab.cli.embed:embed_command", "Turn images into a file of features."
)
data = LazyCommand("diffresnet_lab.cli.data:command_group", "List, fetch and verify data sets.")
reproduce = LazyCommand("diffresnet_lab.cli.reproduce:reproduce", "Run an experiment of the paper.")
bench = LazyCommand("diffresnet_lab.cli.reproduce:bench", "Compare with peers on the same labels.")
