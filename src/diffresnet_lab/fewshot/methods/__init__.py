"""One few-shot method a file."""
