"""The paper's figures and tables, and what the demo shows: one file each."""
