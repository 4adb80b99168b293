"""Which of a graph's tensors are feature maps, and at which of them Grad-CAM looks.

Grad-CAM (Selvaraju et al. 2017, sec. 3) weighs the last maps that know where things are: an output of
convolution, normalisation, activation, sum or concatenation, never one of a pooling, Transpose or Reshape.
"""

from __future__ import annotations

from minicnn import Tensor, history

ACTIVATIONS = {
    "Relu", "LeakyRelu", "PRelu", "Elu", "Selu", "Celu", "Clip", "HardSwish", "Mish", "Gelu", "Swish",
    "Softplus", "Softsign", "ThresholdedRelu", "Sigmoid", "Tanh", "HardSigmoid",
}  # fmt: skip
NORMS = {
    "BatchNormalization", "InstanceNormalization", "GroupNormalization", "LayerNormalization", "LRN",
    "LpNormalization", "MeanVarianceNormalization",
}  # fmt: skip
CONVOLUTIONS = {"Conv", "ConvTranspose", "DeformConv"}
POOLINGS = {
    "MaxPool", "AveragePool", "LpPool", "GlobalAveragePool", "GlobalMaxPool", "Resize", "Upsample",
    "DepthToSpace", "SpaceToDepth",
}  # fmt: skip
SCALING = {"QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear"}
NCHW, NHWC = "NCHW", "NHWC"


def layouts(y: Tensor) -> dict[Tensor, str]:
    """{tensor: "NCHW", "NHWC" or another order of these letters} of the tensors with four axes that led to
    y, where that can be told: what a convolution or pooling takes and gives is NCHW; a Transpose moves the
    letters, a Reshape loses them.
    """
    found: dict[Tensor, str] = {}
    for t in history(y):
        if t.ndim != 4:
            continue
        inputs = _signals(t)
        if t.op is None or _step(t) in CONVOLUTIONS | POOLINGS | {
            "BatchNormalization",
            "InstanceNormalization",
            "LRN",
        }:
            found[t] = NCHW
        elif type(t.op).__name__ == "Transpose":
            before = found.get(inputs[0]) if inputs else None
            if before:
                found[t] = "".join(before[i] for i in t.op.order)
        elif type(t.op).__name__ in ("Conv", "MaxPool", "AvgPool", "ConvTranspose"):
            found[t] = NCHW
        elif type(t.op).__name__ not in ("Reshape", "Flatten"):
            before = next((found[i] for i in inputs if i in found and i.ndim == 4), None)
            if before:
                found[t] = before
    return found


def default_layer(y: Tensor) -> str | None:
    """The name of the feature maps that Grad-CAM weighs where nobody names a layer; None: it has none."""
    known, best = layouts(y), {}
    kinds: dict[Tensor, str | None] = {}
    for t in history(y):
        kinds[t] = _kind(t, kinds)
        maps = t.name and t.layer and known.get(t) == NCHW and t.shape[2] * t.shape[3] > 1
        if maps and kinds[t] and t is not y:
            best["conv" if kinds[t] == "conv" else "shaped"] = t
    found = best.get("shaped") or best.get("conv")
    return found.name if found is not None else None


def _kind(t, kinds):
    """What a tensor is: "conv", "norm", "activation", "sum", "concat" or None."""
    op = _step(t)
    if op in ACTIVATIONS:
        return "activation"
    if op in NORMS:
        return "norm"
    if op in CONVOLUTIONS:
        return "conv"
    inputs = _signals(t)
    if op == "Concat":
        return "concat"
    if op in ("Add", "Sub", "Sum", "Mul", "Div") and len(inputs) == 1:
        return kinds.get(inputs[0])  # a bias, or a factor
    if op in ("Add", "Sum") and all(i.shape == t.shape for i in inputs):
        return "sum"
    if (
        op == "Mul"
        and all(i.shape == t.shape for i in inputs)
        and _ancestors(inputs[0]) & _ancestors(inputs[1])
    ):
        return "activation"  # x sigmoid(x), and others in pieces
    return None


def _ancestors(t):
    """t and what it was made of, value by value, back to the last convolution, sum or the like."""
    found = {t}
    while t.op is not None and len(_signals(t)) == 1 and _step(t) not in CONVOLUTIONS | POOLINGS | NORMS:
        t = _signals(t)[0]
        found.add(t)
        if t.shape != next(iter(found)).shape:
            break
    return found


def _signals(t):
    """The tensors that an operation was applied to and that the picture reaches: weights are made by none."""
    return [
        i
        for i in getattr(t.op, "inputs", ())
        if isinstance(i, Tensor) and (i.op is not None or i.name == "x")
    ]


def _step(t):
    """The ONNX operator that made a tensor, if it is the tensor that its node gives."""
    step = getattr(t.layer, "step", None)
    return None if step is None else step.was if step.was in SCALING else step.op
