"""How people keep a result: in bytes, in a picture, in half precision, in a text file, in another layout."""

import io

import matplotlib
import numpy as np
import torch
from PIL import Image


def stretched(m):
    return (m - m.min()) / (m.max() - m.min())


def as_png(m):
    """Of the first picture, written and read: grey, 256 steps."""
    file = io.BytesIO()
    Image.fromarray(np.uint8(255 * stretched(m[0]))).save(file, "png")
    return np.asarray(Image.open(file))


def coloured(m):
    """plt.imsave(file, map, cmap="jet")"""
    return np.uint8(255 * matplotlib.colormaps["jet"](stretched(m))[..., :3])


def as_csv(m):
    """np.savetxt(file, map, "%.6g", ","), of the first picture."""
    file = io.StringIO()
    np.savetxt(file, m[0], "%.6g", ",")
    file.seek(0)
    return np.loadtxt(file, delimiter=",", ndmin=2)


def digits(m):
    return np.array([float(f"{v:.6g}") for v in m.ravel()]).reshape(m.shape)


ANY = {
    "float32": np.float32,
    "uint8": lambda m: np.uint8(255 * stretched(m)),
    "uint8 / 255": lambda m: np.float32(np.uint8(255 * stretched(m))) / 255,
    "float16": lambda m: (m / abs(m).max()).astype(np.float16),
    "bfloat16": lambda m: torch.from_numpy(m).bfloat16().float().numpy(),
    "6 digits": digits,
    "no batch": lambda m: np.float32(m)[0],
}
MAP = ANY | {  # (1, h, w)
    "PNG": as_png,
    "colour map": coloured,
    "CSV": as_csv,
    "axis of one": lambda m: np.float32(m)[:, None],
    "axis of one, last": lambda m: np.float32(m)[..., None],
}
SIGNAL = ANY | {"channels last": lambda m: np.float32(np.moveaxis(m, 1, -1))}  # (1, C, H, W)

STRETCHED = ("uint8", "uint8 / 255", "PNG", "colour map")
DIVIDED = ("float16",)


def ways(m):
    """{name: f(result) -> what was kept of it} for a map (1, h, w), or a signal (1, C, H, W)."""
    return MAP if m.ndim == 3 else SIGNAL
