import numpy as np

from gradcam.interpolation import upsample


def intensity(map, size, upsampling="half_pixel"):
    """Where a map says that something matters, whatever its kind: (H, W), >= 0, on the pixels of the picture.

    map (C, H, W), with colours: the largest magnitude over the channels, as in a saliency map, whatever the sign.
    map (h, w), without: what is positive, what speaks for the class, brought to size (H, W) by interpolation.
    """
    if map.ndim == 3:
        return np.abs(map).max(axis=0)
    return np.maximum(upsample(map, size, upsampling), 0)
