"""What a long comparison prints, and the file under tests/results that keeps it."""

import datetime
import importlib.metadata
import platform
from pathlib import Path

import numpy as np

RESULTS = Path(__file__).parents[1] / "results"


class Report:
    """Lines that are printed as they come and kept in tests/results/<name>.txt; module: what makes it."""

    def __init__(self, name, title, packages, module=None):
        self.file, self.lines = RESULTS / f"{name}.txt", []
        versions = ", ".join(f"{p} {importlib.metadata.version(p)}" for p in packages)
        self.say(title)
        self.say(
            f"{datetime.date.today()}; Python {platform.python_version()}, {versions}; {platform.machine()}"
        )
        self.say(f"run by: python -m tests.{module or name}")

    def say(self, line=""):
        print(line, flush=True)
        self.lines.append(line)

    def table(self, head, rows):
        """rows: {name: [numbers]}"""
        self.say(f"{head[0]:28}" + "".join(f"{h:>16}" for h in head[1:]))
        for name, numbers in rows.items():
            self.say(f"{name:28}" + "".join(f"{n:16.1e}" for n in numbers))
        self.say()

    def save(self):
        RESULTS.mkdir(exist_ok=True)
        self.file.write_text("\n".join(self.lines) + "\n")


def worst(many):
    """[{quantity: distance}, ...] -> {quantity: the largest}"""
    return {name: max(d[name] for d in many) for name in many[0]}


def median(many):
    return {name: float(np.median([d[name] for d in many])) for name in many[0]}
