"""Seconds, side by side.  Repeats are interleaved, so whatever else the machine does falls on both."""

import os
import platform
import statistics
import time
from datetime import UTC, datetime

import numpy as np
from threadpoolctl import threadpool_info


def once(work):
    """(wall seconds, CPU seconds of this process) of one call."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def side_by_side(works, repeats, warm=1):
    """{name: work} -> {name: {"wall": median, "cpu": median, "walls": [...]}}; each repeat calls every work
    once, in turn."""
    for work in works.values():
        for _ in range(warm):
            work()
    taken = {name: [] for name in works}
    for _ in range(repeats):
        for name, work in works.items():
            taken[name].append(once(work))
    return {
        name: {
            "wall": statistics.median(w for w, _ in t),
            "cpu": statistics.median(c for _, c in t),
            "walls": [round(w, 5) for w, _ in t],
        }
        for name, t in taken.items()
    }


def best(works, repeats=3):
    """The name of the quickest of {name: work}: PyTorch's better memory format, Captum's better batch."""
    taken = side_by_side(works, repeats)
    return min(taken, key=lambda name: taken[name]["wall"])


def machine(threads):
    """What the figures belong to.  On a busy machine threads wait for each other: --threads 1 and CPU seconds
    then tell more."""
    info = {
        "date": datetime.now(UTC).isoformat(timespec="minutes"),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": threads,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blas": ", ".join(
            f"{lib['internal_api']} {lib['version']} {lib.get('architecture', '')}"
            for lib in threadpool_info()[:1]
        ),
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
    }
    try:
        import captum
        import torch

        info |= {
            "torch": torch.__version__,
            "captum": captum.__version__,
            "torch instructions": torch.backends.cpu.get_cpu_capability(),
        }
    except ImportError:
        pass
    return info


def _processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next(line.split(":")[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()
