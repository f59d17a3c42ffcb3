"""Few-shot methods, one a file, each with the `SPEC` that registers it."""
