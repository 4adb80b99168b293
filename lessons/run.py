"""`python -m lessons run`: every lesson's source as a script, each in a fresh process
in which the network is blocked.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from lessons.course import Lesson
from lessons.texts import said

LIMIT = 60  # seconds that a lesson may take

OFFLINE = """
import runpy, socket, sys

class Offline(socket.socket):
    def connect(self, address):
        raise OSError(f"a lesson must run offline, and this one asked for {address}")
    connect_ex = connect

def nowhere(host, *_, **__):
    raise OSError(f"a lesson must run offline, and this one asked for {host}")

socket.socket, socket.create_connection, socket.getaddrinfo = Offline, nowhere, nowhere
runpy.run_path(sys.argv[1], run_name="__main__")
"""


def run(source: Path) -> tuple[float, bool, str]:
    """source: a lesson's .py.  -> (seconds, whether it ended well, what it printed)"""
    started = time.monotonic()
    environment = os.environ | {"MPLBACKEND": "Agg"}
    command = [
        sys.executable,
        "-W",
        "ignore:.*non-interactive:UserWarning",
        "-c",
        OFFLINE,
        str(source),
    ]
    done = subprocess.run(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )
    return time.monotonic() - started, done.returncode == 0, done.stdout


def run_all(chosen: Sequence[Lesson], say: Callable[[str], object] = print) -> bool:
    """Run these lessons, one line each.  -> True if all ended well within the limit"""
    good = True
    for each in chosen:
        seconds, ended_well, printed = run(each.source)
        fits = seconds < LIMIT
        slow = said("run.late", limit=LIMIT)
        verdict = (
            (said("run.ok") if fits else slow) if ended_well else said("run.failed")
        )
        say(f"{each.number:2}  {seconds:5.1f} s  {verdict:6}  {each.title}")
        if not ended_well:
            say(printed)
        good &= ended_well and fits
    return good
