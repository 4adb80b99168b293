"""How photos were prepared: no file of Keras says it, unless the model does it itself.  What is usual."""

from __future__ import annotations

import re

from weights.graphs.onnx.network import Network

BEFORE = {"Rescaling", "Add", "Sub", "Mul", "Div", "Slice", "Concat", "Transpose", "Resize", "Pad"}
SCALING = {"Rescaling", "Add", "Sub", "Mul", "Div"}
# keras.applications, each model's preprocess_input; the first that fits
APPLICATIONS = {
    r"resnet\d+_?v2|xception|inception|mobilenet(?!_?v3)|nasnet": "half",
    r"vgg1[69]|resnet(50|101|152)": "caffe",
    r"densenet": "imagenet",
    r"efficientnet|convnext|mobilenet_?v3": "byte",
}


def guesses(net: Network) -> dict[str, tuple[str, str]]:
    """{"pixels": (one of USUAL, why), "resize": ...}: what is likely for a model of Keras.

    Bytes for one that changes pixels itself in front of its other layers; what keras.applications prescribe
    for one that has the name of a model there, or holds such a one.
    """
    found = {"resize": ("squash", "as keras.utils.load_img does")}
    if layer := _scales_itself(net):
        return found | {"pixels": ("byte", f"since its layer '{layer}' scales them")}
    for pattern, pixels in APPLICATIONS.items():
        for name in net.model.metadata["models"].split("\n"):
            if re.search(pattern, name.lower()):
                why = f"as keras.applications prescribe for '{name}', a name in the file"
                return found | {"pixels": (pixels, why)}
    return found


def _scales_itself(net):
    """The name of a layer in front of all others that moves or scales the pixels."""
    found, reached = None, {*net.inputs}
    for step in net.steps:
        if not reached & {*step.inputs}:
            continue
        if step.op not in BEFORE:
            return found
        found = found or (step.name if step.op in SCALING else None)
        reached |= {*step.outputs}
    return found
