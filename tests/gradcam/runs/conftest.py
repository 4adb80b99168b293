"""A folder of tiny pictures, and what an uninterrupted run with one process makes of it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from weights.recipes import shapes_world

COUNT, BROKEN = 24, (0, 7)
METHODS = ("grad_cam", "saliency")
COMMAND = ("--network", "shapes", "--method", *METHODS)


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    """Scenes, of which the first is no picture and another is cut off."""
    folder = tmp_path_factory.mktemp("many") / "photos"
    folder.mkdir()
    for k in range(COUNT):
        Image.fromarray(shapes_world.scene(k, split="test").picture).save(folder / f"{k:02d}.png")
    (folder / "00.png").write_bytes(b"no picture")
    (folder / "07.png").write_bytes((folder / "08.png").read_bytes()[:400])
    return folder


def started(*words, **how):
    """A process: gradcam explain WORDS."""
    command = [sys.executable, "-m", "gradcam", "explain", *map(str, words)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, **pipes, start_new_session=True, **how)


def explain(*words, **how):
    """Wait for such a process -> (status, what it said)."""
    process = started(*words, **how)
    out, err = process.communicate(timeout=300)
    return process.returncode, out + err


@pytest.fixture(scope="session")
def whole(photos):
    """The folder of an uninterrupted run with one process."""
    place = photos.parent / "whole"
    status, said = explain(photos, *COMMAND, "--out", place, "--workers", 1)
    assert status == 0, said
    return place


def contents(folder: Path, but=("timings.jsonl", "shards")) -> dict[str, bytes]:
    """{name: bytes} of the files of a run: times are others each time."""
    files = [p for p in folder.rglob("*") if p.is_file() and p.relative_to(folder).parts[0] not in but]
    return {os.path.relpath(p, folder): p.read_bytes() for p in files}
