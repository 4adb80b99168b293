"""Mutated files, by the hundred thousand: each is read correctly or gives a WeightsError, and quickly.

    python -m tests.weights.readers.fuzz --inputs 100000      a table; exit status 1 if anything else happened

A mutation starts from a good file of the format (samples.py) and flips bits, overwrites numbers with edge
values, deletes, repeats or swaps runs of bytes, splices two files, or cuts the end off; the members of zips
are also mutated inside, their checksums put right, so that a checksum does not shield what lies behind it.
What is read from a mutated file is *correct* if the arrays keep the reader's promises (numbers, read-only,
no more of them than the file can hold) and, where an independent reader is installed and accepts the file
too (NumPy, safetensors, ONNX, PyTorch; asked for every tenth input), if that one reads the same. A read
that takes longer than SLOW is ended and counted as something else.
"""

import argparse
import io
import platform
import random
import signal
import sys
import tempfile
import time
import warnings
import zipfile
from contextlib import contextmanager
from datetime import date
from importlib import import_module, metadata
from pathlib import Path

import numpy as np

from tests.weights.readers import samples
from weights.errors import WeightsError
from weights.reading import read

EDGES = [
    0,
    1,
    0x7F,
    0x80,
    0xFF,
    0x7FFF,
    0xFFFF,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**60,
    2**63 - 1,
    2**63,
    2**64 - 1,
]
KINDS = "biufc"
EVERY = 10  # every tenth input goes to the independent readers too
# seconds; longer than the child process may live: whether the reader itself ends it is what is asked
SLOW_HDF5 = 130.0
SLOW = 5.0  # seconds; no mutated file of a few kilobytes may take longer


def mutated(data, others, rng):
    """A mutated copy of one file's bytes; `others` are files to splice with."""
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        at, n = rng.randrange(len(data) + 1), rng.choice((1, 2, 4, 8, 16, 64))
        match rng.randrange(9):
            case 0:
                data[at : at + 1] = bytes([data[at] ^ 1 << rng.randrange(8)]) if at < len(data) else b"\0"
            case 1:
                data[at : at + 1] = bytes([rng.randrange(256)])
            case 2:
                edge, width = rng.choice(EDGES), rng.choice((1, 2, 4, 8))
                data[at : at + width] = (edge & (1 << 8 * width) - 1).to_bytes(
                    width, rng.choice(("little", "big"))
                )
            case 3:
                del data[at : at + n]
            case 4:
                data[at:at] = data[at : at + n] * rng.choice((1, 2, 50))
            case 5:
                there = rng.randrange(len(data) + 1)
                data[at : at + n] = data[there : there + n]
            case 6:
                other = rng.choice(others)
                there = rng.randrange(len(other) + 1)
                data[at:] = other[there:]
            case 7:
                del data[at:]
            case 8:
                number = str(rng.choice(EDGES)).encode()
                digits = [i for i, byte in enumerate(data) if 48 <= byte < 58]
                where = rng.choice(digits) if digits else at
                data[where : where + 1] = rng.choice((number, b"-1", b"1e9", b"9" * 30))
        if not data:
            data = bytearray(b"\0")
    return bytes(data)


def mutated_zip(data, others, rng):
    """A zip one of whose members is mutated, the checksum right again."""
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        members = {info.filename: file.read(info) for info in file.infolist()}
        method = file.infolist()[0].compress_type
    victim = rng.choice(list(members))
    members[victim] = mutated(members[victim] or b"\0", list(members.values()), rng)
    return samples.zipped(members, method)


def inputs(kind, files, count, seed):
    """`count` mutated files of one format, the same for the same seed."""
    rng, originals = random.Random(f"{kind} {seed}"), [data for data, _ in files]
    for _ in range(count):
        data = rng.choice(originals)
        inside = data.startswith(b"PK") and rng.random() < 0.7
        yield (mutated_zip if inside else mutated)(data, originals, rng)


# -- independent readers: {name: array}, or an exception where they refuse


def by_numpy(path, kind):
    with np.load(path, allow_pickle=False) as held:
        return dict(held) if kind == "npz" else {"array": held}


def by_npy(path, kind):
    return {"array": np.load(path, allow_pickle=False)}


def by_safetensors(path, kind):
    from safetensors.numpy import load_file

    return load_file(path)


def by_onnx(path, kind):
    import onnx

    graph = onnx.load(path, load_external_data=False).graph
    return {t.name: onnx.numpy_helper.to_array(t) for t in graph.initializer}


def by_torch(path, kind):
    import torch

    held = torch.load(path, map_location="cpu", weights_only=True)
    return {name: t.numpy() for name, t in held.get("state_dict", held).items()}


INDEPENDENT = {
    "npz": by_numpy,
    "npy": by_npy,
    "safetensors": by_safetensors,
    "onnx_weights": by_onnx,
    "torch_zip": by_torch,
    "torch_legacy": by_torch,
}


def differs(ours, path, kind):
    """Why an independent reader of the format disagrees with what was read, or None; it may refuse the
    file, or not be installed.
    """
    if kind not in INDEPENDENT:
        return None
    try:
        with time_limit(SLOW):
            theirs = INDEPENDENT[kind](path, kind)
    except Exception:
        return None
    for name, array in theirs.items():
        array = np.asarray(array)
        array = array.astype(np.float32) if array.dtype == np.float16 else array
        if (
            name in ours
            and array.dtype.kind in KINDS
            and ours[name].dtype == array.dtype
            and (
                ours[name].shape != array.shape
                or not np.array_equal(ours[name], array, equal_nan=array.dtype.kind in "fc")
            )
        ):
            return f"{name!r} differs from what the independent reader reads"
    return None


def broken_promise(arrays, size):
    """What is wrong with arrays read from a file of `size` bytes, or None."""
    held = 0
    for name, array in arrays.items():
        if not isinstance(name, str) or not isinstance(array, np.ndarray) or array.dtype.kind not in "biufc":
            return f"{name!r} is no array of numbers"
        if array.flags.writeable or not array.flags.aligned:
            return f"{name!r} is writeable or unaligned"
        held = max(held, array.nbytes)
        array.tobytes()  # touches every number
    if held > 1100 * size:
        return f"{held} bytes were read from a file of {size}"
    return None


class Tally:
    """What happened to the inputs of one format."""

    def __init__(self, kind):
        self.kind, self.inputs, self.correct, self.refused, self.other, self.slowest = kind, 0, 0, 0, [], 0.0

    def add(self, path, data, independent):
        """Read one mutated file and note what came of it."""
        path.write_bytes(data)
        self.inputs += 1
        start, wrong, arrays = time.perf_counter(), None, None
        try:
            with time_limit(SLOW_HDF5 if self.kind.startswith("keras") else SLOW):
                arrays = read(path)
        except WeightsError:
            self.refused += 1
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            wrong = f"{type(error).__name__}: {error}"
        self.slowest = max(self.slowest, time.perf_counter() - start)
        if arrays is not None:
            wrong = (
                broken_promise(arrays, len(data))
                or (independent and self.inputs % EVERY == 0 and differs(arrays, path, self.kind))
                or None
            )
            self.correct += wrong is None
        if wrong:
            self.other.append((wrong, data))

    def row(self):
        counts = f"{self.inputs:,} | {self.correct:,} | {self.refused:,} | {len(self.other)}"
        return f"| {self.kind} | {counts} | {1e3 * self.slowest:.0f} ms |"


class TookTooLong(Exception):
    """A read did not end."""


@contextmanager
def time_limit(seconds):
    """Ends what takes longer (on systems with alarms)."""

    def ring(*_):
        raise TookTooLong(f"still busy after {seconds} s")

    if not hasattr(signal, "setitimer"):
        yield
        return
    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


HEAD = "| format | inputs | correct | WeightsError | other | slowest |\n|---|---:|---:|---:|---:|---:|"


def fuzz(kind, files, count, seed=0, seconds=None, independent=False):
    """The Tally of `count` mutated inputs of one format, or of as many as fit into `seconds`."""
    if independent:
        versions()  # imports what will be compared with: under the alarm that could be cut in two
    tally, start = Tally(kind), time.perf_counter()
    fast = Path("/dev/shm")
    with (
        tempfile.TemporaryDirectory(dir=fast if fast.is_dir() else None) as directory,
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        for data in inputs(kind, files, count, seed):
            tally.add(Path(directory) / "file", data, independent)
            if seconds is not None and time.perf_counter() - start > seconds:
                break
    return tally


def versions():
    """One line that says with what the run was made."""
    found = []
    for package in ("numpy", "h5py", "safetensors", "onnx", "torch"):
        try:
            import_module(package)
            found.append(f"{package} {metadata.version(package)}")
        except ImportError:
            found.append(f"{package} not installed")
    return f"{date.today()}, Python {platform.python_version()}, {', '.join(found)}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--inputs", type=int, default=100_000, help="mutated files of each format")
    parser.add_argument(
        "--hdf5", type=int, default=300, help="mutated files of the two HDF5 formats: each starts a process"
    )
    parser.add_argument("--formats", nargs="*", help="only these")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--keep",
        type=Path,
        help="folder for inputs that gave anything but a correct result or a WeightsError",
    )
    options = parser.parse_args()
    formats = {kind: (files, options.inputs) for kind, files in samples.all_formats().items()}
    try:
        formats |= {kind: (files, options.hdf5) for kind, files in samples.keras_formats().items()}
    except ImportError:
        print("h5py is not installed: the Keras formats are left out")
    print(f"{versions()}; seed {options.seed}\n\n{HEAD}", flush=True)
    failed = []
    for kind, (files, count) in formats.items():
        if options.formats and kind not in options.formats:
            continue
        tally = fuzz(kind, files, count, options.seed, independent=True)
        print(tally.row(), flush=True)
        failed += [(kind, *other) for other in tally.other]
    for i, (kind, wrong, data) in enumerate(failed[:20]):
        print(f"{kind}: {wrong}", file=sys.stderr)
        if options.keep:
            options.keep.mkdir(parents=True, exist_ok=True)
            (options.keep / f"{kind}-{i}").write_bytes(data)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
