"""Fig. 7: accuracy of few-shot tasks against ntop, the neighbours that a row keeps."""
