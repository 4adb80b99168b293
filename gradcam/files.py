"""The one rule for writing files: whole or not at all, and never where it would destroy something else.

A file that is there already is replaced only if it is an ordinary one and none that is being read.  A
symbolic link is refused, because what it points to would be lost or left behind; so are FIFOs, sockets and
devices.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from minicnn import Error


class SaveError(Error, ValueError):
    """A file that cannot be written where it was asked for: the message says why, and what to do."""


def check_place(path: str | os.PathLike[str], inputs: Iterable[object] = (), replace: bool = True) -> Path:
    """Whether a file may be written to `path`, asked before any work is done for it.  -> Path

    inputs: files that are read, which must not be overwritten (what is no existing file is ignored);
    replace: whether an ordinary file may be there already.  SaveError says why not.
    """
    path = Path(path)
    _check_name(path)
    if path.is_symlink():
        raise SaveError(
            f"{path}: this is a symbolic link to {os.readlink(path)}; name that file itself, or another one"
        )
    if path.is_dir():
        raise SaveError(f"{path}: this is a directory; give a file in it")
    if path.exists() and not path.is_file():
        raise SaveError(f"{path}: this is no ordinary file (a device or a pipe); name another one")
    if not path.parent.is_dir():
        raise SaveError(f"{path}: there is no folder {path.parent}; make it first")
    if not os.access(path.parent, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        raise SaveError(f"{path}: you may not write there; choose another file with --out")
    read = [f for f in inputs if isinstance(f, (str, os.PathLike)) and os.path.exists(f)]
    if path.exists() and any(path.samefile(f) for f in read):
        raise SaveError(f"{path}: this would overwrite what it is made from; name another file")
    if path.exists() and not replace:
        raise SaveError(f"{path}: there is such a file already; move it away, or name another place")
    return path


@contextlib.contextmanager
def written(
    path: str | os.PathLike[str], inputs: Iterable[object] = (), replace: bool = True
) -> Iterator[BinaryIO]:
    """A binary file to write into, which becomes `path` when the block ends without an error.

    It lies beside its place until then, so that nobody ever finds half a file, and is removed if anything
    goes wrong. The place is checked as `check_place` does; SaveError if it cannot be written.
    """
    path = check_place(path, inputs, replace)
    beside = path.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        with open(beside, "xb") as file:
            yield file
        os.replace(beside, path)
    except OSError as error:
        raise SaveError(f"{path}: cannot be written: {error.strerror or error}") from None
    finally:
        with contextlib.suppress(FileNotFoundError):
            beside.unlink()


@contextlib.contextmanager
def fresh_folder(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A folder for many files: made here, or there already and empty; emptied again if the block fails.

    SaveError if there is something in it, or it cannot be made.
    """
    path = Path(path)
    _check_name(path)
    there = path.is_dir()
    if (path.exists() or path.is_symlink()) and not there:
        raise SaveError(f"{path}: this is no folder; name a new one")
    if there and any(path.iterdir()):
        raise SaveError(f"{path}: there are files in this folder already; name a new one, or an empty one")
    try:
        path.mkdir(parents=True, exist_ok=True)
        yield path
    except BaseException as error:
        for inside in path.iterdir() if path.is_dir() else ():
            shutil.rmtree(inside) if inside.is_dir() else inside.unlink()
        if not there and path.is_dir():
            path.rmdir()
        if isinstance(error, OSError):
            raise SaveError(f"{path}: cannot be written: {error.strerror or error}") from None
        raise


def _check_name(path):
    """SaveError if no file can have such a name: it is too long, or runs through a file."""
    try:
        os.lstat(path)
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        raise SaveError(f"{path}: cannot be written: {getattr(error, 'strerror', None) or error}") from None
