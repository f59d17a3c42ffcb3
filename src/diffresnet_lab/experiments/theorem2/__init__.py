"""Theorem 2: a large L/D is enough for a direction to exist that separates all subsets."""
