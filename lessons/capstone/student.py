"""The side of the student's process: the checks' lines, run with the student's functions.

This file runs by itself, in a Python that finds NumPy and nothing else that is installed; it
imports nothing of this project.  What it answers is numbers and words, in two files for each case,
written when the case is over.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import traceback
from importlib import import_module

PROGRAM = "mycnn"
LARGEST = 1 << 28  # bytes of a file that it writes, and of what it prints
PROCESSES = ("os.system", "os.exec", "os.fork", "os.posix_spawn", "subprocess.Popen")


class NumPyAlone:
    """Says, of what is not found, why it is not."""

    def find_spec(self, name, path=None, target=None):
        if path is None and name != PROGRAM:
            raise ModuleNotFoundError(
                f"the capstone is written with NumPy alone; {name} is not here",
                name=name,
            )


def closed(folders):
    """From now on no file in these folders is opened, and no process is started: not by any way in which
    Python does it.
    """

    def hook(event, args):
        if event in PROCESSES:
            raise PermissionError("the capstone starts no other program")
        if event == "open" and isinstance(args[0], str):
            path = os.path.realpath(args[0])
            for folder, but in folders:
                if path.startswith(folder + os.sep) and not any(path.startswith(each) for each in but):
                    raise PermissionError(f"the capstone is written with NumPy alone; it opened {args[0]}")

    sys.addaudithook(hook)


def main(exchange, folder, numpy_from, folders, memory):
    if memory:
        with contextlib.suppress(ImportError, ValueError, OSError):  # not on Windows
            import resource

            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
            resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST, LARGEST))
    sys.path.append(numpy_from)
    import numpy as np

    sys.path.remove(numpy_from)
    sys.path.insert(0, folder)
    sys.meta_path.append(NumPyAlone())
    with open(os.path.join(exchange, "cases.json"), encoding="utf-8") as file:
        cases = json.load(file)
    given = np.load(os.path.join(exchange, "given.npz"))
    given = {name: given[name] for name in given.files}
    os.chdir(folder)
    closed(folders)
    try:
        space, unread = vars(import_module(PROGRAM)), None
    except BaseException as error:  # SystemExit too
        space, unread = {}, {"unread": words(error, folder)}
    for n, case in enumerate(cases):
        answers = {}
        told = unread or one(case, n, space, given, answers, folder, np)
        np.savez(os.path.join(exchange, f"{n}.npz"), **answers)
        with open(os.path.join(exchange, f"{n}.json"), "w", encoding="utf-8") as file:
            json.dump(told, file)
        if unread:
            break


def one(case, n, space, given, answers, folder, np):
    """Run one case -> what there is to say of it; its numbers go to `answers`."""
    mine = {name: handed(given, f"{n}.{name}") for name in case["given"]}
    here = space | {"np": np} | mine
    missing = [name for name in case["needs"] if name not in space]
    if missing:
        return {"missing": missing[0]}
    try:
        exec(compile(case["code"], "the check", "exec"), here)
        kinds = {}
        for name in case["asked"]:
            value = here[name]
            array = None if value is None or callable(value) else np.asarray(value)
            if array is None or array.dtype.kind not in "biuf":
                kinds[name] = type(value).__name__
            else:
                answers[name] = array
    except BaseException as error:
        return {"error": words(error, folder)}
    changed = [name for name in mine if not same(mine[name], handed(given, f"{n}.{name}"), np)]
    return {"kinds": kinds, "changed": changed}


def handed(given, key):
    """A copy of an array, or of a dictionary of arrays."""
    if key in given:
        return given[key].copy()
    parts = [name.partition("|") for name in given if name.startswith(f"{key}|")]
    return {part: given[f"{key}|{part}"].copy() for *_, part in parts}


def same(mine, was, np):
    if isinstance(was, dict):
        return all(np.array_equal(mine[name], was[name]) for name in was)
    return np.array_equal(mine, was)


def words(error, folder):
    """An error, and the line of the student's own where it came from."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith(folder)]
    at = f"{os.path.basename(frames[-1].filename)}, line {frames[-1].lineno}: " if frames else ""
    if isinstance(error, SyntaxError) and error.lineno:
        at = f"{os.path.basename(error.filename or '')}, line {error.lineno}: "
    return f"{at}{type(error).__name__}: {error}"[:500]


if __name__ == "__main__":
    main(*json.loads(sys.argv[1]))
