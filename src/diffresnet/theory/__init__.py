"""The theorems of the paper as code that can be run and checked."""
