"""Few-shot classification: tasks, methods that are batched over tasks, and their evaluation."""
