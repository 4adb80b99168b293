"""A pytest plugin (-p tests.mutation.recorder): which lines each test runs, and how long it takes.

Written to $MUTATION_RECORD as {test: [seconds, {file: [lines]}]}.
"""

import json
import os
import sys
import threading
import time

import pytest

ROOT = os.getcwd() + os.sep
FLOORS = tuple(ROOT + floor + os.sep for floor in ("minicnn", "weights", "gradcam"))
record = {}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    lines, begun = {}, time.monotonic()

    def on_call(frame, event, _):
        name = frame.f_code.co_filename
        if not name.startswith(FLOORS):
            return None
        ran = lines.setdefault(name.removeprefix(ROOT), set())
        ran.add(frame.f_lineno)

        def on_line(frame, event, _):
            ran.add(frame.f_lineno)
            return on_line

        return on_line

    sys.settrace(on_call)
    threading.settrace(on_call)
    try:
        return (yield)
    finally:
        sys.settrace(None)
        threading.settrace(None)
        seconds = round(time.monotonic() - begun, 2)
        record[item.nodeid] = [seconds, {name: sorted(ran) for name, ran in lines.items()}]


def pytest_sessionfinish():
    with open(os.environ["MUTATION_RECORD"], "w") as file:
        json.dump(record, file)
