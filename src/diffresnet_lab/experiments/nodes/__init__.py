"""What the experiments of node classification share: graphs, results of models, verdicts."""
