"""Whose `minicnn` is imported: this project's, or a file of the user's of that name?"""

from pathlib import Path

import minicnn

if Path(minicnn.__file__ or "").parent.parent != Path(__file__).parent.parent:
    raise ImportError(
        f"{minicnn.__file__} would be imported in place of this project's package `minicnn`: "
        "rename it, or move it to another folder",
        name="minicnn",
    )
