"""The laboratory of diffresnet: data sets, baselines, few-shot methods, theory, experiments."""
