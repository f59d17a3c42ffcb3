"""Devices, processes, precision and random state of training, by accelerate."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from diffresnet.errors import InputError


@contextmanager
def open_accelerator(device: str, mixed_precision: str) -> Iterator[Any]:
    """Yield an accelerate `Accelerator` for one training.

    Under `accelerate launch` it spans all processes. accelerate keeps one state for the whole
    process, which is reset afterwards, so that the next training may choose anew.

    Raises
    ------
    InputError
        If the device or the precision is not available.
    """
    from accelerate import Accelerator
    from accelerate.state import AcceleratorState

    if device not in ("auto", "cpu", "cuda"):
        raise InputError(
            f"train on auto, cpu or cuda, not {device!r}; CUDA_VISIBLE_DEVICES chooses among GPUs",
            "device",
        )
    if device == "cuda" and not torch.cuda.is_available():
        raise InputError("device 'cuda' is not available", "device")
    try:
        accelerator = Accelerator(cpu=device == "cpu", mixed_precision=mixed_precision)
    except ValueError as error:  # fp16 on a CPU, for one
        raise InputError(f"precision {mixed_precision}: {error}", "mixed_precision") from error
    try:
        yield accelerator
    finally:
        accelerator.free_memory()
        AcceleratorState._reset_state(reset_partial_state=accelerator.num_processes == 1)


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Seed torch's generators for a block, and restore them afterwards."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield
