"""Rows for many pictures: on all cores, with a progress bar, and kept as they come, so that a run that was cut off goes on where it was."""

import errno
import json
import os
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from itertools import islice
from pathlib import Path

from threadpoolctl import threadpool_limits
from tqdm import tqdm

from gradcam.measure.pictures import DataError

FOREIGN = "this is no file of measured rows, and was left as it is; name another with --rows"


def collect(path, settings, numbers, row, workers=None, progress=True, name=None):
    """One row for each number, those included that the file has already -> list of rows, in the order of `numbers`.

    path: a file of rows, JSON, one line each, to which every new row is added as soon as it is there (None: keep none); its first line
    says with which settings.  DataError if those were others.  row: number -> dict, called in `workers` threads (default: one for each
    core), each with its own matrix products on one core.  Few rows are on their way at any time, however many are asked for.
    """
    rows = opened(Path(path), settings) if path else {}
    missing = [n for n in numbers if n not in rows]
    todo, workers = iter(missing), workers or os.cpu_count() or 1
    bar = tqdm(
        desc=name,
        total=len(numbers),
        initial=len(numbers) - len(missing),
        unit="picture",
        disable=not progress,
    )

    def keep(found):
        rows[found["number"]] = found
        if path:
            append(path, found)
        bar.update()

    with bar, threadpool_limits(1, "blas"), ThreadPoolExecutor(workers) as pool:
        waiting = {pool.submit(row, n) for n in islice(todo, 2 * workers)}
        try:
            while waiting:
                done, _ = wait(waiting, return_when=FIRST_COMPLETED)
                for future in sorted(done, key=lambda f: f.exception() is not None):  # keep, then raise
                    waiting.remove(future)
                    keep(future.result())
                waiting |= {pool.submit(row, n) for n in islice(todo, len(done))}
        except (
            BaseException
        ):  # an interruption, too: what is not begun is not begun, what is running is finished and kept
            pool.shutdown(cancel_futures=True)
            for future in waiting:
                if not future.cancelled() and not future.exception():
                    keep(future.result())
            raise
    return [rows[n] for n in numbers]


def opened(path, settings):
    """{number: row} of the file's rows; a new file gets its first line.

    A line that was being written when the run died is taken away, but only from a file that is known by its first line to be of these rows:
    no other file is changed.  DataError if it is no file of rows, or of others, or cannot be read or written.
    """
    try:
        if path.exists():
            return _found(path, settings)
        path.parent.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise DataError(f"{path}: rows cannot be kept there: {path.parent} is no folder") from None
    except OSError as error:
        raise DataError(f"{path}: rows cannot be kept there: {error.strerror or error}") from None
    append(path, settings)
    return {}


def _found(path, settings):
    written, line = path.read_bytes(), _line(settings)
    whole = written[: written.rfind(b"\n") + 1]
    if not whole and not line.startswith(written):
        raise DataError(f"{path}: {FOREIGN}")
    try:
        first, *rows = [json.loads(text) for text in (whole or line).splitlines()]
        found = {row["number"]: row for row in rows}
    except (ValueError, KeyError, TypeError):
        raise DataError(f"{path}: {FOREIGN}") from None
    if first != json.loads(line):
        other = (
            [key for key in settings if first.get(key) != settings[key]]
            if isinstance(first, dict)
            else "settings"
        )
        raise DataError(
            f"{path}: these rows were measured with other {', '.join(other) or 'settings'}: name another file, or remove it"
        )
    if not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    if len(whole) < len(written):
        os.truncate(path, len(whole))
    if not whole:
        append(path, settings)
    return found


def append(path, row):
    """One line more, in one piece or not at all.  DataError if it cannot be written."""
    line = _line(row)
    try:
        with open(path, "ab", buffering=0) as file:
            end = file.tell()
            if file.write(line) < len(line):
                file.truncate(end)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError as error:
        raise DataError(f"{path}: rows cannot be kept there: {error.strerror or error}") from None


def _line(row):
    return (json.dumps(row, ensure_ascii=False) + "\n").encode()
