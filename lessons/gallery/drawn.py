"""Shapes for the examples' networks to look at, drawn from numbers."""

import numpy as np

COLOURS = np.float32([[0.93, 0.38, 0.24], [0.22, 0.56, 0.86], [0.95, 0.77, 0.25]])


def canvas(rng, side):
    """A soft background of two tones.  -> (3, side, side)"""
    slope = rng.standard_normal(2)
    v, u = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    tone = 0.16 + 0.05 * (slope[0] * u + slope[1] * v) / 2
    noise = 0.015 * rng.standard_normal((3, side, side))
    return (np.stack([tone, tone * 1.05, tone * 1.2]) + noise).astype(np.float32)


def shape(kind, side, centre, radius):
    """A disc (0), a square (1) or a ring (2).  -> bools (side, side)"""
    v, u = np.mgrid[:side, :side]
    du, dv = u - centre[0], v - centre[1]
    distance = np.hypot(du, dv)
    if kind == 0:
        return distance < radius
    if kind == 1:
        return np.maximum(abs(du), abs(dv)) < 0.85 * radius
    return (distance < radius) & (distance > 0.55 * radius)


def paint(picture, mask, colour, rng):
    """Colour a mask, a little brighter above than below.  In place."""
    shade = np.linspace(1.1, 0.85, picture.shape[1])[:, None]
    for channel, value in zip(picture, colour):
        channel[mask] = np.broadcast_to(value * shade, mask.shape)[mask]


def apart(rng, count, side, radii):
    """Places and radii of shapes that do not touch.  -> [((u, v), radius), ...]"""
    found = []
    while len(found) < count:
        r = rng.uniform(*radii)
        place = rng.uniform(r + 1, side - r - 1, 2)
        if all(np.hypot(*(place - p)) > 1.25 * (r + q) for p, q in found):
            found.append((place, r))
    return found
