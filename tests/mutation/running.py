"""A copy of the project in which mutants are tried, and what each of its tests runs."""

import ast
import functools
import hashlib
import importlib
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.mutation.kinds import KINDS, Mutant, mutants
from tests.mutation.recorder import FLOORS, Recorder

ROOT = Path(__file__).parents[2]
TESTS = ["tests/minicnn", "tests/weights", "tests/gradcam"]
LIMIT, ENOUGH, MOST = 60, 40, 1000  # seconds a mutant; seconds of tests, and tests, that are chosen for it
WAIT = 20  # times the limit on the clock, for what sleeps: a busy machine notices no mutant
ASKED = 3  # files of tests that are asked for what none is known to run
NOT_FOUND = 4  # pytest's exit status where a test that was asked for is not there
MEMORY = 16 << 30  # bytes that a mutant may address
LEFT_OUT = (".git", "__pycache__", ".venv", "*.ipynb", "results", ".*_cache")
WARM = (
    "pytest", "hypothesis", "numpy", "numpy.testing", "numpy.random", "numpy.fft", "PIL.Image",
    "matplotlib.pyplot", "matplotlib.backends.backend_agg", "threadpoolctl", "torch", "h5py", "onnx",
    "scipy.ndimage", "captum.attr",
)  # fmt: skip


class Copy:
    """The project in a folder of its own, and which of its tests run which line."""

    def __init__(
        self, folder: Path, tests: list[str], options: list[str], leave: list[str], near: int, longest: float
    ) -> None:
        self.folder, self.options = folder / f"copy-{os.getpid()}", options
        self.records, self.near, self.longest, self.record = folder / "records", near, longest, {}
        self.files = {f: None for f in _files(tests) if not any(word in f for word in leave)}
        self.state = _state()
        shutil.copytree(ROOT, self.folder, ignore=shutil.ignore_patterns(*LEFT_OUT), dirs_exist_ok=True)
        shutil.copytree(ROOT / "tests" / "results", self.folder / "tests" / "results", dirs_exist_ok=True)
        for name in WARM:  # imported once; each run of tests is a fork of this process
            try:
                importlib.import_module(name)
            except ImportError:
                continue
        sources = hashlib.sha256(" ".join([*self.options, str(longest)]).encode())
        for path in sorted(p for floor in FLOORS for p in (ROOT / floor).rglob("*.py")):
            sources.update(path.read_bytes())
        self.records.mkdir(exist_ok=True)
        for name in self.files:  # made once for each file of tests and the same sources
            digest = hashlib.sha256(sources.digest() + name.encode() + (ROOT / name).read_bytes())
            self.files[name] = self.records / f"{digest.hexdigest()[:24]}.json"
            if self.files[name].exists():
                self.recorded(name)

    def recorded(self, name: str) -> None:
        """Know which lines each test of this file runs: {test: [seconds, {file: [lines]}]}."""
        if name not in self.record:
            kept = self.files[name]
            if not kept.exists():
                print(f"recording which lines {name} runs", flush=True)
                self.pytest(name, record=kept, limit=1800)
            self.record[name] = json.loads(kept.read_text()) if kept.exists() else {}

    def pytest(self, *arguments, record=None, limit=LIMIT):
        """-> exit status of pytest, in a fork of this process; 1 if it took over `limit` seconds."""
        sys.stdout.flush()
        child = os.fork()
        if not child:
            self._run_pytest(arguments, record, limit)
        end = time.monotonic() + WAIT * limit
        while not (ended := os.waitpid(child, os.WNOHANG))[0]:
            if time.monotonic() > end:
                os.killpg(child, signal.SIGKILL)
            time.sleep(0.02)
        return max(os.waitstatus_to_exitcode(ended[1]), 1) if ended[1] else 0

    def _run_pytest(self, arguments, record, limit):
        """In the fork: nothing of this checkout is imported there, and nothing comes back but a status."""
        status = 1
        try:
            os.setpgid(0, 0)  # no session of its own, which would get a share of the processor
            resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            out = os.open(
                os.devnull if record else self.folder.with_suffix(".out"),
                os.O_WRONLY | os.O_CREAT | os.O_TRUNC,
            )
            for stream in (1, 2):
                os.dup2(out, stream)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.chdir(self.folder)
            for name in [n for n in sys.modules if n.split(".")[0] in {"tests", "lessons", *FLOORS}]:
                del sys.modules[name]
            sys.path[:] = [str(self.folder)] + [p for p in sys.path if p not in ("", str(ROOT))]
            os.environ["PYTHONPATH"] = str(self.folder)
            sys.dont_write_bytecode = (
                record is None
            )  # of a mutant none, which the original would be taken for
            recorder = Recorder(self.longest)
            status = importlib.import_module("pytest").main(
                [
                    "-q",
                    "-p",
                    "no:cacheprovider",
                    "-p",
                    "no:randomly",
                    "-p",
                    "no:xdist",
                    *self.options,
                    *arguments,
                ],
                [recorder] if record else [],
            )
            if record:
                record.with_suffix(f".{os.getpid()}").write_text(json.dumps(recorder.record))
                record.with_suffix(f".{os.getpid()}").rename(record)
        finally:
            os._exit(status)

    def tests_of(self, mutant: Mutant) -> list[str]:
        """The nearest and quickest tests that run its line, or its function where no line says so.

        For what is computed when a module is imported, those that run the module, or one that imports it;
        for a table of names, those of its network that read it.
        """
        words = _words(mutant.path)
        near = sorted(self.files, key=lambda f: (-len(words & _words(f)) - 3 * _imports(ROOT / f, mutant), f))
        for name in near[: self.near]:
            self.recorded(name)
        found = next((f for f in map(self._running, self._places(mutant)) if f), [])
        if not found:  # what another process runs is not followed
            for name in near[:ASKED]:
                self.recorded(name)
            found = [
                (0, s, test) for f in near[:ASKED] for test, (s, _) in self.record[f].items() if test != f
            ]
        chosen, total = [], 0.0
        for _, _, seconds, test in sorted((far, near.index(_file(test)), s, test) for far, s, test in found):
            if len(chosen) < MOST and (not chosen or total + seconds <= ENOUGH):
                chosen.append(test)
                total += seconds
        return chosen

    def _running(self, ran):
        """[(whether only the file's fixtures run it, seconds, test)]"""
        found = []
        for file, tests in self.record.items():
            all_of_them = file in tests and ran(file, tests[file][1])
            for test, (seconds, lines) in tests.items():
                if test != file and (all_of_them or ran(test, lines)):
                    found.append((not ran(test, lines), seconds, test))
        return found

    def _places(self, mutant):
        """What to ask of a test, the most telling first: (test, lines) -> whether it runs the mutant."""
        text = (self.folder / mutant.path).read_text("utf-8")
        if mutant.path.endswith(".toml"):
            name = re.findall(r"^\[(\w+)\]", text[: mutant.start], re.M)[-1]
            yield lambda test, lines: f"{name}-" in test and "weights/names/table.py" in lines
            return
        function = _function(text, mutant.line)
        if function:
            yield lambda test, lines: mutant.line in lines.get(mutant.path, ())
            yield lambda test, lines: not function.isdisjoint(lines.get(mutant.path, ()))
        yield lambda test, lines: mutant.path in lines
        users = _users(self.folder, mutant.path)
        yield lambda test, lines: not users.isdisjoint(lines)

    def tried(self, mutant: Mutant) -> dict:
        """What became of it, as the results have it."""
        tests, path, begun = self.tests_of(mutant), self.folder / mutant.path, time.monotonic()
        original, times = path.read_text("utf-8"), path.stat().st_mtime_ns
        path.write_text(mutant.applied(original), "utf-8")
        os.utime(path, ns=(times + 10**10, times + 10**10))  # the bytecode of the original does not count
        try:
            named = self.folder.with_suffix(".txt")
            named.write_text("\n".join(tests))
            status = self.pytest("-x", f"@{named}") if tests else 0
            if status == NOT_FOUND:  # names of tests changed, or their file cannot be imported
                status = self.pytest("-x", *dict.fromkeys(map(_file, tests)))
            noticed = status in (1, 2)  # a test failed; a file of tests could not be imported
        finally:
            path.write_text(original, "utf-8")
            os.utime(path, ns=(times, times))
        seconds = round(time.monotonic() - begun, 1)
        return {"mutant": mutant.name, "kind": mutant.kind, "package": package(mutant.path),
                "noticed": noticed, "tests": len(tests), "files": len(self.record), "seconds": seconds,
                "state": self.state}  # fmt: skip


def package(path: str) -> str:
    """minicnn/ops/relu.py -> minicnn/ops"""
    return "weights/names" if path.endswith(".toml") else "/".join(Path(path).parts[:2]).removesuffix(".py")


def chosen(places: list[str], count: int, seed: int) -> list[Mutant]:
    """`count` mutants of the files below these folders, drawn so that each kind has its share."""
    files = [
        f
        for place in places
        for f in ([ROOT / place] if "." in place else sorted((ROOT / place).rglob("*.py")))
    ]
    files += [ROOT / "weights" / "zoo.toml"] if "weights/names" in places or "weights" in places else []
    found = [m for f in files for m in mutants(f.relative_to(ROOT).as_posix(), f.read_text("utf-8"))]
    draw = random.Random(seed)
    draw.shuffle(found)
    by_kind, drawn = {kind: [m for m in found if m.kind == kind] for kind in KINDS}, []
    while len(drawn) < count and any(by_kind.values()):
        drawn += [by_kind[kind].pop() for kind in KINDS if by_kind[kind]]
    return drawn[:count]


def _files(tests):
    """The files of tests below these folders."""
    found = [
        p for t in tests for p in ([ROOT / t] if t.endswith(".py") else sorted((ROOT / t).rglob("test_*.py")))
    ]
    return [p.relative_to(ROOT).as_posix() for p in found]


def _file(test):
    return test.split("::")[0]


def _words(path):
    """weights/graphs/onnx/nodes.py -> {weight, graph, onnx, node}"""
    path = "weights/names/table.py" if path.endswith(".toml") else path
    words = re.findall(r"[a-z]+", path.removesuffix(".py").replace("/", " "))
    return {word.removesuffix("s") for word in words} - {"test"}


@functools.cache
def _imports(tests, mutant):
    """Whether a file of tests imports the mutant's module, by name."""
    module = mutant.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    parent, _, name = module.rpartition(".")
    text = tests.read_text("utf-8")
    return bool(re.search(rf"\b{re.escape(module)}\b|from {re.escape(parent)} import .*\b{name}\b", text))


def _state():
    """The commit that is tried."""
    told = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return told.stdout.strip()


def _function(text, line):
    """The lines of the body of the innermost function that a line stands in, or None."""
    found = None
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first, last = node.body[0].lineno, node.end_lineno
            if first <= line <= last and (found is None or first >= found.start):
                found = range(first, last + 1)
    return found and set(found)


@functools.cache
def _users(folder, path):
    """The files that import a module, by name."""
    module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    parent, _, name = module.rpartition(".")
    said = re.compile(
        rf"^\s*(from|import) ({re.escape(module)}\b|{re.escape(parent)} import .*\b{name}\b)", re.M
    )
    files = (p for floor in FLOORS for p in (folder / floor).rglob("*.py"))
    return {p.relative_to(folder).as_posix() for p in files if said.search(p.read_text("utf-8"))}
