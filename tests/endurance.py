"""What is done again and again: memory, open files, bits and files left behind.

    python -m tests.endurance                  everything: some ten minutes; writes tests/results/endurance.md
    python -m tests.endurance resumes cut      only these

explanations   2,000, four scenes and every class, by the network `shapes`
verifications  200, of right maps and wrong ones in turn
resumes        a training that is killed (SIGKILL) 50 times, beside one that is not
cut            a download that breaks off 20 times
cache          four processes that want one file, 20 times
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from tqdm import tqdm

import gradcam
import weights
from gradcam import image, verify
from tests.support.serving import Server
from weights.download import download
from weights.recipes.shapes_world.composing import scene

ROOT = Path(__file__).parents[1]
OUT = ROOT / "tests" / "results" / "endurance.md"
EXPLANATIONS, VERIFICATIONS, RESUMES, CUTS, ROUNDS, PROCESSES = 2000, 200, 50, 20, 20, 4
EPOCHS = 60  # of the training that is killed: four steps each
FETCHING = """
import sys
from pathlib import Path
from weights.download import download
download(sys.argv[1], Path(sys.argv[2]), sys.argv[3], progress=False)
"""


def memory() -> int:
    """Megabytes of this process that lie in memory."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def counted(numbers, what) -> list[str]:
    """Calls what(number) for each -> memory at three moments, and how many files are open."""
    at, seen = {len(numbers) // 20, len(numbers) // 2, len(numbers)}, {}
    for n in tqdm(numbers, leave=False):
        what(n)
        if n + 1 in at:
            seen[n + 1] = memory()
    moments = ", ".join(f"{n:,}" for n in seen)
    return [f"memory at {moments}: {', '.join(map(str, seen.values()))} MB", f"{open_files()} open files"]


def explanations(folder: Path) -> list[str]:
    net = weights.load("shapes")
    pictures = [image.prepare(scene(n, "test").picture, net.card.preprocessing) for n in range(4)]
    answers: dict[tuple[int, int], set[str]] = {}

    def explain(n):
        picture, wanted = n % 4, n // 4 % 8
        found = gradcam.explain(net, pictures[picture], wanted)
        bits = b"".join(np.ascontiguousarray(m).tobytes() for m in found.maps.values())
        answers.setdefault((picture, wanted), set()).add(hashlib.sha256(bits).hexdigest())

    lines = counted(range(EXPLANATIONS), explain)
    different = sum(len(found) > 1 for found in answers.values())
    return [f"{EXPLANATIONS:,} explanations, {len(answers)} questions: {different} with two answers", *lines]


def verifications(folder: Path) -> list[str]:
    net = weights.load("shapes")
    x = image.prepare(scene(0, "test").picture, net.card.preprocessing)
    right = gradcam.explain(net, x, 1, "grad_cam")["grad_cam", 1][0]
    maps, answers = (right, right[:, ::-1]), (set(), set())

    def judge(n):
        question = verify.Question(net, x, 1, "grad_cam", net.card.layer, {"result": maps[n % 2]})
        answers[n % 2].add(str(verify.judge(question)))

    lines = counted(range(VERIFICATIONS), judge)
    said = " and ".join(str(len(found)) for found in answers)
    first = " / ".join(text.splitlines()[0] for found in answers for text in found)
    return [f"{VERIFICATIONS} verifications of two maps: {said} answers ({first})", *lines]


def resumes(folder: Path) -> list[str]:
    whole, killed = folder / "whole", folder / "killed"
    for place in (whole, killed):
        place.mkdir()

    def start(place):
        files = [place / "checkpoint.npz", place / "out.npz"]
        return subprocess.Popen(
            [sys.executable, "-m", "tests.minicnn.tiny_training", *files, str(EPOCHS)],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
        )

    assert start(whole).wait() == 0
    draw, kills, early = random.Random(22), 0, 0
    while kills < RESUMES:
        before = _written(killed)
        process = start(killed)
        while process.poll() is None and _written(killed) == before and draw.random() > 1e-3:
            time.sleep(0.01)  # until it has gone on, or once in a while before
        time.sleep(draw.random() * 0.3)
        assert process.poll() is None, "it ended before it was killed often enough"
        early += _written(killed) == before
        process.send_signal(signal.SIGKILL)
        process.wait()
        kills += 1
        print(f"\rkilled {kills} times", end="", file=sys.stderr)
    left = sorted(set(os.listdir(killed)) - {"checkpoint.npz"})
    assert start(killed).wait() == 0
    same = (whole / "out.npz").read_bytes() == (killed / "out.npz").read_bytes()
    after = sorted(os.listdir(killed))
    return [
        f"a training killed {kills} times, {early} of them before it had gone on, and finished: "
        f"weights and curves are {'the same bytes' if same else 'OTHERS'}",
        f"beside its checkpoint after the last kill: {', '.join(left) or 'nothing'}",
        f"files at the end: {', '.join(after)}",
    ]


def _written(place):
    path = place / "checkpoint.npz"
    return path.stat().st_mtime_ns if path.exists() else 0


def cut(folder: Path) -> list[str]:
    body = np.random.default_rng(1).bytes(3_000_000)
    draw = random.Random(22)
    server = Server(body=body, breaks_at=sorted(draw.randrange(1, len(body)) for _ in range(CUTS)))
    path, calls = folder / "net.npz", 0
    while not path.exists():
        calls += 1
        try:
            download(server.address, path, hashlib.sha256(body).hexdigest(), progress=False)
        except weights.WeightsError:
            continue
    same = path.read_bytes() == body
    return [
        f"a download cut {CUTS} times: {calls} calls, {len(server.asked)} requests, "
        f"{'the same bytes' if same else 'OTHERS'}; files: {', '.join(os.listdir(folder))}"
    ]


def cache(folder: Path) -> list[str]:
    body = np.random.default_rng(2).bytes(1_000_000)
    expected, failed, requests, left = hashlib.sha256(body).hexdigest(), 0, 0, set()
    for n in tqdm(range(ROUNDS), leave=False):
        server, path = Server(body=body, meanwhile=lambda: time.sleep(0.01)), folder / str(n) / "net.npz"
        wanted = [sys.executable, "-c", FETCHING, server.address, str(path), expected]
        processes = [subprocess.Popen(wanted, stderr=subprocess.DEVNULL) for _ in range(PROCESSES)]
        failed += sum(p.wait() != 0 for p in processes) + (path.read_bytes() != body)
        requests += len(server.asked)
        left |= set(os.listdir(path.parent))
        server.shutdown()
    return [
        f"{PROCESSES} processes on one cache, {ROUNDS} times: {failed} failed, {requests} requests; "
        f"files: {', '.join(sorted(left))}"
    ]


PARTS = (explanations, verifications, resumes, cut, cache)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.endurance",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = [part.__name__ for part in PARTS]
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"some of {', '.join(names)}")
    asked = parser.parse_args().parts or names
    if unknown := set(asked) - set(names):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    for part in PARTS:
        if part.__name__ in asked:
            began = time.monotonic()
            with tempfile.TemporaryDirectory() as folder:
                lines = part(Path(folder))
            lines.append(f"{time.monotonic() - began:.0f} s")
            write(part.__name__, lines)
            print(f"\n{part.__name__}", *lines, sep="\n    ")


def write(name: str, lines: list[str]) -> None:
    """A section of the page; the others stay."""
    text = OUT.read_text("utf-8") if OUT.exists() else ""
    sections = dict(re.findall(r"^## (\w+)\n\n(.*?)\n(?=\n## |\Z)", text, re.M | re.S))
    versions = f"{datetime.now(UTC).date()}, Python {platform.python_version()}, NumPy {np.__version__}"
    sections[name] = "\n".join(f"- {line}" for line in [*lines, versions])
    head = "# Again and again\n\nWritten by `python -m tests.endurance`; seconds by the clock.\n"
    body = "".join(f"\n## {p.__name__}\n\n{sections[p.__name__]}\n" for p in PARTS if p.__name__ in sections)
    OUT.write_text(head + body, "utf-8")


if __name__ == "__main__":
    main()
