"""The classifier of few labels beside its peers, on the same draws of labels."""
