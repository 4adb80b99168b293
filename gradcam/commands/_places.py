"""Where a command writes, and that nothing it reads is overwritten."""

import argparse
import os
from pathlib import Path

LONGEST = 200  # bytes of a name that is made here: file systems take 255, and some are added


def option(parser: argparse.ArgumentParser, default: str, what: str = "the picture", more: str = "") -> None:
    """The option --out."""
    name = f"{what}: .png, .svg, .pdf or .jpg{more}; default: {default}, in the current folder"
    parser.add_argument("--out", metavar="FILE", help=name)


def place(args: argparse.Namespace, default: str) -> Path:
    """The picture's place: what --out says, or `default`.  SaveError if it cannot be there."""
    from gradcam.show.saving import check  # Matplotlib is slow to import

    return check(args.out if args.out is not None else default, inputs(args, but="out"))


def inputs(args: argparse.Namespace, but: str) -> list[str]:
    """The words of all options but one: those that are files are read, and must not be overwritten."""
    given = [value for option, value in vars(args).items() if option != but]
    return [word for value in given for word in (value if isinstance(value, list) else [value]) if word]


def name_of(photo: str | None, ending: str, otherwise: str = "scene") -> str:
    """photo.jpg, explained -> photo_explained.png; the end of a name that would be too long is left out."""
    stem = Path(photo).stem if photo else otherwise
    while len(os.fsencode(stem)) > LONGEST:
        stem = stem[:-1]
    return f"{stem}_{ending}.png"
