"""What lessons quote where a published file is not at hand; each result says with which
command it was made.
"""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent
FOLDERS = (HERE, HERE.parents[1] / "tests" / "results")


def quoted(name: str, lines: int = 40) -> str:
    """The first lines of the committed result `name`, which says by itself with which
    command it was made.
    """
    path = next(
        (folder / name for folder in FOLDERS if (folder / name).is_file()), None
    )
    if path is None:
        return (
            f"(the committed result {name} is not here: it lies in tests/results of a "
            "checkout)"
        )
    return "\n".join(path.read_text("utf-8").splitlines()[:lines])
