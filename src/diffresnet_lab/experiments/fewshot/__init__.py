"""What the few-shot tables and figures share: feature sets, runs that can go on, curves, words."""
