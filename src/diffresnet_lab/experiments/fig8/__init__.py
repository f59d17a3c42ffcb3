"""Fig. 8: accuracy of few-shot tasks against the total strength of diffusion, t = gamma r."""
