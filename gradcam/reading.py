"""Signals, volumes and videos from files, as arrays (C, L) and (C, D, H, W).

    .csv .txt .tsv      a column for each lead, a line for each sample; a first line may name the leads
    .wav                a lead for each channel, from -1 to 1
    .npy                as it is, (L,), (C, L), (D, H, W) or (C, D, H, W), perhaps a batch of 1 in front, or
                        with its channels last
    .nii .nii.gz        NIfTI, through nibabel (the extra "volumes"): (D, H, W), D the third axis of the file
    a folder            slices or frames, in the order of their names: grey ones a volume, coloured a video
    .gif                the frames of a video

Values stay as the file has them: nothing is scaled or cut; pixels of pictures are from 0 to 1.
"""

from __future__ import annotations

import os
import re
import wave
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gradcam.asking import AskError

PICTURES = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp"}
TABLES = {".csv", ".tsv", ".txt"}
NAMES = re.compile(r"(\d+)")


class Read(NamedTuple):
    """values: (C, L) or (C, D, H, W), float32; names: of the leads, or None; what: it was, in a phrase;
    pixels: whether its values are those of pictures, from 0 to 1.
    """

    values: np.ndarray
    names: list[str] | None
    what: str
    pixels: bool = False


def read_input(path: str | os.PathLike[str], axes: int = 3, channels: int | None = None) -> Read:
    """What a file or folder holds, for a network whose input has so many axes: 3, signals; 5, volumes.

    channels: of the network's input; a video is read in grey for one.  AskError: there is no such file, or
    it holds something else.
    """
    path = Path(path)
    if not path.exists():
        raise AskError(f"{path}: there is no such file")
    kind = path.suffix.lower()
    try:
        if path.is_dir():
            found = _slices(path, channels)
        elif kind in TABLES:
            found = _table(path)
        elif kind == ".wav":
            found = _sound(path)
        elif kind == ".npy":
            found = _array(path, axes, channels)
        elif kind == ".gif":
            found = _animation(path, channels)
        elif kind == ".nii" or path.name.lower().endswith(".nii.gz"):
            found = _nifti(path)
        else:
            raise AskError(
                f"{path}: a signal is a .csv, .wav or .npy file, a volume .npy, .nii or a folder of slices, "
                f"a video a folder of frames or a .gif, not {kind or 'a bare name'}"
            )
    except AskError:
        raise
    except MemoryError:
        raise AskError(f"{path}: there is not enough memory for it") from None
    except (OSError, ValueError, EOFError, wave.Error) as error:
        raise AskError(f"{path}: cannot be read: {' '.join(str(error).split())[:200]}") from None
    values = found.values
    if values.ndim != axes - 1:
        wanted = {3: "a signal (C, L)", 5: "a volume (C, D, H, W)"}.get(axes, f"an input of {axes} axes")
        raise AskError(f"{path}: the network takes {wanted}, and this is {found.what} {values.shape}")
    if not values.size or not np.all(np.isfinite(values)):
        raise AskError(f"{path}: it holds {'numbers that are not finite' if values.size else 'no numbers'}")
    if channels is not None and len(values) != channels:
        raise AskError(f"{path}: the network takes {channels} channels, and this has {len(values)}")
    return found


def _table(path):
    """Columns of numbers, separated by commas, semicolons, tabs or spaces."""
    lines = enumerate(map(str.strip, path.read_text("utf-8-sig").splitlines()), 1)
    filled = [(number, line) for number, line in lines if line and not line.startswith("#")]
    rows = [re.split(r"[,;\t]\s*|\s+", line) for _, line in filled]
    if not rows:
        raise AskError(f"{path}: there are no numbers in it")
    names = None if all(map(_is_number, rows[0])) else [cell.strip("\"' ") for cell in rows.pop(0)]
    wide = len(rows[0]) if rows else 0
    for (number, _), row in zip(filled[bool(names) :], rows):
        wrong = next((cell for cell in row if not _is_number(cell)), None)
        if wrong is not None or len(row) != wide:
            what = f"'{wrong[:40]}' is no number" if wrong is not None else f"{len(row)} numbers, not {wide}"
            raise AskError(f"{path}: line {number}: {what}")
    values = np.array([[float(cell) for cell in row] for row in rows], np.float32).T
    if values.ndim != 2:
        raise AskError(f"{path}: there are no numbers in it")
    return Read(values, names if names and len(names) == wide else None, "a signal")


def _is_number(cell):
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _sound(path):
    """PCM of 8, 16, 24 or 32 bits."""
    with wave.open(str(path)) as file:
        wide, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
        raw = np.frombuffer(file.readframes(file.getnframes()), np.uint8)
    raw = raw[: len(raw) // (wide * channels) * wide * channels].reshape(-1, wide)
    if wide == 1:
        values = (raw[:, 0].astype(np.float64) - 128) / 128
    else:
        low = np.zeros((len(raw), 4), np.uint8)
        low[:, 4 - wide :] = raw
        values = low.view("<i4")[:, 0] / 2**31
    return Read(values.astype(np.float32).reshape(-1, channels).T, None, f"a sound of {rate} Hz")


def _array(path, axes, channels):
    values = np.load(path, allow_pickle=False)
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "fiub":
        raise AskError(f"{path}: an array of numbers was expected")
    what = f"an array of {values.dtype}"
    while values.ndim >= axes and len(values) == 1:
        values = values[0]
    if values.ndim == axes - 2:
        values = values[None]
    if values.ndim == axes - 1 and len(values) != channels == values.shape[-1]:
        values, what = np.ascontiguousarray(np.moveaxis(values, -1, 0)), f"{what}, its channels last"
    return Read(values.astype(np.float32), None, what)


def _nifti(path):
    try:
        import nibabel
    except ModuleNotFoundError:
        raise AskError(
            f"{path}: NIfTI needs nibabel: pip install 'minicnn-gradcam[volumes]'; or save it as .npy"
        ) from None
    try:
        values: Any = np.asanyarray(nibabel.load(path).dataobj)
    except nibabel.filebasedimages.ImageFileError as error:
        raise AskError(f"{path}: this is no NIfTI file: {error}") from None
    if values.ndim == 4 and values.shape[3] == 1:
        values = values[..., 0]
    if values.ndim != 3:
        raise AskError(f"{path}: a volume has three axes, and this has {values.ndim}: {values.shape}")
    return Read(values.transpose(2, 1, 0)[None].astype(np.float32), None, "a volume")


def _slices(path, channels):
    """Pictures of one size, in the order of the numbers in their names."""
    from gradcam.image import read  # Pillow is slow to import

    files = sorted(
        (f for f in path.iterdir() if f.suffix.lower() in PICTURES),
        key=lambda f: [int(part) if part.isdigit() else part for part in NAMES.split(f.name)],
    )
    if not files:
        raise AskError(f"{path}: there are no pictures in this folder")
    frames = [np.asarray(read(f)) for f in files]
    other = next((f for f, frame in zip(files, frames) if frame.shape != frames[0].shape), None)
    if other is not None:
        raise AskError(f"{other}: all slices have one size, and this one differs from {files[0].name}")
    return _stacked(frames, channels)


def _animation(path, channels):
    """The frames of a moving picture."""
    from PIL import Image, ImageSequence

    with Image.open(path) as picture:
        frames = [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(picture)]
    return _stacked(frames, channels)


def _stacked(frames, channels):
    """uint8 (H, W, 3) each -> (C, D, H, W), from 0 to 1; C is 1 of grey ones."""
    whole = np.stack(frames).astype(np.float32) / 255
    grey = np.all(whole == whole[..., :1])
    if grey or channels == 1:
        whole = whole.mean(axis=-1, keepdims=True)
    if channels == 3 and grey:  # a video without colours
        whole, grey = whole.repeat(3, axis=-1), False
    what = f"{len(frames)} {'slices' if grey else 'frames'}"
    return Read(np.ascontiguousarray(np.moveaxis(whole, -1, 0)), None, what, pixels=True)
