"""The errors that a user can mend."""


class InputError(ValueError):
    """Bad input: the message is one line that says what is wrong and what to do.

    The command prints it and exits with 2; a caller of the library catches it as a ValueError.
    """


class StabilityError(InputError):
    """An explicit step that is too long for its graph, so that some mode would grow."""
