"""Where training computes: accelerate's devices, processes and precision."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from diffresnet.errors import InputError


@contextmanager
def accelerating(device: str, mixed_precision: str) -> Iterator[Any]:
    """An accelerate `Accelerator` for one training.

    Under `accelerate launch` it spans all the processes that were started. accelerate keeps one
    state for the whole process; it is put back afterwards, so that the next training may choose
    anew.

    Raises
    ------
    InputError
        If accelerate is not installed, or the device or the precision is not to be had.
    """
    try:
        from accelerate import Accelerator
        from accelerate.state import AcceleratorState
    except ImportError as error:
        raise InputError(
            "training needs accelerate: pip install 'diffresnet[backbones]'"
        ) from error
    if device not in ("auto", "cpu", "cuda"):
        raise InputError(
            f"train on auto, cpu or cuda, not {device!r}; CUDA_VISIBLE_DEVICES chooses among GPUs"
        )
    if device == "cuda" and not torch.cuda.is_available():
        raise InputError("device 'cuda' is not available")
    try:
        accelerator = Accelerator(cpu=device == "cpu", mixed_precision=mixed_precision)
    except ValueError as error:  # fp16 on a CPU, for one
        raise InputError(f"precision {mixed_precision}: {error}") from error
    try:
        yield accelerator
    finally:
        accelerator.free_memory()
        AcceleratorState._reset_state(reset_partial_state=accelerator.num_processes == 1)
