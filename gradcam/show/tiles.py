"""The pictures of a panel, each with all that is written around it."""

from dataclasses import dataclass

import numpy as np

from gradcam.relatives import AT_LAYER as RELATIVES_AT_LAYER
from gradcam.show.colour import HEAT, SIGNED, grey, heat, limit, overlay, relief
from gradcam.show.verdict import name_of, percent

#   method                 title               described by           drawn as    shares its scale with
LOOKS = {
    "gradient": ("Gradient", "Simonyan 2013", "relief", "gradient"),
    "saliency": ("Saliency", "Simonyan 2013", "heat", "saliency"),
    "input_times_gradient": ("Input × gradient", "Shrikumar 2016", "relief", "input_times_gradient"),
    "deconvnet": ("Deconvnet", "Zeiler & Fergus 2014", "relief", "deconvnet"),
    "guided_backprop": ("Guided backprop", "Springenberg 2015", "relief", "guided_backprop"),
    "cam": ("CAM", "Zhou 2016", "overlay", "cam"),
    "grad_cam": ("Grad-CAM", "Selvaraju 2017", "overlay", "grad_cam"),
    "counterfactual": ("Counterfactual", "Selvaraju 2017", "overlay", "grad_cam"),
    "guided_grad_cam": ("Guided Grad-CAM", "Selvaraju 2017", "relief", "guided_grad_cam"),
    "occlusion": ("Occlusion", "Zeiler & Fergus 2014", "overlay", "occlusion"),
    "grad_cam++": ("Grad-CAM++", "Chattopadhay 2018", "overlay", "grad_cam++"),
    "xgrad_cam": ("XGrad-CAM", "Fu 2020", "overlay", "xgrad_cam"),
    "hirescam": ("HiResCAM", "Draelos & Carin 2020", "overlay", "hirescam"),
    "layercam": ("LayerCAM", "Jiang 2021", "overlay", "layercam"),
    "eigen_cam": ("Eigen-CAM", "Muhammad 2020", "overlay", "eigen_cam"),
    "score_cam": ("Score-CAM", "Wang 2020", "overlay", "score_cam"),
    "ablation_cam": ("Ablation-CAM", "Desai 2020", "overlay", "ablation_cam"),
    "smoothgrad": ("SmoothGrad", "Smilkov 2017", "relief", "smoothgrad"),
    "integrated_gradients": ("Integrated Gradients", "Sundararajan 2017", "relief", "integrated_gradients"),
    "lrp_epsilon": ("LRP, epsilon", "Bach 2015", "relief", "lrp_epsilon"),
    "lrp_gamma": ("LRP, gamma", "Montavon 2019", "relief", "lrp_gamma"),
    "lrp_alpha_beta": ("LRP, alpha-beta", "Bach 2015", "relief", "lrp_alpha_beta"),
    "lrp_z_box": ("LRP, z-box", "Montavon 2017", "relief", "lrp_z_box"),
    "lrp_flat": ("LRP, flat", "Lapuschkin 2019", "relief", "lrp_flat"),
    "excitation_backprop": ("Excitation backprop", "Zhang 2016", "overlay", "excitation_backprop"),
}
AT_LAYER = ("grad_cam", "counterfactual", "guided_grad_cam", *RELATIVES_AT_LAYER)  # their maps depend on the layer
ROUNDOFF = 1e-6  # of a map's largest value: what the fast convolutions leave where the exact map is zero
SMALL = 0.25  # of the picture's side: what is smaller is shown enlarged as well


@dataclass
class Tile:
    """picture: RGB (H, W, 3), uint8 or 0 to 1; title, source: above its column; strong, note: below it; zero: why there is nothing;
    bar: (name of the colours, lowest value, highest value), its scale; inset: whether a part of it is enlarged inside it."""

    picture: np.ndarray
    title: str
    source: str
    bar: tuple | None = None
    strong: str = ""
    note: str = ""
    zero: str = ""
    inset: bool = False


def row(e, c, photo, card, n=0):
    """The tiles of class c of an explanation e, picture n: what the network saw, then one for each method."""
    index = c if np.ndim(c) == 0 else c[n]
    score, p = float(e.scores[n, index]), float(e.probabilities[n, index])
    seen = f"what the network saw, {photo.shape[1]} × {photo.shape[0]}"
    tiles = [Tile(photo, "Photo", seen, strong=name_of(index, card), note=f"score {score:.4g}, probability {percent(p)}".replace("-", "−"))]
    tops = {}
    for method in e.methods:
        _, _, drawn, family = LOOKS[method]
        top = limit(e.maps[method, c][n], 100 if drawn == "overlay" else 99)
        tops[family] = max(tops.get(family, 0), top)
    for method in e.methods:
        title, source, drawn, family = LOOKS[method]
        source += f", at {e.layer}" if method in AT_LAYER else ""
        map, note = e.maps[method, c][n], e.notes.get((method, c), "")
        if np.any(map):
            picture, bar = coloured(drawn, map, tops[family], photo, card)
            whole = enlarged(picture, map, photo) if drawn == "relief" else picture
            tiles.append(Tile(whole, title, source, bar, note=note, inset=whole is not picture))
        else:
            note = note.removeprefix("exactly zero").lstrip("; ")
            tiles.append(Tile(0.8 + 0.2 * grey(photo), title, source, note=note, zero=why_zero(method, score, e.layer)))
    return tiles


def coloured(drawn, map, top, photo, card):
    """-> the picture of a map, RGB (H, W, 3), and the bar of its scale; `top` is in full colour."""
    if drawn == "relief":
        channels = getattr(getattr(card, "preprocessing", None), "channels", "RGB")
        return relief(map, top, channels), ("gray", -top, top)
    if drawn == "heat":
        return heat(map, top), (HEAT, 0, top)
    return overlay(photo, map, top), ((SIGNED, -top, top) if map.min() < 0 else (HEAT, 0, top))


def enlarged(picture, map, photo):
    """Where a map (C, H, W) says something on a small patch only: the picture with that patch, and the photo's, enlarged beside it."""
    said = abs(map) > ROUNDOFF * abs(map).max()
    rows, columns = (np.flatnonzero(np.any(said, axis=axes)) for axes in ((0, 2), (0, 1)))
    (H, W), side = picture.shape[:2], max(np.ptp(rows), np.ptp(columns)) + 1
    top, left = (int(np.clip(at.min() - (side - np.ptp(at) - 1) // 2, 0, size - side)) for at, size in ((rows, H), (columns, W)))
    above, frame, margin = top > H - top - side, 2, H // 32 + 1  # the inset goes where there is more room
    room = min(top if above else H - top - side, W // 2, int(0.45 * H)) - 2 * (frame + margin)
    if side > SMALL * min(H, W) or room < 2 * side:
        return picture
    times, patch = room // side, np.s_[top : top + side, left : left + side]
    pair = [np.pad(p[patch].repeat(times, 0).repeat(times, 1), ((frame,) * 2, (frame,) * 2, (0, 0)), constant_values=1)
            for p in (photo / 255, picture)]  # fmt: skip
    inset, out = np.concatenate(pair, axis=1), picture.copy()
    (h, w) = inset.shape[:2]
    y, x = margin if above else H - margin - h, (W - w) // 2
    out[y : y + h, x : x + w] = inset
    return out


def why_zero(method, score, layer):
    """Why a map is exactly zero, in one sentence; score: of its class."""
    if score == 0 and method not in ("occlusion", "cam", "eigen_cam", "score_cam"):
        return "The score itself is 0, as behind a closed ReLU: no signal passes back."
    return {
        "deconvnet": "Nothing positive is left of the signal from this score. It can start at a unit of a feature map instead.",
        "guided_backprop": "No way from this score to a pixel is open and positive all along.",
        "cam": "The feature maps are zero, or weigh nothing for this class.",
        "grad_cam": f"The weighted sum of feature maps at {layer} is nowhere positive: nothing there speaks for this class.",
        "counterfactual": f"Nothing at {layer} speaks against this class.",
        "guided_grad_cam": "It is a product, and one factor is zero wherever the other is not: look at Grad-CAM and at guided backprop.",
        "occlusion": "No window that was covered moved the score.",
        "grad_cam++": f"No derivative of this score by the feature maps at {layer} is positive where they are.",
        "xgrad_cam": f"The weighted sum of feature maps at {layer} is nowhere positive: nothing there speaks for this class.",
        "hirescam": f"No feature map at {layer} that is not zero moves this score.",
        "layercam": f"No derivative of this score by the feature maps at {layer} is positive where they are.",
        "eigen_cam": f"The feature maps at {layer} are zero.",
        "score_cam": f"The feature maps at {layer} are zero.",
        "ablation_cam": f"No feature map at {layer} is missed by this score.",
        "excitation_backprop": f"No unit on the way to {layer} was excited by another.",
    }.get(method, "No derivative of this score reaches a pixel.")
