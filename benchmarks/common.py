"""What the benchmarks share: timing side by side, tables, and where results go."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import scipy
import sklearn
import torch

from diffresnet_lab.data.find import data_folders
from diffresnet_lab.experiments.fewlabels.sets import LabelledSet, find_set

warnings.filterwarnings("ignore", message="Sparse (CSR tensor|invariant)")

RESULTS = Path(__file__).parent / "results"


def medians(
    candidates: dict[str, Callable[[], Any]], repeats: int, warm_up: bool = True
) -> dict[str, float]:
    """Median seconds of each candidate; they take turns, after one warm-up each if asked."""
    seconds: dict[str, list[float]] = {name: [] for name in candidates}
    for run in candidates.values() if warm_up else ():
        run()
    for _ in range(repeats):
        for name, run in candidates.items():
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(s) for name, s in seconds.items()}


def label(*arguments: str | Path) -> dict[str, float]:
    """Run `diffresnet label` in a process of its own, and measure it.

    Returns
    -------
    dict
        seconds by the clock and of the processors; own, peak: memory in GiB without and with the
        mapped pages of files, which the system takes back where it needs them.
    """
    command = [sys.executable, "-m", "diffresnet", "label", *map(str, arguments), "--quiet"]
    start, own = time.perf_counter(), 0
    child = subprocess.Popen([*command, "--device", "cpu"], stdout=subprocess.DEVNULL)
    pid = 0
    while not pid:
        own = max(own, _own_memory(child.pid))
        time.sleep(0.05)
        pid, status, usage = os.wait4(child.pid, os.WNOHANG)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{' '.join(command)} failed")
    return {
        "seconds": time.perf_counter() - start,
        "processor": usage.ru_utime + usage.ru_stime,
        "own": own / 2**30,
        "peak": usage.ru_maxrss * 1024 / 2**30,
    }


def _own_memory(pid: int) -> int:
    """Return the bytes of a process that no file stands behind."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon"))


def run_alone(script: str, *arguments: str | int) -> Any:
    """Run `script --one ...` in a process of its own with one thread, and read what it prints."""
    command = [sys.executable, "-W", "ignore", script, "--one", *map(str, arguments)]
    printed = subprocess.check_output(command, env=os.environ | {"OMP_NUM_THREADS": "1"})
    return json.loads(printed.splitlines()[-1])


def exponent(sizes: list[int], values: list[float]) -> float:
    """Fit a power to the last three sizes."""
    return float(np.polyfit(np.log(sizes[-3:]), np.log(values[-3:]), 1)[0])


def environment() -> dict[str, Any]:
    """What the numbers were measured on."""
    chip = "unknown processor"
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [
            x.split(":")[1].strip() for x in cpuinfo.read_text().splitlines() if "model name" in x
        ]
        chip = names[0] if names else chip
    return {
        "processor": chip,
        "cores": os.cpu_count(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "scikit-learn": sklearn.__version__,
    }


def markdown(rows: list[dict[str, Any]]) -> str:
    """Rows as a Markdown table."""
    columns = list(rows[0])
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(str(row.get(c, "")) for c in columns) + " |" for row in rows]
    return "\n".join(lines)


def publish(name: str, rows: list[dict[str, Any]], **settings: Any) -> None:
    """Print a table, and keep it with its settings and machine in results/."""
    print(markdown(rows))
    RESULTS.mkdir(exist_ok=True)
    payload = {"benchmark": name, "settings": settings, "rows": rows, "environment": environment()}
    (RESULTS / f"{name}.json").write_text(json.dumps(payload, indent=1) + "\n")


def data_file(name: str) -> Path:
    """A file of the data folder or of the cache, or a clear way out."""
    named = os.environ.get("DIFFRESNET_DATA")
    for folder in data_folders(Path(named) if named else None):
        if (folder / name).exists():
            return folder / name
    raise SystemExit(f"this benchmark needs {name}: set DIFFRESNET_DATA to the data folder")


def labelled_set(name: str, rows: int) -> LabelledSet:
    """A set of `diffresnet bench fewlabels`, cut to so many rows, or a clear way out."""
    named = os.environ.get("DIFFRESNET_DATA")
    found = find_set(name, None if named is None else Path(named), rows)
    if found is None:
        raise SystemExit(f"{name} needs the data folder: set DIFFRESNET_DATA")
    return found
