"""CIFAR-10 pictures for measures that need no boxes: the truth is the whole picture."""

import numpy as np

from gradcam.measure.pictures import DataError, Example, squash


class Cifar:
    """Pictures 0 to n - 1 of an npz file with images (N, 32, 32, 3) uint8 and labels (N,)."""

    def __init__(self, path, card, n):
        self.preprocessing, self.says = squash(card.preprocessing), path.name
        try:
            with np.load(path, allow_pickle=False) as file:
                self.pictures, self.labels = file["images"][:n], file["labels"][:n].astype(int)
        except FileNotFoundError:
            raise DataError(f"{path}: there is no such file") from None
        except (OSError, KeyError, ValueError, EOFError):
            raise DataError(f"{path}: this is not an npz file with images and labels") from None
        self.numbers = list(range(len(self.labels)))

    def __getitem__(self, number):
        picture = self.pictures[number]
        H, W = picture.shape[:2]
        return Example(
            picture, int(self.labels[number]), np.ones((H, W), bool), np.array([[0, 0, W, H]], float)
        )
