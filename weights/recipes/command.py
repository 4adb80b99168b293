"""What the training commands share: their options, and how a trained network is written."""

import argparse
from pathlib import Path

import numpy as np

SHIPPED = Path(__file__).parent.parent / "shipped"


def options(name, description, epochs):
    """The parser with what every training command can be asked."""
    parser = argparse.ArgumentParser(
        prog=f"python -m weights.recipes.train_{name}", description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--epochs", type=int, default=epochs, help="how often every picture is seen (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="decides weights, order, augmentation (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=SHIPPED / f"{name}.npz", help="where the weights go (default: %(default)s)")
    parser.add_argument(
        "--checkpoint", type=Path, default=Path("checkpoints") / f"{name}.npz", help="written as the run goes (default: %(default)s)"
    )
    parser.add_argument(
        "--resume",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="go on from the checkpoint if there is one; --no-resume begins anew and overwrites it",
    )
    return parser


def begin(asked):
    """Make room for the checkpoint; without --resume, forget the old one."""
    asked.checkpoint.parent.mkdir(parents=True, exist_ok=True)
    if not asked.resume:
        asked.checkpoint.unlink(missing_ok=True)


def ship(arrays, path):
    """Write {name: array} in float16 under the engine's own names.  -> the size in bytes"""
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, **{name: array.astype(np.float16) for name, array in arrays.items()})
    return path.stat().st_size
