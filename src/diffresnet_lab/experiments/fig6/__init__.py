"""Fig. 6: the features of a few-shot task before and after diffusion, by t-SNE."""
