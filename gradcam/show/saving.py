"""A figure to a file: whole or not at all."""

import contextlib
import os
import secrets
from pathlib import Path

from minicnn import Error

FORMATS = ("png", "svg", "pdf", "jpg", "jpeg")
OPTIONS = {  # the same figure gives the same file tomorrow: no dates.  A png packed less is 4 % larger, and written in half the time
    "svg": {"metadata": {"Date": None}},
    "pdf": {"metadata": {"CreationDate": None}},
    "png": {"pil_kwargs": {"compress_level": 3}},
}


class SaveError(Error, ValueError):
    """A picture that cannot be written where it was asked for."""


def check(path):
    """Whether a picture can be written to `path`, before any work is done for it.  SaveError says why not.  -> Path"""
    path = Path(path)
    if path.suffix[1:].lower() not in FORMATS:
        known = ", ".join(f".{f}" for f in FORMATS)
        raise SaveError(
            f"{path}: a picture's name ends in one of {known}"
            + (f", not in {path.suffix}" if path.suffix else "")
        )
    if path.is_dir():
        raise SaveError(f"{path}: this is a directory; give a file in it")
    if not path.parent.is_dir():
        raise SaveError(f"{path}: there is no folder {path.parent}; make it first")
    if not os.access(path.parent, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        raise SaveError(f"{path}: you may not write there; choose another file with --out")
    return path


def save(figure, path, dpi=120):
    """Write a Matplotlib figure; the suffix says the format: png, svg, pdf, jpg.  -> Path

    It is written beside its place and moved there when complete, so that nobody ever finds half a file.  SaveError if it cannot be.
    """
    path = check(path)
    form = path.suffix[1:].lower()
    beside = path.with_name(f".{path.stem}.{secrets.token_hex(4)}.tmp")
    try:
        with open(beside, "xb") as file:
            figure.savefig(file, format=form, dpi=dpi, **OPTIONS.get(form, {}))
        os.replace(beside, path)
    except OSError as error:
        raise SaveError(f"{path}: cannot be written: {error.strerror or error}") from None
    finally:
        with contextlib.suppress(FileNotFoundError):
            beside.unlink()
    return path
