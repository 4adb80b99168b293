"""A pytest plugin: which lines each test runs (by coverage.py), how long it takes, whether it passes."""

import ast
import functools
import os
import signal

import coverage
import pytest

FLOORS = ("minicnn", "weights", "gradcam")


class Recorder:
    """`record` becomes {test: [seconds, {file: [lines]}]}, of the tests that pass.

    Seconds are processor time; lines are those of functions.  Under the name of a file of tests stand the
    lines they have in common: what its import and its fixtures run, once for all of them.  A test that takes
    over `longest` seconds is ended, and not in the record.
    """

    def __init__(self, longest: float) -> None:
        self.longest, self.root = longest, os.getcwd() + os.sep
        self.record, self.seconds, self.failed = {}, {}, set()
        self.coverage = coverage.Coverage(data_file=None, config_file=False, source=FLOORS, messages=False)
        self.coverage.start()
        signal.signal(signal.SIGPROF, lambda *_: pytest.fail("too long to be recorded"))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item):
        begun = sum(os.times()[:4])
        signal.setitimer(signal.ITIMER_PROF, self.longest)
        try:
            return (yield)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            self.seconds[item.nodeid] = round(sum(os.times()[:4]) - begun, 2)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item):
        self.coverage.switch_context(item.nodeid)
        try:
            return (yield)
        finally:
            self.coverage.switch_context("")

    def pytest_runtest_logreport(self, report):
        if not report.passed:
            self.failed.add(report.nodeid)

    def pytest_sessionfinish(self):
        self.coverage.stop()
        ran = self.coverage.get_data()
        passed = self.seconds.keys() - self.failed
        files = {test.split("::")[0] for test in passed}
        self.record = {test: [self.seconds.get(test, 0), {}] for test in passed | files}
        for path in ran.measured_files():
            name, inside = path.removeprefix(self.root), _of_functions(path)
            for line, contexts in ran.contexts_by_lineno(path).items():
                whose = passed.intersection(contexts) | (files if "" in contexts else set())
                for test in whose if line in inside else ():
                    self.record[test][1].setdefault(name, []).append(line)


@functools.cache
def _of_functions(path):
    """The lines of a file that stand in the body of a function."""
    with open(path, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    functions = (n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef)))
    return {line for f in functions for line in range(f.body[0].lineno, f.end_lineno + 1)}
