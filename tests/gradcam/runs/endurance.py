"""python -m tests.gradcam.runs.endurance: 10,000 photos under every kind of accident, the same bytes always.

Makes the pictures (scenes of the shapes world, 1 % of them broken), explains them once without interruption,
and then again: with 1, 2 and 4 workers, of which some are killed (SIGKILL), as is the whole command, each at
random moments; in 4 shards that are killed, too, and merged; on a Dask cluster of four worker processes of
which two are killed; on a disk that fills; into a folder that cannot be written.  Every way must end in the
same files, byte for byte.  Writes tests/results/runs.md.  Some twenty minutes on two quiet cores; what is
done already stands in PLACE/done.json, and is not done again.

--boxed FILE.npz: photos with boxes (see `gradcam.measure.pictures.photos`), again and again until there are
enough, in place of the scenes, and the network `mini_vgg`.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import platform
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from PIL import Image

import weights
from gradcam.measure.pictures.photos import Photos
from weights.recipes import shapes_world

ROOT = Path(__file__).parents[3]
RESULTS = ROOT / "tests" / "results" / "runs.md"
COMMAND = ("--method", "grad_cam", "--panels", "100")
WHOLE, SHARDS, DASK = "one process, uninterrupted", "4 shards, merged", "Dask, four worker processes"
FULL, UNWRITABLE = "a disk that fills, then has room again", "a folder that cannot be written"
EVERY, MOMENTS, SEED = 100, 10, 18  # one photo of so many is broken; kills of each run
BROKEN = (  # from a whole file: what is found instead of it
    lambda data: b"",
    lambda data: b"no picture",
    lambda data: data[: len(data) // 2],
    lambda data: data[:200] + bytes(50) + data[250:],
)
MEASURED = """
import re, sys
from gradcam.cli import main
status = main(sys.argv[1:])
print("peak", re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1])
sys.exit(status)
"""


class Ways:
    """The photos, what an uninterrupted run makes of them, and lines of the table."""

    def __init__(self, place: Path, count: int, boxed: Path | None) -> None:
        self.place, self.count, self.random = place, count, random.Random(SEED)
        self.photos, self.network = place / "photos", "mini_vgg" if boxed else "shapes"
        made(self.photos, count, boxed)
        self.done: dict[str, Any] = {"whole": {}, "size": 0, "errors": 0, "lines": []}
        if (place / "done.json").exists():
            self.done = json.loads((place / "done.json").read_text("utf-8"))

    def words(self, out: Path, *more: object, photos: Path | None = None) -> list[str]:
        """The command that explains all photos into a folder."""
        how = ("explain", photos or self.photos, "--network", self.network, *COMMAND, "--out", out, *more)
        return [sys.executable, "-m", "gradcam", *map(str, how)]

    def keep(self, way: str, out: Path, what: str, began: float) -> None:
        """Compare with the uninterrupted run, say so, and free the disk.  AssertionError if they differ."""
        found, first = digests(out), not self.done["whole"]
        if first:
            rows = (out / "rows.jsonl").read_text("utf-8").splitlines()
            self.done["errors"] = sum(json.loads(line)["error"] is not None for line in rows)
            self.done["size"] = sum(p.stat().st_size for p in out.rglob("*") if p.is_file())
            self.done["whole"] = found
        apart = sorted(name for name, _ in found.items() ^ self.done["whole"].items())
        assert not apart, f"{way}: these files differ: {apart}"
        check_rows(out, self.count)
        self.say(way, what, "equal" if not first else "", began)
        shutil.rmtree(out)

    def say(self, way: str, what: str, files: str, began: float) -> None:
        """A line of the table."""
        print(f"{way}: {what}; {files}", flush=True)
        self.done["lines"].append([way, what, files, f"{time.monotonic() - began:.0f}"])
        (self.place / "done.json").write_text(json.dumps(self.done), "utf-8")

    def known(self, way: str) -> bool:
        """Whether this way has its line."""
        return any(line[0] == way for line in self.done["lines"])


def made(folder: Path, count: int, boxed: Path | None) -> None:
    """The pictures, all with names that sort; every EVERY-th is broken, in one way after the other."""
    folder.mkdir(parents=True, exist_ok=True)
    photos = Photos(boxed, weights.card("mini_vgg")) if boxed else None
    for k in range(len(list(folder.iterdir())), count):
        path = folder / f"{k:05d}.png"
        scene = shapes_world.scene(k, split="test") if photos is None else photos[k % len(photos.numbers)]
        Image.fromarray(scene.picture).save(path, compress_level=1)
        if k % EVERY == EVERY // 2:
            path.write_bytes(BROKEN[k // EVERY % len(BROKEN)](path.read_bytes()))


def digests(out: Path) -> dict[str, str]:
    """{name: SHA-256} of the files of a run; but for times, which are other ones each time."""
    files = [p for p in out.rglob("*") if p.is_file() and p.relative_to(out).parts[0] != "shards"]
    return {
        str(p.relative_to(out)): hashlib.file_digest(open(p, "rb"), "sha256").hexdigest()
        for p in files
        if p.name not in ("timings.jsonl", ".lock")
    }


def check_rows(out: Path, count: int) -> None:
    """Nothing twice, nothing lost, and each time beside its row."""
    rows, times = (
        [json.loads(line)["photo"] for line in (out / name).read_text("utf-8").splitlines()]
        for name in ("rows.jsonl", "timings.jsonl")
    )
    assert rows == times and len(set(rows)) == len(rows) == count


def run(words: list[str], **how) -> tuple[int, str]:
    """Wait for a command -> (status, what it said)."""
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, **how)
    return done.returncode, done.stdout + done.stderr


def well(words: list[str], **how) -> str:
    """Wait for a command that must end well -> what it said."""
    status, said = run(words, **how)
    assert status == 0, said
    return said


def lines_in(path: Path) -> int:
    """How many rows are there."""
    return path.read_bytes().count(b"\n") if path.exists() else 0


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")  # each thread has its own
    with contextlib.suppress(OSError):
        return [int(child) for task in tasks for child in task.read_text().split()]
    return []


def killed(
    ways: Ways, words: list[str], rows: Path, count: int, moments: int, whole: bool
) -> tuple[int, int]:
    """Run a command until it ends well, with kills at random lengths of its file of rows -> (kills of the
    whole command, kills of workers).

    whole: whether only the whole command is killed; else one worker, every second time.
    """
    at = sorted(ways.random.sample(range(count - 1), moments))
    of_all = of_workers = 0
    process = None
    for k, length in enumerate(at):
        process = process or subprocess.Popen(
            words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        while lines_in(rows) <= length and process.poll() is None:
            time.sleep(0.01)
        if process.poll() is not None:
            break
        workers = children(process.pid)
        if workers and not whole and k % 2:
            with contextlib.suppress(ProcessLookupError):
                os.kill(ways.random.choice(workers), signal.SIGKILL)
            of_workers += 1
        else:
            process.kill()
            process.communicate()
            process, of_all = None, of_all + 1
    if process:
        said, _ = process.communicate()
        assert process.returncode == 0, said
    well(words)
    return of_all, of_workers


def uninterrupted(ways: Ways) -> None:
    """What all others must equal, and how much memory it took; a hundredth of the photos beside it."""
    if ways.known(WHOLE):
        return
    peaks, few = [], ways.place / "few"
    few.mkdir(exist_ok=True)
    for path in sorted(ways.photos.iterdir())[: max(ways.count // 100, 10)]:
        shutil.copy(path, few)
    for photos, out in ((few, ways.place / "of_few"), (ways.photos, ways.place / "whole")):
        began = time.monotonic()
        words = ways.words(out, "--workers", 1, photos=photos)
        said = well([sys.executable, "-c", MEASURED, *words[3:]])
        peaks.append(int(re.search(r"peak (\d+)", said)[1]) / 1024)
    less, more = peaks
    of_few = f"of {len(list(few.iterdir()))} photos {less:.1f} MB"
    what = f"peak memory {more:.1f} MB; {of_few} ({more / less - 1:+.1%})"
    ways.keep(WHOLE, out, what, began)


def workers(ways: Ways) -> None:
    """1, 4 and 2 processes, with kills."""
    for n in (1, 4, 2):
        way, began, out = f"{n} worker{'s' * (n > 1)}", time.monotonic(), ways.place / f"workers{n}"
        if ways.known(way):
            continue
        words = ways.words(out, "--workers", n)
        whole, some = killed(ways, words, out / "rows.jsonl", ways.count, MOMENTS, n == 1)
        ways.keep(way, out, f"kill -9: {whole} of the whole, {some} of a worker", began)


def shards(ways: Ways) -> None:
    """Four parts, one after the other, out of order, each killed twice; merged."""
    began, out, kills = time.monotonic(), ways.place / "shards", 0
    if ways.known(SHARDS):
        return
    for k in (3, 1, 4, 2):
        words = ways.words(out, "--workers", 4, "--shard", f"{k}/4")
        rows = out / "shards" / f"{k}-of-4" / "rows.jsonl"
        kills += sum(killed(ways, words, rows, ways.count // 4, 2, k == 3))
    well([sys.executable, "-m", "gradcam", "merge", str(out)])
    ways.keep(SHARDS, out, f"kill -9: {kills}, of the whole or of a worker", began)


def dask(ways: Ways) -> None:
    """A scheduler and four worker processes, two of which are killed and stay away."""
    began, out = time.monotonic(), ways.place / "dask"
    if ways.known(DASK):
        return
    here = {"cwd": ways.place, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    address, cli = "tcp://127.0.0.1:18786", [sys.executable, "-m"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    at = ("--host", "127.0.0.1", "--port", "18786", "--no-dashboard")
    scheduler = [*cli, "distributed.cli.dask_scheduler", *at]
    worker = [*cli, "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard"]
    there = [subprocess.Popen(scheduler, env=env, **here)]
    try:
        there += [subprocess.Popen(worker, env=env, **here) for _ in range(4)]
        from distributed import Client

        with Client(address, timeout=120) as client:
            client.wait_for_workers(4, timeout=120)
        process = subprocess.Popen(
            ways.words(out, "--dask", address),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        at = sorted(ways.random.sample(range(ways.count - 1), 2))
        for victim, length in zip(ways.random.sample(there[1:], 2), at):
            while lines_in(out / "rows.jsonl") <= length and process.poll() is None:
                time.sleep(0.01)
            victim.kill()
        said, _ = process.communicate()
        assert process.returncode == 0, said
    finally:
        for each in there:
            each.kill()
            each.wait()
    ways.keep(DASK, out, "kill -9: 2 of the workers", began)


def full_disk(ways: Ways) -> None:
    """A disk of half the size that is needed, enlarged when it is full."""
    began, disk = time.monotonic(), ways.place / "disk"
    if ways.known(FULL):
        return
    disk.mkdir(exist_ok=True)
    need = ways.done["size"] // 2 >> 10
    if run(["mount", "-t", "tmpfs", "-o", f"size={need}k", "tmpfs", str(disk)])[0]:
        return ways.say(FULL, "not tried: only root can make a disk here", "", began)
    try:
        status, said = run(ways.words(disk / "run", "--workers", 4))
        assert status == 2 and said.count("\n") == 1, said
        sentence = re.sub(r"^\S+ \S+: |^.*?/run: ", "", said.strip())
        assert "No space left on device" in said and "are done" in said, said
        well(["mount", "-o", "remount,size=100%", str(disk)])
        well(ways.words(disk / "run", "--workers", 4))
        ways.keep(FULL, disk / "run", f"“{sentence}”", began)
    finally:
        run(["umount", str(disk)])


def unwritable(ways: Ways) -> None:
    """A folder on a disk that may only be read."""
    began, disk = time.monotonic(), ways.place / "readonly"
    if ways.known(UNWRITABLE):
        return
    disk.mkdir(exist_ok=True)
    if run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(disk)])[0]:
        return
    try:
        status, said = run(ways.words(disk / "run"))
        assert status == 2 and "Read-only file system" in said and said.count("\n") == 1, said
    finally:
        run(["umount", str(disk)])
    sentence = said.strip().replace(str(ways.place), "...").removeprefix("gradcam: ")
    ways.say(UNWRITABLE, f"“{sentence}”", "", began)


PAGE = """\
# Many photos: what accidents change

Made by `python -m tests.gradcam.runs.endurance`.  {count} pictures, 1 % of them broken \
({errors} rows with an error),
Grad-CAM of the network `{network}`, with rows, maps and 100 panels.  Every line ends in the same \
files as the first, byte for byte
(SHA-256 of rows, maps, settings, panels, contact sheet and table), each photo once, in its order.  {when}, \
{machine}, load {load:.1f}.

| way | what happened | files | seconds |
|---|---|---|--:|
{table}
"""


def page(ways: Ways) -> str:
    """The committed table."""
    table = "\n".join("| " + " | ".join(line) + " |" for line in ways.done["lines"])
    return PAGE.format(
        count=ways.count,
        network=ways.network,
        errors=ways.done["errors"],
        when=datetime.now(UTC).date(),
        machine=f"{os.cpu_count()} cores, Python {platform.python_version()}",
        load=os.getloadavg()[0],
        table=table,
    )


def main(arguments=None):
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="python -m tests.gradcam.runs.endurance", description=__doc__, formatter_class=raw
    )
    parser.add_argument("--count", type=int, default=10_000, help="pictures; default: 10000")
    parser.add_argument("--place", type=Path, required=True, help="a folder for pictures and results")
    parser.add_argument("--boxed", type=Path, metavar="FILE.npz", help="photos with boxes; default: scenes")
    known = {way.__name__: way for way in (uninterrupted, unwritable, workers, shards, full_disk, dask)}
    parser.add_argument("--only", nargs="+", choices=known, metavar="WAY", help=f"of {', '.join(known)}")
    parser.add_argument("--page", type=Path, default=RESULTS, help="default: tests/results/runs.md")
    asked = parser.parse_args(arguments)
    ways = Ways(asked.place.resolve(), asked.count, asked.boxed)
    possible = [name for name in known if name != "dask" or find_spec("distributed")]
    for name in possible:
        if not asked.only or name in asked.only:
            known[name](ways)
        asked.page.write_text(page(ways), "utf-8")


if __name__ == "__main__":
    main()
