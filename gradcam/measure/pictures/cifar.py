"""CIFAR-10 pictures for measures that need no boxes: the truth is the whole picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from gradcam.measure.errors import DataError
from gradcam.measure.pictures.archive import arrays
from gradcam.measure.pictures.example import Example, squash
from gradcam.measure.pictures.photos import whole_numbers
from weights import Preprocessing


class Cifar:
    """Pictures 0 to n - 1 of an npz file with images (N, 32, 32, 3) uint8 and labels (N,)."""

    numbers: list[int]
    preprocessing: Preprocessing
    says: str
    digest: str

    def __init__(self, path: Path, card: Any, n: int) -> None:
        self.preprocessing, self.says = squash(card.preprocessing), path.name
        found, self.digest = arrays(path, "an npz file with images and labels", ("images", "labels"))
        try:
            self._pictures = found["images"][:n]
            if self._pictures.shape[1:] != (32, 32, 3) or self._pictures.dtype != np.uint8:
                raise DataError(
                    "images are (N, 32, 32, 3), uint8; "
                    f"these are {self._pictures.shape}, {self._pictures.dtype}"
                )
            self._labels = whole_numbers(found["labels"], "labels", 10)[:n]
            if not len(self._pictures) == len(self._labels) > 0:
                raise DataError(f"it holds {len(self._pictures)} pictures, but {len(self._labels)} labels")
        except DataError as error:
            raise DataError(f"{path}: {error}") from None
        self.numbers = list(range(len(self._labels)))

    def __getitem__(self, number: int) -> Example:
        picture = self._pictures[number]
        H, W = picture.shape[:2]
        return Example(
            picture, int(self._labels[number]), np.ones((H, W), bool), np.array([[0, 0, W, H]], float)
        )
