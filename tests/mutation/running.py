"""A copy of the project in which mutants are tried."""

import hashlib
import json
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tests.mutation.kinds import KINDS, Mutant, mutants

ROOT = Path(__file__).parents[2]
TESTS = ["tests/minicnn", "tests/weights", "tests/gradcam"]
LIMIT, ENOUGH, MOST = 60, 40, 200  # seconds a mutant; seconds of tests, and tests, that are chosen for it
WAIT = 20  # times the limit on the clock, for what sleeps: a busy machine notices no mutant
LEFT_OUT = (".git", "__pycache__", ".venv", "*.ipynb", "results", ".*_cache")


class Copy:
    """The project in a folder of its own, and which of its tests run which line."""

    def __init__(self, folder: Path, tests: list[str], options: list[str]) -> None:
        self.folder, self.options = folder, options
        shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*LEFT_OUT), dirs_exist_ok=True)
        shutil.copytree(ROOT / "tests" / "results", folder / "tests" / "results", dirs_exist_ok=True)
        self.record = self._recorded(tests)

    def _recorded(self, tests):
        """{test: [seconds, {file: [lines]}]}; made once for the same sources and tests."""
        files = [
            p for floor in ("minicnn", "weights", "gradcam", "tests") for p in (ROOT / floor).rglob("*.py")
        ]
        digest = hashlib.sha256(" ".join([*tests, *self.options]).encode())
        for path in sorted(files):
            digest.update(path.read_bytes())
        kept = self.folder.parent / f"record-{digest.hexdigest()[:16]}.json"
        if not kept.exists():
            print(f"recording which lines {' '.join(tests)} run", flush=True)
            self.pytest(*tests, "-p", "tests.mutation.recorder", record=kept, limit=3600)
        return json.loads(kept.read_text())

    def pytest(self, *arguments, record=None, limit=LIMIT):
        """-> exit status of pytest, 1 if it took more than `limit` seconds of processor time."""
        environment = os.environ | {"PYTHONPATH": str(self.folder), "PYTHONDONTWRITEBYTECODE": "1"}
        environment |= {"MUTATION_RECORD": str(record)} if record else {}
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly"]
        allowed = lambda: resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))  # noqa: E731
        try:
            run = subprocess.run(
                [*command, *self.options, *arguments], cwd=self.folder, env=environment, capture_output=True,
                timeout=WAIT * limit, preexec_fn=allowed, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return 1
        return 1 if run.returncode < 0 else run.returncode

    def tests_of(self, mutant: Mutant) -> list[str]:
        """The quickest tests that run its line; for a table of names, those of its network that read it."""
        if mutant.path.endswith(".toml"):
            text = (self.folder / mutant.path).read_text("utf-8")[: mutant.start]
            name = re.findall(r"^\[(\w+)\]", text, re.M)[-1]
            ran = lambda test, lines: f"{name}-" in test and "weights/names/table.py" in lines  # noqa: E731
        else:
            ran = lambda test, lines: mutant.line in lines.get(mutant.path, ())  # noqa: E731
        found = [(seconds, test) for test, (seconds, lines) in self.record.items() if ran(test, lines)]
        chosen, total = [], 0.0
        for seconds, test in sorted(found)[:MOST]:
            total += seconds
            if chosen and total > ENOUGH:
                break
            chosen.append(test)
        return chosen

    def tried(self, mutant: Mutant) -> dict:
        """What became of it, as the results have it."""
        tests, path, begun = self.tests_of(mutant), self.folder / mutant.path, time.monotonic()
        original = path.read_text("utf-8")
        path.write_text(mutant.applied(original), "utf-8")
        try:
            named = self.folder.parent / "tests.txt"
            named.write_text("\n".join(tests))
            noticed = bool(tests) and self.pytest("-x", f"@{named}") == 1
        finally:
            path.write_text(original, "utf-8")
        seconds = round(time.monotonic() - begun, 1)
        return {"mutant": mutant.name, "kind": mutant.kind, "package": package(mutant.path),
                "noticed": noticed, "tests": len(tests), "seconds": seconds}  # fmt: skip


def package(path: str) -> str:
    """minicnn/ops/relu.py -> minicnn/ops"""
    return "weights/names" if path.endswith(".toml") else "/".join(Path(path).parts[:2]).removesuffix(".py")


def chosen(places: list[str], count: int, seed: int) -> list[Mutant]:
    """`count` mutants of the files below these folders, drawn so that each kind has its share."""
    files = [f for place in places for f in sorted((ROOT / place).rglob("*.py"))]
    files += [ROOT / "weights" / "zoo.toml"] if "weights/names" in places or "weights" in places else []
    found = [m for f in files for m in mutants(f.relative_to(ROOT).as_posix(), f.read_text("utf-8"))]
    draw = random.Random(seed)
    draw.shuffle(found)
    by_kind, drawn = {kind: [m for m in found if m.kind == kind] for kind in KINDS}, []
    while len(drawn) < count and any(by_kind.values()):
        drawn += [by_kind[kind].pop() for kind in KINDS if by_kind[kind]]
    return drawn[:count]
