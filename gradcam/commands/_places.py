"""Where a command writes, and that nothing it reads is overwritten."""

import argparse
import os
from pathlib import Path

LONGEST = 200  # bytes of a name that is made here: file systems take 255, and some are added


def option(parser: argparse.ArgumentParser, default: str, what: str = "the picture") -> None:
    """The option --out."""
    name = f"{what}: .png, .svg, .pdf or .jpg; default: {default}, in the current folder"
    parser.add_argument("--out", metavar="FILE", help=name)


def place(args: argparse.Namespace, default: str | None = None) -> Path:
    """The picture's place: what --out says, or `default`.  SaveError if it cannot be there."""
    from gradcam.show.saving import check  # Matplotlib is slow to import

    out = check(args.out if args.out is not None else default)
    spare(out, args, "out")
    return out


def spare(path: Path, args: argparse.Namespace, option: str) -> None:
    """SaveError if `path`, given as --`option`, is a file that another argument names."""
    from gradcam.files import SaveError

    for name, given in vars(args).items():
        for file in given if isinstance(given, list) else [given]:
            if name != option and isinstance(file, str) and _same(path, file):
                raise SaveError(
                    f"{path}: that would overwrite what is read here; name another with --{option}"
                )


def page(path: str) -> Path:
    """The place of a report.  SaveError if the name is not a page's."""
    from gradcam.files import SaveError, check_place

    if Path(path).suffix.lower() not in (".html", ".htm"):
        raise SaveError(f"{path}: a report's name ends in .html")
    return check_place(path)


def write(path: str, text: str) -> None:
    """Write a report, whole or not at all."""
    from gradcam.files import written

    with written(path) as file:
        file.write(text.encode())


def name_of(photo: str | None, ending: str, otherwise: str = "scene") -> str:
    """photo.jpg, explained -> photo_explained.png; the end of a name that would be too long is left out."""
    stem = Path(photo).stem if photo else otherwise
    while len(os.fsencode(stem)) > LONGEST:
        stem = stem[:-1]
    return f"{stem}_{ending}.png"


def _same(a, b):
    try:
        return os.path.samefile(a, b)
    except (OSError, ValueError):  # one of them is not there
        return False
