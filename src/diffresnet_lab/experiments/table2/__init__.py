"""Table II: five methods on the same few-shot tasks, with diffusion inside, outside, not at all."""
