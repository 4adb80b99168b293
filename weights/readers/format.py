"""What a reader declares: the name of its format, how a file of it is known, and how it is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from weights.readers.folder import Folder
from weights.readers.mapped_file import MappedFile

# Formats are asked in three turns whether a file is theirs:
FIRST = 1  # those with a mark that no other format has, such as the first bytes of every such file
SECOND = 2  # those whose beginning makes sense as theirs and hardly as another's
LAST = 3  # those that almost anything may look like: protocol buffers have no mark at all


@dataclass(frozen=True)
class Format:
    """A format of weights, declared at the end of the file that reads it: FORMAT = Format(...).

    name: what people call it.  fits: whether the content of a file is of this format; the file's name says
    nothing.  It is asked of every file, so it looks at little and believes nothing, and is False rather
    than an error.  read: {name: read-only array} of a file that fits; a WeightsError says what is wrong
    with it.  turn: when it is asked, FIRST, SECOND or LAST.  of: what both are given, MappedFile, or Folder
    for a format that is a directory of files.
    """

    name: str
    fits: Callable[[Any], bool]
    read: Callable[[Any], dict[str, np.ndarray]]
    turn: int = FIRST
    of: type[MappedFile] | type[Folder] = MappedFile
