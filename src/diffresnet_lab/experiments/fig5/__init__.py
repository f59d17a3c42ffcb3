"""Fig. 5: what depth does to a GCN and to Diff-ResNet, in accuracy and in Dirichlet energy."""
