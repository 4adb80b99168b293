"""What a method leaves open, and a comparison must know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcam.methods import METHODS
from gradcam.methods.integrated_gradients import RULES
from gradcam.methods.occlusion import AVERAGES
from gradcam.verify.errors import VerifyError


@dataclass(frozen=True)
class Setting:
    """One thing that a method leaves open.

    name; says: what it is, for a reader; default: f(x) -> its value if it is not given; None: it must be
    given fitting: f(value, x) -> the value as the reference uses it, or VerifyError
    """

    name: str
    says: str
    default: Callable[[np.ndarray], Any] | None
    fitting: Callable[[Any, np.ndarray], Any]


def settings_of(method: str, given: Mapping[str, Any], x: np.ndarray) -> dict[str, Any]:
    """{name: value} of all settings of a method.  given: those that are not as usual; x: the input (N, C, H,
    W).

    VerifyError: a setting that the method has not, or a value that does not fit x.
    """
    known = {setting.name: setting for setting in settings_known(method)}
    given = {name: value for name, value in given.items() if value is not None}
    for name in given:
        if name not in known:
            raise VerifyError(f"{method} has no setting '{name}'; it has {', '.join(known) or 'none'}")
    found = {}
    for name, setting in known.items():
        if name not in given and setting.default is None:
            raise VerifyError(f"{method} needs the setting '{name}': {setting.says}")
        found[name] = setting.fitting(given[name], x) if name in given else setting.default(x)
    return found


def settings_known(method: str) -> list[Setting]:
    """Those of a method; of a variant, its own and those of the method that it is made of."""
    base = METHODS[method].base
    if not base:
        return list(SETTINGS.get(method, ()))
    variant = method.removesuffix(f"_{base}")
    return [*SETTINGS.get(variant, ()), *SETTINGS.get(base, ())]


def whole_number(what: Any) -> Any:
    def fitting(value, x):
        if int(value) != value or value < 1:
            raise VerifyError(f"{what} is a whole number from 1 on, not {value}")
        return int(value)

    return fitting


def one_of(what: Any, choices: Any) -> Any:
    def fitting(value, x):
        if value not in choices:
            raise VerifyError(f"{what} is one of {', '.join(choices)}, not '{value}'")
        return value

    return fitting


def like_input(what: Any) -> Any:
    """A number, or an array that broadcasts to the input."""

    def fitting(value, x):
        value = np.asarray(value, np.float64)
        try:
            np.broadcast_to(value, x.shape)
        except ValueError:
            raise VerifyError(f"{what} {value.shape} does not broadcast to the input {x.shape}") from None
        if not np.isfinite(value).all():
            raise VerifyError(f"{what} holds NaN or infinity")
        return value

    return fitting


def noise(value: Any, x: np.ndarray) -> Any:
    value = np.asarray(value, np.float64)
    fits = value.ndim in (4, 5) and value.shape[-3:] == x.shape[-3:]
    if not fits or (value.ndim == 5 and value.shape[1] not in (1, len(x))):
        shapes = "(n, C, H, W) or (n, N, C, H, W)"
        raise VerifyError(f"the noise must be {shapes} for an input {x.shape}, not {value.shape}")
    if not np.isfinite(value).all():
        raise VerifyError("the noise holds NaN or infinity")
    return value[:, None] if value.ndim == 4 else value


def layer_names(value: Any, x: np.ndarray) -> list[str]:
    names = [value] if isinstance(value, str) else list(value)
    if len(names) < 2 or not all(isinstance(name, str) for name in names):
        raise VerifyError(f"the layers are two or more names, not {value!r}")
    return names


def bounds(value: Any, x: np.ndarray) -> Any:
    if len(value) != 2:
        raise VerifyError("pixels is a pair: the lowest and the highest value of a pixel")
    return tuple(like_input("a bound of the pixels")(v, x) for v in value)


def on_the_picture(what: Any) -> Any:
    """Pixels, a number or (rows, columns), no more than the picture has."""

    def fitting(value, x):
        rows, columns = (value, value) if np.ndim(value) == 0 else value
        if not (0 < rows <= x.shape[-2] and 0 < columns <= x.shape[-1]):
            raise VerifyError(f"{what} of {value} pixels does not fit a picture of {x.shape[-2:]}")
        return int(rows), int(columns)

    return fitting


def share_of_side(n: int) -> Any:
    """An n-th of the shorter side of the picture, as `explain` has it."""

    def default(x):
        side = max(min(x.shape[-2:]) // n, 1)
        return side, side

    return default


def always(value: Any) -> Any:
    return lambda x: value


NOISE = (
    Setting(
        "noise",
        "SmoothGrad draws its noise, and another draw is another map: give what was added to x, (n, C, H, W)",
        None,
        noise,
    ),
)
SETTINGS = {
    "integrated_gradients": (
        Setting("steps", "how many places between baseline and picture", always(50), whole_number("steps")),
        Setting(
            "rule", "how they are chosen: gauss, right or midpoint", always("gauss"), one_of("rule", RULES)
        ),
        Setting(
            "baseline",
            "where it starts, after preprocessing: a number, or an array",
            always(0.0),
            like_input("the baseline"),
        ),
    ),
    "deep_lift": (
        Setting(
            "baseline",
            "what the picture is compared with, after preprocessing: a number, or an array",
            always(0.0),
            like_input("the baseline"),
        ),
    ),
    **dict.fromkeys(("smoothgrad", "smoothgrad_sq", "vargrad"), NOISE),
    "fused": (
        Setting("layers", "a fused map is the mean of several layers' maps: their names", None, layer_names),
    ),
    "lrp_z_box": (
        Setting(
            "pixels",
            "(lowest, highest) value of a pixel; default: as the network's description says, or as x "
            "has them",
            always(None),
            bounds,
        ),
    ),
    "occlusion": (
        Setting(
            "window", "pixels, a number or (rows, columns)", share_of_side(7), on_the_picture("a window")
        ),
        Setting("stride", "pixels from window to window", share_of_side(14), on_the_picture("a stride")),
        Setting("fill", "what covers, after preprocessing", always(0.0), like_input("the fill")),
        Setting("start", "score or probability", always("score"), one_of("start", ("score", "probability"))),
        Setting(
            "average",
            "over the windows of a pixel: mean or sum",
            always("mean"),
            one_of("average", AVERAGES[:2]),
        ),
    ),
}
