"""Other sizes of pictures, and borders that repeat them, in ATen's arguments."""

from typing import Any

from weights.graphs.operators import resizing, sampling, shapes
from weights.graphs.torch.operators.lacking import need


def _resize(x, size, scales, **how):
    """scales: as the model gave them, or None; with aligned corners only the sizes count."""
    n = x.ndim - 2
    scales = () if how["coordinates"] == "align_corners" else scales
    axes = range(2, x.ndim)
    given = [*scales, *[None] * n][:n]
    exact = [new / x.shape[a] if s is None else float(s) for a, new, s in zip(axes, size, given)]
    return resizing.resize(x, axes=axes, sizes=size, scales=exact, **how)


def nearest(x: Any, size: Any, *scales: Any) -> Any:
    return _resize(x, size, scales, mode="nearest", coordinates="asymmetric", rounding="floor")


def nearest_exact(x: Any, size: Any, *scales: Any) -> Any:
    return _resize(x, size, scales, mode="nearest", coordinates="half_pixel", rounding="round_prefer_ceil")


def linear(x: Any, size: Any, align_corners: Any, *scales: Any) -> Any:
    """Below the first and beyond the last value there is that value."""
    return _resize(x, size, scales, mode="linear", coordinates=_coordinates(align_corners))


def cubic(x: Any, size: Any, align_corners: Any, *scales: Any) -> Any:
    return _resize(x, size, scales, mode="cubic", coordinates=_coordinates(align_corners))


def linear_antialias(x: Any, size: Any, align_corners: Any, *scales: Any) -> Any:
    need(not align_corners, "an antialiased resize with aligned corners")
    return _resize(
        x, size, scales, mode="linear", coordinates="half_pixel", antialias=True, exclude_outside=True
    )


def reflection(x: Any, widths: Any) -> Any:
    return shapes.pad(x, widths=pairs(widths), mode="reflect")


def replication(x: Any, widths: Any) -> Any:
    return shapes.pad(x, widths=pairs(widths), mode="edge")


def grid_sampler(x: Any, grid: Any, mode: Any, border: Any, align_corners: Any) -> Any:
    need(mode in (0, 1), "a cubic grid sample")
    return sampling.grid_sample(
        x,
        grid,
        mode=("linear", "nearest")[mode],
        border=sampling.BORDERS[border],
        align_corners=align_corners,
    )


def _coordinates(align_corners):
    return "align_corners" if align_corners else "half_pixel"


def pairs(widths: Any) -> Any:
    """Two widths for each axis, the last first."""
    return [tuple(widths[i : i + 2]) for i in range(0, len(widths), 2)][::-1]


OPERATORS = {
    **dict.fromkeys(("upsample_nearest1d", "upsample_nearest2d", "upsample_nearest3d"), nearest),
    **dict.fromkeys(
        ("_upsample_nearest_exact1d", "_upsample_nearest_exact2d", "_upsample_nearest_exact3d"), nearest_exact
    ),
    **dict.fromkeys(("upsample_linear1d", "upsample_bilinear2d", "upsample_trilinear3d"), linear),
    "upsample_bicubic2d": cubic,
    "grid_sampler_2d": grid_sampler,
    "_upsample_bilinear2d_aa": linear_antialias,
    **dict.fromkeys(("reflection_pad1d", "reflection_pad2d", "reflection_pad3d"), reflection),
    **dict.fromkeys(("replication_pad1d", "replication_pad2d", "replication_pad3d"), replication),
}
