"""`python -m lessons figures`: what a lesson draws, ready for slides: vectors (SVG) and
pixels (PNG, 200 per inch).
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from lessons.course import Lesson, LessonError
from lessons.files import staged
from lessons.texts import said

DRAW = """
import os, runpy, sys
import matplotlib.pyplot as plt

source, stem = sys.argv[1:]
plt.rcParams["svg.hashsalt"] = os.path.basename(stem)  # same drawing, same file
written = []

def save(*_, **__):
    for number in plt.get_fignums():
        written.append(f"{stem}-{len(written) + 1}")
        plt.figure(number).savefig(written[-1] + ".svg", metadata={"Date": None})
        name = written[-1] + ".png"
        plt.figure(number).savefig(name, dpi=200, metadata={"Software": None})
        plt.close(number)

plt.show = save
runpy.run_path(source, run_name="__main__")
save()
"""


def export(lesson: Lesson, folder: str | Path) -> list[Path]:
    """Run a lesson's source and write each figure to folder/NN_slug-1.svg, .png, ...
    -> paths.  LessonError: it fails, or draws none
    """
    folder, stem = Path(folder), lesson.source.stem
    with staged(folder) as stage:
        command = [
            sys.executable,
            "-W",
            "ignore",
            "-c",
            DRAW,
            str(lesson.source.resolve()),
            str(stage.resolve() / stem),
        ]
        done = subprocess.run(
            command,
            env=os.environ | {"MPLBACKEND": "Agg"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode:
            last = (
                done.stdout.strip().rpartition("\n")[2]
                or f"exit status {done.returncode}"
            )
            told = said("figures.failed", number=lesson.number, last=last)
            raise LessonError(told)
        written = sorted(path.name for path in stage.iterdir())
        if not written:
            raise LessonError(said("figures.none", number=lesson.number))
        for old in folder.glob(f"{stem}-*.*"):
            if old.name not in written:
                old.unlink()
    return [folder / name for name in written]
