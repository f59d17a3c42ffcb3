"""Tables with labels for some rows: formats, feature columns, and the labelled output."""
