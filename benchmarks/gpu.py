"""Every path that takes a device, checked against the CPU, and whole jobs timed on a GPU.

    python benchmarks/gpu.py                      # on the first GPU, in eight minutes
    python benchmarks/gpu.py --tiny --device cpu  # the same code without one, in a minute

A check that fails or raises is told in its row, and the others go on; then the exit status is 1.
Checks are in `gpu_checks.py`, timings in `gpu_timings.py`. Nothing is downloaded: citation graphs
are read below DIFFRESNET_DATA, and all else is drawn.
"""

from __future__ import annotations

import argparse
import time
import warnings
from typing import Any

import torch

from common import markdown, publish
from gpu_checks import CHECKS, Check
from gpu_timings import TIMINGS, TINY, Size, Skipped, Timing


def one_line(error: Exception) -> str:
    message = (str(error).splitlines() or [""])[0]
    return f"{type(error).__name__}: {message}"


def checked(check: Check, device: torch.device, points: int) -> dict[str, Any]:
    """Compare a path with the CPU, in a row that says what went wrong if anything did."""
    row = {"check": check.name, "difference": "", "tolerance": f"{check.tolerance:.0e}"}
    start = time.perf_counter()
    try:
        difference = check.difference(device, points)
        row["difference"] = f"{difference:.1e}"
        row["verdict"] = "passed" if difference <= check.tolerance else "failed"
    except Exception as error:
        row["verdict"] = f"failed: {one_line(error)}"
    return row | {"seconds": f"{time.perf_counter() - start:.1f}"}


def timed(timing: Timing, device: torch.device, size: Size, left: float) -> dict[str, Any]:
    """Time a job within its seconds and those that are left, or say why not."""
    row = {"job": timing.name, "seconds": "", "aim, s": timing.aim}
    if left <= 0.0:
        return row | {"known by": "skipped: the time of all is up"}
    try:
        measured = timing.run(device, size, min(timing.seconds, left))
    except Skipped as reason:
        return row | {"known by": f"skipped: {reason}"}
    except Exception as error:
        return row | {"known by": f"failed: {one_line(error)}"}
    return row | {"seconds": f"{measured.seconds:.1f}", "known by": measured.told}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", help="as torch names it; the first GPU if not given")
    parser.add_argument("--minutes", type=float, default=8.0, help="of all, none begun after them")
    parser.add_argument("--tiny", action="store_true", help="tiny sizes, to try the script")
    parser.add_argument("--only", default="", help="checks and jobs with this in their names")
    options = parser.parse_args(arguments)
    if options.device is None and not torch.cuda.is_available():
        print("there is no GPU, and nothing was measured; --tiny --device cpu tries the script")
        return 0
    warnings.filterwarnings("ignore", message="Sparse (CSR tensor|invariant)")
    device = torch.device(options.device or "cuda")
    end = time.perf_counter() + 60.0 * options.minutes
    points, size = (150, TINY) if options.tiny else (1000, Size())
    checks, jobs = [], []
    for check in CHECKS:
        if options.only in check.name:
            checks.append(checked(check, device, points))
            print(*checks[-1].values(), sep="  ", flush=True)
    for timing in TIMINGS:
        if options.only in timing.name:
            jobs.append(timed(timing, device, size, end - time.perf_counter()))
            print(*jobs[-1].values(), sep="  ", flush=True)
    failed = sum(row["verdict"] != "passed" for row in checks)
    if checks:
        print(markdown(checks))
    publish(
        "gpu" if device.type == "cuda" and not options.tiny else "gpu_rehearsal",
        jobs or [{"job": "none"}],
        device=str(device),
        minutes=options.minutes,
        tiny=options.tiny,
        checks=checks,
        failed=failed,
    )
    print(f"{len(checks) - failed} of {len(checks)} checks passed")
    return int(failed > 0)


if __name__ == "__main__":
    raise SystemExit(main())
