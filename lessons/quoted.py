"""Committed results, for lessons that cannot measure them again where they run."""

from pathlib import Path

RESULTS = Path(__file__).parent.parent / "tests" / "results"


def quoted(name, lines=40):
    """The first lines of the committed result `name`, which says by itself with which command it was made."""
    path = RESULTS / name
    if not path.is_file():
        return f"(the committed result {name} is not here: it lies in tests/results of a checkout)"
    return "\n".join(path.read_text("utf-8").splitlines()[:lines])
