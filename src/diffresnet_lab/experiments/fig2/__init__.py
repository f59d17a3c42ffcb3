"""Fig. 2: the structured data assumption, drawn with the D and L of the points that are drawn."""
