"""A picture to play with, in a notebook: class, layer, rule and threshold.  Needs ipywidgets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from gradcam import image
from gradcam.interpolation import upsample
from gradcam.methods.grad_cam import combine
from gradcam.rules import BACKPROP, DECONVNET, GUIDED
from gradcam.show.colour import overlay, relief
from gradcam.show.input_picture import seen
from gradcam.show.notebook import png
from gradcam.show.settings import own_settings
from gradcam.show.verdict import name_of, percent
from minicnn import Error, GraphError, Sigmoid, Softmax, Tensor, backward, names, one_hot

RULES = {"backprop": BACKPROP, "deconvnet": DECONVNET, "guided": GUIDED}
NEEDS = "the widget needs ipywidgets: pip install 'minicnn-gradcam[lessons]'"


class WidgetError(Error, ImportError):
    """The widget was asked for without ipywidgets."""


def widget(net: Any, picture: Any) -> Any:
    """Controls above three pictures: Grad-CAM, what one rule sends back to the pixels, and their product.

    net       maps a tensor to scores; its `card`, if it has one, names the classes, and prepares photos
    picture   a photo: a file, a PIL image, or uint8 (H, W, 3); or the network's input itself, (1, C, H, W)
    -> ipywidgets.VBox: the controls (class, layer, rule, threshold), the picture, a line in words.  The
    threshold is a share of Grad-CAM's maximum, below which the map is taken as 0.  Every change costs one
    backward pass; there is one forward pass in all.
    """
    try:
        import ipywidgets
    except ModuleNotFoundError:
        raise WidgetError(NEEDS) from None
    card = getattr(net, "card", None)
    x = Tensor(_input(picture, card), "x")
    y = net(x)
    layers = {
        n: t for n, t in names(y).items() if t is not None and t.op and t.ndim == 4 and min(t.shape[2:]) > 1
    }
    if not layers:
        raise GraphError(
            "no layer of this network has rows and columns, so there is nothing for Grad-CAM to weigh"
        )
    p = (Sigmoid() if getattr(card, "multi_label", False) else Softmax())(y.data)[0]
    classes = [(f"{name_of(c, card)}  {percent(p[c])}", int(c)) for c in np.argsort(-p, kind="stable")]
    start = card.layer if card and card.layer in layers else list(layers)[-1]

    wide = {"style": {"description_width": "initial"}}
    which = ipywidgets.Dropdown(options=classes, description="class", **wide)
    layer = ipywidgets.Dropdown(options=list(layers), value=start, description="layer", **wide)
    rule = ipywidgets.Dropdown(options=list(RULES), value="guided", description="rule of the ReLU", **wide)
    threshold = ipywidgets.FloatSlider(
        0.0, min=0, max=0.95, step=0.05, description="threshold", continuous_update=False, **wide
    )
    shown, words = ipywidgets.Image(format="png"), ipywidgets.HTML()
    photo = seen(x.data[0], card)

    def draw(_=None):
        c = which.value
        L, g = maps(y, c, layers[layer.value], x, RULES[rule.value])
        L = cut(L, threshold.value)
        shown.value = png(_figure(photo, L, g, layer.value, rule.value, card))
        place = f"above {threshold.value:.0%} of its maximum" if threshold.value else "above 0"
        share = np.mean(upsample(L, photo.shape[:2]) > 0)
        where = f"Grad-CAM at {layer.value} is {place} on {share:.0%} of the picture."
        words.value = f"{name_of(c, card)}: score {y.data[0, c]:.4g}. {where}"

    controls = [which, layer, rule, threshold]
    for control in controls:
        control.observe(draw, "value")
    draw()
    return ipywidgets.VBox([ipywidgets.HBox(controls, layout={"flex_flow": "row wrap"}), shown, words])


def maps(y: Tensor, c: Any, A: Tensor, x: Tensor, rules: Any) -> tuple[np.ndarray, np.ndarray]:
    """One picture.  y (1, classes), A (1, K, h, w), x (1, C, H, W)
    -> Grad-CAM (h, w), and the signal of these rules at x (C, H, W)
    """
    signal = one_hot(y, c)
    (dA, _), (_, g) = (backward(y, signal, wrt=[A, x], rules=table) for table in (BACKPROP, rules))
    return combine(dA, A.data)[0], g[0]


def cut(L: np.ndarray, share: float) -> np.ndarray:
    """A map >= 0, with 0 where it is below this share of its maximum."""
    return np.where(share * L.max() <= L, L, 0)


def _input(picture, card):
    """-> (1, C, H, W), as the network expects it"""
    if isinstance(picture, np.ndarray) and picture.ndim == 4:
        if len(picture) != 1:
            raise GraphError(f"one picture at a time: (1, C, H, W), not {picture.shape}")
        return picture
    if card is None:
        raise GraphError(
            "this network has no description (net.card) that says how photos are prepared: "
            "give its input, (1, C, H, W)"
        )
    if isinstance(picture, (str, Path)):
        picture = image.read(picture)
    return image.prepare(picture, card.preprocessing)


@own_settings()
def _figure(photo, L, g, layer, rule, card):
    """Grad-CAM over the photo, the signal at the pixels, their product."""
    channels = getattr(getattr(card, "preprocessing", None), "channels", "RGB")
    product = g * upsample(L, photo.shape[:2])
    figure = Figure(figsize=(11, 4), layout="constrained")
    titles = (f"Grad-CAM at {layer}", f"{rule} at the pixels", f"{rule} × Grad-CAM")
    pictures = (overlay(photo, L), relief(g, channels=channels), relief(product, channels=channels))
    for ax, title, drawn, map in zip(figure.subplots(1, 3), titles, pictures, (L, g, product)):
        ax.imshow(drawn, origin="upper")
        ax.set_title(title if np.any(map) else f"{title}: exactly zero")
        ax.set_axis_off()
    return figure
