"""Which of a graph's tensors are feature maps, and at which of them Grad-CAM looks.

Grad-CAM (Selvaraju et al. 2017, sec. 3) weighs the last maps that know where things are: an output of
convolution, normalisation, activation, sum or concatenation, never one of a pooling, Transpose or Reshape.
"""

from __future__ import annotations

from minicnn import Tensor, history

ACTIVATIONS = {
    "Relu", "LeakyRelu", "PRelu", "Elu", "Selu", "Celu", "Clip", "HardSwish", "Mish", "Gelu", "Swish",
    "Softplus", "Softsign", "ThresholdedRelu", "Sigmoid", "Tanh", "HardSigmoid", "com.microsoft.Gelu",
    "com.microsoft.FastGelu", "com.microsoft.QuickGelu", "com.microsoft.BiasGelu", "com.microsoft.FusedConv",
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
PLAIN = {3: "NCW", 4: NCHW, 5: "NCDHW"}  # signals, pictures, volumes
LAST = {3: "NWC", 4: NHWC, 5: "NDHWC"}
SLIDING = CONVOLUTIONS | POOLINGS | {"MaxUnpool"}
SETTLED = {"BatchNormalization", "InstanceNormalization", "LRN", "GroupNormalization"}
SLIDING_HERE = ("Conv", "MaxPool", "AvgPool", "ConvTranspose", "GlobalAvgPool")
LOSING = ("Reshape", "Flatten", "Transpose")


def layouts(y: Tensor) -> dict[Tensor, str]:
    """{tensor: "NCHW", "NHWC" or another order of these letters; of signals NCW, of volumes NCDHW} of the
    tensors that led to y, where that can be told: what a convolution or pooling takes and gives is NCHW; a
    Transpose moves the letters, a Reshape loses them.
    """
    found: dict[Tensor, str] = {}
    led = [t for t in history(y) if t.ndim in PLAIN]
    for t in led:
        inputs = _signals(t)
        if _slides(t):
            found[t] = PLAIN[t.ndim]
        elif t.ndim == 4 and (t.name == "x" or _step(t) in SETTLED):
            found[t] = NCHW
        elif type(t.op).__name__ == "Transpose":
            before = found.get(inputs[0]) if inputs else None
            if before:
                found[t] = "".join(before[i] for i in t.op.order)
        elif type(t.op).__name__ not in LOSING:
            before = next((found[i] for i in inputs if i in found and i.ndim == t.ndim), None)
            if before:
                found[t] = before
    for t in reversed([*history(y)]):
        _say_of_inputs(t, found)
    return found


def _slides(t):
    return _step(t) in SLIDING or type(t.op).__name__ in SLIDING_HERE


def _say_of_inputs(t, found):
    """What an operation takes, told by what it is: behind a Reshape nothing else tells it."""
    inputs = [i for i in _signals(t) if i.ndim in PLAIN and i not in found]
    if _slides(t):
        found |= {i: PLAIN[i.ndim] for i in inputs[:1]}
    elif _step(t) == "ReduceMean" and hasattr(t.op, "axes"):
        for i in inputs[:1]:
            over = sorted(axis % i.ndim for axis in t.op.axes)
            for order, first in ((PLAIN, 2), (LAST, 1)):
                if i.ndim > 3 and over == [*range(first, first + i.ndim - 2)]:
                    found[i] = order[i.ndim]
    elif t in found and type(t.op).__name__ not in LOSING:
        found |= {i: found[t] for i in inputs if i.shape == t.shape}


def default_layer(y: Tensor) -> str | None:
    """The name of the feature maps that Grad-CAM weighs where nobody names a layer; None: it has none, or
    nothing but a convolution that cuts patches for attention.
    """
    known, best, attends = layouts(y), {}, False
    kinds: dict[Tensor, str | None] = {}
    for t in history(y):
        kinds[t] = _kind(t, kinds)
        attends = attends or (type(t.op).__name__ == "MatMul" and len(_signals(t)) == 2)
        order = known.get(t)
        maps = t.name and t.layer and order is not None and order == PLAIN.get(t.ndim)
        if maps and kinds[t] and t is not y and t.data.size > t.shape[0] * t.shape[1]:
            best["conv" if kinds[t] == "conv" else "shaped"] = t
    found = best.get("shaped") or (None if attends else best.get("conv"))
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
    if op in ("Sub", "Mul") and t.layer.step.was:
        return None  # numbers of 8 bits, read
    inputs = _signals(t)
    if op in ("Concat", "ConcatFromSequence"):
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
