"""What comes before all other imports: a look at whose packages they are, and at interruptions."""

import sys
from importlib.util import find_spec
from pathlib import Path

HOME = Path(__file__).parents[1]  # where this project's packages lie, side by side


def check_neighbours(*names: str) -> None:
    """ImportError if a file of the user's would be imported in place of our package of that name."""
    for name in names:
        spec = find_spec(name)
        found = Path((spec and spec.origin) or HOME / name / "none")
        if found.parent.parent != HOME:
            raise ImportError(
                f"{found} would be imported in place of this project's package `{name}`, of the same name: "
                "rename it, or move it to another folder",
                name=name,
                path=str(found),
            )


def say_interrupted(kind, error, trace):
    """For sys.excepthook: one line if the command was interrupted while it was still importing."""
    if issubclass(kind, KeyboardInterrupt):
        print("gradcam: interrupted", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)


if sys.argv and (sys.argv[0] == "-m" or Path(sys.argv[0]).stem == "gradcam"):  # this process is the command
    sys.excepthook = say_interrupted
check_neighbours("minicnn", "weights")
