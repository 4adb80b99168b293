"""A directory of files that are weights together, for formats that have several."""

from __future__ import annotations

import os

from weights.errors import WeightsError
from weights.readers.mapped_file import MappedFile

MOST_FILES = 100_000


class Folder:
    """The ordinary files right in a directory, for the time of a `with` block; arrays taken from them live
    on afterwards.

    names: theirs, sorted; what is in directories below is left alone.
    """

    def __init__(self, path: str) -> None:
        self.path: str = path
        self.mapped: dict[str, MappedFile] = {}
        with os.scandir(path) as entries:
            self.names: list[str] = sorted(entry.name for entry in entries if entry.is_file())
        if len(self.names) > MOST_FILES:
            raise WeightsError(
                f"{path}: it holds {len(self.names)} files; more than {MOST_FILES} are no weights"
            )

    def __enter__(self) -> Folder:
        return self

    def __exit__(self, *exception: object) -> None:
        for file in self.mapped.values():
            file.__exit__(*exception)

    def file(self, name: str) -> MappedFile:
        """The file called `name`, mapped once and closed together with the folder.

        WeightsError: it is empty.
        """
        if name not in self.mapped:
            self.mapped[name] = MappedFile(os.path.join(self.path, name), among=True)
        return self.mapped[name]
