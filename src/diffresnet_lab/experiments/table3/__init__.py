"""Table III: few-shot methods with every transform, on equal and on unequal numbers of queries."""
