from __future__ import annotations

import numpy as np

from gradcam.interpolation import upsample
from gradcam.measure.errors import MeasureError


def intensity(map: np.ndarray, size: tuple[int, int], upsampling: str = "half_pixel") -> np.ndarray:
    """Where a map says that something matters, whatever its kind: (H, W), >= 0, on the pixels of the picture.

    map (C, H, W), with colours: the largest magnitude over the channels, as in a saliency map, whatever the
    sign.  map (h, w), without: what is positive, what speaks for the class, brought to size (H, W) by
    interpolation.  MeasureError for a map of other axes.
    """
    map = np.asarray(map)
    if map.ndim not in (2, 3):
        raise MeasureError(
            f"a map is (C, H, W) with colours or (h, w) without; this one is {map.shape}: take one picture's"
        )
    if map.ndim == 3:
        return np.abs(map).max(axis=0)
    return np.maximum(upsample(map, size, upsampling), 0)
