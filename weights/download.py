"""One file from the network to the disk: resumed if interrupted, verified, and only then given its name."""

import errno
import hashlib
import http.client
import os
import shutil
import urllib.error
import urllib.request

from tqdm import tqdm

from weights.errors import WeightsError

BLOCK = 1 << 20
PATIENCE = 30  # seconds without a byte
TRIES = 3


def download(address, path, sha256, size=None, progress=True):
    """Fetch `address` to `path`.  sha256: the sum or its first digits; size: in bytes, if known.

    What has arrived stays in path.part, from where the next call goes on.  A file with a wrong sum is renamed to path.rejected and never
    used.  WeightsError says what went wrong and what to do.
    """
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _fetch(address, part, size, progress)
        _verify(part, path, sha256)
        os.replace(part, path)
    except (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError) as error:
        reason = getattr(error, "reason", None) or error
        put = (
            f"put {address} (sha256 {sha256}) at {path}, or use a copy of it: gradcam explain --weights FILE"
        )
        raise WeightsError(f"{path.name} is not here and cannot be fetched ({reason}): {put}") from None
    except OSError as error:
        raise WeightsError(_disk(error, path, size)) from None


def _fetch(address, part, size, progress):
    """Append to `part` what is missing of it; a connection that breaks is taken up again a few times."""
    for attempt in range(TRIES):
        have = part.stat().st_size if part.exists() else 0
        try:
            _append(address, part, have, size, progress)
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
        resumed = answer.status == 206 and (answer.headers.get("Content-Range") or "").startswith(
            f"bytes {have}-"
        )
        start = have if resumed else 0
        length = answer.headers.get("Content-Length")
        total = start + int(length) if length else size
        _check_room(part, (total or 0) - start)
        with open(part, "ab" if resumed else "wb") as out, tqdm(
            total=total, initial=start, unit="B", unit_scale=True, desc=part.stem, disable=not progress, leave=False
        ) as bar:  # fmt: skip
            while block := answer.read(BLOCK):
                out.write(block)
                bar.update(len(block))
            arrived = out.tell()
    if total and arrived < total:
        raise http.client.IncompleteRead(b"", total - arrived)


def _check_room(part, needed):
    if shutil.disk_usage(part.parent).free < needed:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _verify(part, path, sha256):
    with open(part, "rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if not found.startswith(sha256):
        rejected = path.with_name(path.name + ".rejected")
        os.replace(part, rejected)
        raise WeightsError(
            f"{path.name} arrived with the wrong sum: sha256 {found} instead of {sha256}; it was set aside as {rejected} and is not used. "
            "A page of a proxy, perhaps? Try again, or fetch it by other means"
        )


def _disk(error, path, size):
    """What an error of the file system means for someone who wants weights."""
    elsewhere = "or name another directory in MINICNN_WEIGHTS"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        free = shutil.disk_usage(path.parent).free if path.parent.exists() else 0
        needed = f"{size / 1e6:.0f} MB are needed, " if size else ""
        return f"the disk is full: {path.name} does not fit into {path.parent} ({needed}{free / 1e6:.0f} MB free): make room, {elsewhere}"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{path.parent} may not be written to: make it writable, {elsewhere}"
    return (
        f"{path.name} cannot be stored in {path.parent} ({error.strerror or error}): mend that, {elsewhere}"
    )
