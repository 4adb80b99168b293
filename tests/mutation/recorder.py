"""A pytest plugin: which lines each test runs, how long it takes, and whether it passes at all."""

import inspect
import os
import signal
import sys
import threading

import pytest

FLOORS = ("minicnn", "weights", "gradcam")
CALLS, LINES = (
    3,
    3000,
)  # of a function in one test, and of one call, that are followed: enough to see its lines


class Recorder:
    """`record` becomes {test: [seconds, {file: [lines]}]}, of the tests that pass.

    Seconds are processor time.  Under the name of a file of tests stand the lines they have in common: what
    its import and its fixtures run, once for all of them.  A test that takes over `longest` seconds is ended,
    and not in the record.
    """

    def __init__(self, longest: float) -> None:
        self.root, self.longest = os.getcwd() + os.sep, longest
        self.floors = tuple(self.root + floor + os.sep for floor in FLOORS)
        self.record, self.shared, self.failed = {}, {}, set()
        signal.signal(signal.SIGPROF, lambda *_: pytest.fail("too long to be recorded"))

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self, collector):
        with self.following(self.shared, {}):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item):
        with self.following(self.shared, {}):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item):
        lines, begun = {}, sum(os.times()[:4])
        self.now = self.following(lines, {})
        signal.setitimer(signal.ITIMER_PROF, self.longest)
        try:
            return (yield)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            if item.nodeid not in self.failed:
                self.record[item.nodeid] = [round(sum(os.times()[:4]) - begun, 2), _sorted(lines)]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item):
        with self.now:
            return (yield)

    def pytest_runtest_logreport(self, report):
        if not report.passed:
            self.failed.add(report.nodeid)

    def pytest_sessionfinish(self):
        for file in {test.split("::")[0] for test in self.record}:
            self.record[file] = [0, _sorted(self.shared)]

    def following(self, lines: dict[str, set[int]], calls: dict) -> "Following":
        """A block whose lines within functions of the three floors are added to `lines`."""

        def on_call(frame, event, _):
            code = frame.f_code
            if not code.co_filename.startswith(self.floors) or not code.co_flags & inspect.CO_OPTIMIZED:
                return None  # what a module computes when it is imported: `Copy` asks for its users
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

        return Following(on_call)


class Following:
    """A block in which Python calls a function at each call."""

    def __init__(self, on_call) -> None:
        self.on_call = on_call

    def __enter__(self) -> None:
        threading.settrace(self.on_call)
        sys.settrace(self.on_call)

    def __exit__(self, *_) -> None:
        sys.settrace(None)
        threading.settrace(None)


def _sorted(lines):
    return {name: sorted(ran) for name, ran in lines.items()}
