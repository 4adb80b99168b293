from __future__ import annotations

from typing import Any

import numpy as np

from gradcam.method import Context, Method
from gradcam.methods.guided_grad_cam import at_pixels
from gradcam.methods.variants.variant import Variant


def guided(method: Method, context: Context, upsampling: str = "half_pixel", **options: Any) -> np.ndarray:
    """Guided backprop times any map of a layer, enlarged: what Selvaraju et al. 2017, sec. 3.1, do with
    Grad-CAM.  -> (N, C, H, W)
    """
    return at_pixels(context.signals["guided", "x"], method.map(context, **options), upsampling)


VARIANT = Variant(
    "guided", "Guided {}", "Selvaraju et al. 2017", "a map of a layer times guided backprop",
    "guided_backprop * M, enlarged bilinearly with half-pixel centres", guided,
    cost="the method's", of=lambda method: method.at_layer and method.drawn == "overlay",
    needs=(("guided", "x"),), drawn="relief", upsamples=True,
)  # fmt: skip
