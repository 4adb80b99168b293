"""One file from the network to the disk: resumed if interrupted, verified, and only then given its name.

Several processes may want it at once, a classroom with one home directory, say: one of them fetches, the
others wait for it.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import http.client
import os
import shutil
import stat
import sys
import urllib.error
import urllib.request
import uuid
from pathlib import Path

from tqdm import tqdm

from weights.errors import WeightsError
from weights.lock import locked

BLOCK = 1 << 20
PATIENCE = 30  # seconds without a byte
TRIES = 3


def download(
    address: str,
    path: Path,
    sum: str,
    size: int | None = None,
    progress: bool = True,
    kind: str = "sha256",
) -> None:
    """Fetch `address` to `path`, unless it is there by the time this process may write.

    sum: the sum or its first digits, of the kind "sha256" or "md5"; size: in bytes, if known.  What has
    arrived stays in path.part, from where the next call goes on; nobody else writes there, as long as the
    file system has locks (path.lock); where it has none, each call fetches under a name of its own, and
    nothing is resumed.
    Symbolic links are replaced, never written through.  A file with a wrong sum is renamed to path.rejected
    and never used. WeightsError says what went wrong and what to do.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with locked(_beside(path, "lock"), lambda: _waits(path, progress)) as alone:
            if path.exists():
                return
            if alone:
                _arrive(address, path, _beside(path, "part"), sum, kind, size, progress)
            else:
                part = _beside(path, f"{uuid.uuid4().hex[:12]}.part")
                try:
                    _arrive(address, path, part, sum, kind, size, progress)
                finally:
                    part.unlink(missing_ok=True)
    except (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError) as error:
        reason = getattr(error, "reason", None) or error
        put = f"put {address} ({kind} {sum}) at {path}, or use a copy of it: gradcam explain --weights FILE"
        raise WeightsError(f"{path.name} is not here and cannot be fetched ({reason}): {put}") from None
    except OSError as error:
        raise WeightsError(_disk(error, path, size)) from None


def _beside(path, ending):
    return path.with_name(f"{path.name}.{ending}")


def _waits(path, progress):
    if progress:
        print(f"{path.name} is being fetched by another process: waiting for it", file=sys.stderr)


def _arrive(address, path, part, sum, kind, size, progress):
    """Fetch to `part`, verify, and give the file its name.

    What an earlier call left there may be of another file: then once more.
    """
    try:
        resumed = _have(part) > 0
        _fetch(address, part, size, progress)
        found = _sum(part, kind)
        if resumed and not found.startswith(sum):
            part.unlink()
            _fetch(address, part, size, progress)
            found = _sum(part, kind)
    finally:
        if _have(part) == 0:
            part.unlink(missing_ok=True)
    if not found.startswith(sum):
        rejected = _beside(path, "rejected")
        os.replace(part, rejected)
        raise WeightsError(
            f"{path.name} arrived with the wrong sum: {kind} {found} instead of {sum}; it was set "
            "aside as "
            f"{rejected} and is not used. A page of a proxy, perhaps? Try again, or fetch it by other means"
        )
    os.replace(part, path)


def _have(part):
    """How many bytes have arrived.

    Anything but an ordinary file of this one name is removed: it is not ours to write to.
    """
    try:
        status = os.lstat(part)
    except FileNotFoundError:
        return 0
    if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
        os.unlink(part)
        return 0
    return status.st_size


def _fetch(address, part, size, progress):
    """Append to `part` what is missing of it; a connection that breaks is taken up again a few times."""
    for attempt in range(TRIES):
        try:
            _append(address, part, _have(part), size, progress)
            return
        except (http.client.IncompleteRead, ConnectionError, TimeoutError):
            if attempt == TRIES - 1:
                raise


def _append(address, part, have, size, progress):
    request = urllib.request.Request(
        address, headers={"User-Agent": "minicnn-gradcam"} | ({"Range": f"bytes={have}-"} if have else {})
    )
    try:
        answer = urllib.request.urlopen(request, timeout=PATIENCE)
    except urllib.error.HTTPError as error:
        if error.code == 416 and have:  # nothing is missing any more
            return
        raise
    with answer:
        range_sent = answer.headers.get("Content-Range") or ""
        start = have if answer.status == 206 and range_sent.startswith(f"bytes {have}-") else 0
        length = answer.headers.get("Content-Length")
        total = start + int(length) if length else size
        _check_room(part, (total or 0) - start)
        with (
            _opened(part, start) as out,
            tqdm(
                total=total,
                initial=start,
                unit="B",
                unit_scale=True,
                desc=part.stem,
                disable=not progress,
                leave=False,
            ) as bar,
        ):
            while block := answer.read1(BLOCK):  # what is there; a process that is killed has stored it
                out.write(block)
                bar.update(len(block))
            out.flush()
            with contextlib.suppress(OSError):  # some file systems cannot
                os.fsync(out.fileno())
            arrived = out.tell()
    if total and arrived < total:
        raise http.client.IncompleteRead(b"", total - arrived)


def _opened(part, start):
    """`part`, cut to `start` bytes, to be written on from there; never the file that a link of this name
    leads to.
    """
    flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    out = os.fdopen(os.open(part, flags, 0o666), "wb")
    out.truncate(start)
    out.seek(start)
    return out


def _sum(part, kind):
    with open(part, "rb") as file:
        return hashlib.file_digest(file, kind).hexdigest()


def _check_room(part, needed):
    if shutil.disk_usage(part.parent).free < needed:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _disk(error, path, size):
    """What an error of the file system means for someone who wants weights."""
    elsewhere = "or name another directory in MINICNN_WEIGHTS"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        free = shutil.disk_usage(path.parent).free if path.parent.exists() else 0
        needed = f"{size / 1e6:.0f} MB are needed, " if size else ""
        fits = f"{path.name} does not fit into {path.parent} ({needed}{free / 1e6:.0f} MB free)"
        return f"the disk is full: {fits}: make room, {elsewhere}"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{path.parent} may not be written to: make it writable, {elsewhere}"
    why = error.strerror or error
    return f"{path.name} cannot be stored in {path.parent} ({why}): mend that, {elsewhere}"
