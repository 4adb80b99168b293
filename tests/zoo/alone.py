"""One question at a time, each in a process of its own: with a limit of CPU seconds and of memory."""

from __future__ import annotations

import multiprocessing
import queue
import resource
import warnings
from collections.abc import Callable

BYTES = 16 << 30


def alone(question: Callable[..., dict], seconds: int, name: str, *args) -> dict:
    """question(name, *args), or {"name", "kind": "failed", "says"}: this process goes on."""
    fork = multiprocessing.get_context("fork")
    found = fork.Queue()
    process = fork.Process(target=_asked, args=(found, question, seconds, name, *args))
    process.start()
    while True:
        alive = process.is_alive()
        try:
            row = found.get(timeout=1)
        except queue.Empty:
            if alive:
                continue
            row = _failed(name, f"no answer in {seconds} CPU seconds and {BYTES >> 30} GB")
        process.kill()
        process.join()
        return row


def _asked(found, question, seconds, name, *args):
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    try:
        found.put(question(name, *args))
    except BaseException as error:
        why = (str(error).splitlines() or [""])[0]
        found.put(_failed(name, f"{type(error).__name__}: {why}"[:300]))


def _failed(name, why):
    return {"name": name, "kind": "failed", "says": why}
