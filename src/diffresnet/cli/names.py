"""Names of a user's file, as a line shows them."""

from __future__ import annotations


def plain(name: str) -> str:
    """Return a name as it stands; quoted where it would not show, or not whole, as with spaces."""
    return name if name.isprintable() and name == " ".join(name.split()) else repr(name)
