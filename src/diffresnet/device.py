"""Where to compute."""

from __future__ import annotations

import torch

from .errors import InputError


def pick_device(device: str | torch.device = "auto") -> torch.device:
    """Return the named device, or for "auto" a GPU where there is one, else the CPU.

    Raises
    ------
    InputError
        If the device is not available here.
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        picked = torch.device(device)
        torch.ones(1, device=picked).item()  # which "meta" has no numbers for
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0].split(". ")[0]
        raise InputError(f"device {device!r} is not available: {reason}") from None
    return picked
