"""What a method leaves open, and a comparison must know.

integrated_gradients   steps (50), rule ("gauss", "right" or "midpoint"), baseline (0: a number, or an array that broadcasts to x)
smoothgrad             noise (n, C, H, W) or (n, N, C, H, W): what was added to x.  It is drawn, so there is no comparison without it
lrp_z_box              pixels: (lowest, highest) value that an input can have; default: what the network's description says, or x has
"""

import numpy as np

from gradcam.methods.integrated_gradients import RULES
from gradcam.verify.errors import VerifyError

DEFAULTS = {
    "integrated_gradients": {"steps": 50, "rule": "gauss", "baseline": 0.0}, "smoothgrad": {"noise": None}, "lrp_z_box": {"pixels": None},
}  # fmt: skip


def settings_of(method, given, x):
    """-> {name: value}.  VerifyError: a setting that the method has not, or a value that does not fit x (N, C, H, W)."""
    known = DEFAULTS.get(method, {})
    given = {name: value for name, value in given.items() if value is not None}
    for name in given:
        if name not in known:
            raise VerifyError(f"{method} has no setting '{name}'; it has {', '.join(known) or 'none'}")
    found = known | given
    if method == "smoothgrad":
        if found["noise"] is None:
            raise VerifyError(
                "smoothgrad draws its noise: give what was added to x, (n, C, H, W), or no comparison is possible"
            )
        found["noise"] = _noise(np.asarray(found["noise"], np.float64), x)
    if method == "integrated_gradients":
        if found["rule"] not in RULES:
            raise VerifyError(f"rule is one of {', '.join(RULES)}, not '{found['rule']}'")
        if int(found["steps"]) != found["steps"] or found["steps"] < 1:
            raise VerifyError(f"steps is a whole number from 1 on, not {found['steps']}")
        found["baseline"] = _like("the baseline", found["baseline"], x)
    if method == "lrp_z_box" and found["pixels"] is not None:
        if len(found["pixels"]) != 2:
            raise VerifyError("pixels is a pair: the lowest and the highest value of a pixel")
        found["pixels"] = tuple(_like("a bound of the pixels", v, x) for v in found["pixels"])
    return found


def _noise(noise, x):
    if (
        noise.ndim not in (4, 5)
        or noise.shape[-3:] != x.shape[-3:]
        or (noise.ndim == 5 and noise.shape[1] not in (1, len(x)))
    ):
        raise VerifyError(
            f"the noise must be (n, C, H, W) or (n, N, C, H, W) for an input {x.shape}, not {noise.shape}"
        )
    if not np.isfinite(noise).all():
        raise VerifyError("the noise holds NaN or infinity")
    return noise[:, None] if noise.ndim == 4 else noise


def _like(what, value, x):
    value = np.asarray(value, np.float64)
    try:
        np.broadcast_to(value, x.shape)
    except ValueError:
        raise VerifyError(f"{what} {value.shape} does not broadcast to the input {x.shape}") from None
    if not np.isfinite(value).all():
        raise VerifyError(f"{what} holds NaN or infinity")
    return value
