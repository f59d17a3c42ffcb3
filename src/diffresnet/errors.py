"""Errors that a user can mend, and notes that a user should read."""

from __future__ import annotations

from dataclasses import dataclass

LARGEST = 1e17
"""Largest feature that is taken: squares of larger ones leave float32 no digits for the others."""


@dataclass(frozen=True)
class Note:
    """Tell what a user should know of a result, in one line.

    Parameters
    ----------
    message : str
    parameter : str, optional
        Name of the parameter by which the caller can have it otherwise; see `InputError`.
    """

    message: str
    parameter: str | None = None

    def __str__(self) -> str:
        return self.message if self.parameter is None else self.spelled(f"{self.parameter}=")

    def spelled(self, flag: str) -> str:
        """Return the message with the parameter spelled as `flag`."""
        return f"{self.message} ({flag})"


class InputError(ValueError):
    """Report bad input in one line that says what is wrong and what to do.

    Parameters
    ----------
    message : str
    parameter : str, optional
        Name of the parameter by which the caller can mend it. `str` shows it as Python spells it,
        a command as its own flag.

    Notes
    -----
    The command prints it and exits with 2; a caller of the library catches it as a ValueError.

    Examples
    --------
    >>> error = InputError("no column 'label'; name the one that holds labels", "label_column")
    >>> print(error)
    no column 'label'; name the one that holds labels (label_column=)
    >>> error.spelled("--label-column")
    "no column 'label'; name the one that holds labels (--label-column)"
    """

    def __init__(self, message: str, parameter: str | None = None) -> None:
        super().__init__(message, parameter)
        self.message = message
        self.parameter = parameter

    def __str__(self) -> str:
        return self.message if self.parameter is None else self.spelled(f"{self.parameter}=")

    def spelled(self, flag: str) -> str:
        """Return the message with the parameter spelled as `flag`."""
        return f"{self.message} ({flag})"


class StabilityError(InputError):
    """Report an explicit step that is too long for its graph, so that some mode would grow."""
