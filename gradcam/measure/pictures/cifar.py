"""CIFAR-10 pictures for measures that need no boxes: the truth is the whole picture."""

import numpy as np

from gradcam.measure.errors import DataError
from gradcam.measure.pictures.archive import arrays
from gradcam.measure.pictures.example import Example, squash
from gradcam.measure.pictures.photos import whole_numbers


class Cifar:
    """Pictures 0 to n - 1 of an npz file with images (N, 32, 32, 3) uint8 and labels (N,)."""

    def __init__(self, path, card, n):
        self.path, self.preprocessing, self.says = path, squash(card.preprocessing), path.name
        found, self.digest = arrays(path, "an npz file with images and labels", ("images", "labels"))
        try:
            self.pictures = found["images"][:n]
            if self.pictures.shape[1:] != (32, 32, 3) or self.pictures.dtype != np.uint8:
                raise DataError(
                    "images are (N, 32, 32, 3), uint8; "
                    f"these are {self.pictures.shape}, {self.pictures.dtype}"
                )
            self.labels = whole_numbers(found["labels"], "labels", 10)[:n]
            if not len(self.pictures) == len(self.labels) > 0:
                raise DataError(f"it holds {len(self.pictures)} pictures, but {len(self.labels)} labels")
        except DataError as error:
            raise DataError(f"{path}: {error}") from None
        self.numbers = list(range(len(self.labels)))

    def __getitem__(self, number):
        picture = self.pictures[number]
        H, W = picture.shape[:2]
        return Example(
            picture, int(self.labels[number]), np.ones((H, W), bool), np.array([[0, 0, W, H]], float)
        )
