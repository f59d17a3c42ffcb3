"""Readers and writers of feature tables, checksums, and where to get each data set."""
