"""Which photos a run is about: files, folders, patterns and lists, each photo once, in an order that is
the same every time.
"""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from gradcam.asking import AskError

# of the pictures in a folder; a file that is named is taken whatever it is called
SUFFIXES = {f".{s}" for s in {"jpg", "jpeg", "jfif", "png", "webp", "gif", "bmp", "tif", "tiff", "avif"}}
WILD = "*?["


def find(words: Iterable[str | os.PathLike[str]], but: str | os.PathLike[str] | None = None) -> list[str]:
    """The paths of all photos that the words mean, each once.

    A word is a file; a folder, of which all pictures are taken, those of its folders too, in the order of
    their names; a pattern such as "day*/*.jpg" (** for any folders); @FILE, a text file with a path on each
    line; or -, such lines on standard input.  A file of a list that is not there is kept: it becomes a row
    with its error.  but: a folder of results, of which nothing is taken.  AskError: a word means nothing.
    """
    beside = None if but is None else os.path.realpath(but)
    found = (path for word in words for path in _meant(os.fspath(word), beside))
    return list(dict.fromkeys(map(os.path.normpath, found)))


def several(words: Sequence[str]) -> bool:
    """Whether the words may mean more than one photo."""
    return len(words) > 1 or any(
        word == "-" or word.startswith("@") or os.path.isdir(word) or _is_pattern(word) for word in words
    )


def block(count: int, shard: tuple[int, int] | None) -> range:
    """The numbers of the photos of shard k of n (from 1), a block of nearly the same length for each."""
    k, n = shard or (1, 1)
    return range(count * (k - 1) // n, count * k // n)


def _meant(word, but):
    if word == "-":
        yield from _lines(sys.stdin.buffer.read(), "standard input")
    elif word.startswith("@") and not os.path.exists(word):
        if Path(word).suffix.lower() in SUFFIXES:
            raise AskError(f"{word[1:]}: this is a picture, and no list of them: write it without @")
        try:
            yield from _lines(Path(word[1:]).read_bytes(), word[1:])
        except OSError as error:
            raise AskError(f"{word[1:]}: this list cannot be read ({error.strerror or error})") from None
    elif os.path.isdir(word):
        yield from _some(_inside(word, but), f"{word}: there is no picture in this folder")
    elif _is_pattern(word):
        files = (path for path in sorted(glob.glob(word, recursive=True)) if os.path.isfile(path))
        yield from _some(_without(files, but), f"{word}: no file fits this pattern")
    elif os.path.lexists(word):
        yield word
    else:
        raise AskError(f"{word}: there is no such file or folder")


def _is_pattern(word):
    return any(sign in word for sign in WILD) and not os.path.lexists(word)


def _some(paths: Iterator[str], otherwise: str) -> Iterator[str]:
    first = next(paths, None)
    if first is None:
        raise AskError(otherwise)
    yield first
    yield from paths


def _inside(folder, but):
    for at, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        pictures = (f for f in sorted(files) if not f.startswith(".") and Path(f).suffix.lower() in SUFFIXES)
        yield from _without((os.path.join(at, f) for f in pictures), but)


def _without(paths, but):
    return (p for p in paths if but is None or not Path(os.path.realpath(p)).is_relative_to(but))


def _lines(text: bytes, name: str) -> list[str]:
    """The paths of a list, one on each line, or ended by a zero byte each, as `find -print0` does."""
    lines = text.split(b"\0") if b"\0" in text else text.removeprefix(b"\xef\xbb\xbf").splitlines()
    paths = [os.fsdecode(line) for line in lines if line.strip()]
    if not paths:
        raise AskError(f"{name}: this list of photos is empty")
    return paths
