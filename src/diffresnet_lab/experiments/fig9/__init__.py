"""Fig. 9: accuracy of few-shot tasks against the step size, at the same total strength."""
