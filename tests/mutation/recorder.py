"""A pytest plugin: which lines each test runs, how long it takes, and whether it passes at all."""

import os
import sys
import threading
import time

import pytest

FLOORS = ("minicnn", "weights", "gradcam")
CALLS, LINES = (
    3,
    3000,
)  # of a function in one test, and of one call, that are followed: enough to see its lines


class Recorder:
    """`record` becomes {test: [seconds, {file: [lines]}]}, of the tests that pass."""

    def __init__(self) -> None:
        self.root = os.getcwd() + os.sep
        self.floors = tuple(self.root + floor + os.sep for floor in FLOORS)
        self.record, self.failed = {}, set()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item):
        lines, calls, begun = {}, {}, time.monotonic()

        def on_call(frame, event, _):
            code = frame.f_code
            if not code.co_filename.startswith(self.floors):
                return None
            calls[code] = calls.get(code, 0) + 1
            if calls[code] > CALLS:
                return None
            ran = lines.setdefault(code.co_filename.removeprefix(self.root), set())
            ran.add(frame.f_lineno)
            left = LINES

            def on_line(frame, event, _):
                nonlocal left
                ran.add(frame.f_lineno)
                left -= 1
                frame.f_trace_lines = left > 0
                return on_line

            return on_line

        threading.settrace(on_call)
        sys.settrace(on_call)
        try:
            return (yield)
        finally:
            sys.settrace(None)
            threading.settrace(None)
            seconds = round(time.monotonic() - begun, 2)
            if item.nodeid not in self.failed:
                self.record[item.nodeid] = [seconds, {name: sorted(ran) for name, ran in lines.items()}]

    def pytest_runtest_logreport(self, report):
        if not report.passed:
            self.failed.add(report.nodeid)
