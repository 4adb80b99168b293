"""A picture whose every turn, crop and channel can be told."""

import numpy as np


def scene(height=48, width=64):
    """A picture without symmetry: red grows to the right, green downwards,
    blue marks the upper left quarter.
    """
    rows, columns = np.mgrid[:height, :width]
    rgb = np.stack(
        [
            columns * 255 // (width - 1),
            rows * 255 // (height - 1),
            200 * ((rows < height // 2) & (columns < width // 2)),
        ],
        -1,
    )
    return rgb.astype(np.uint8)
