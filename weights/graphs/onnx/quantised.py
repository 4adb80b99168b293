"""Graphs of 8 bits, computed in float: what they round, these do not, and what they saturate, these clip.

A number q of 8 bits stands for s (q - z), with a scale s and a zero point z.  Whatever takes or gives such
numbers is written with operators on floats; nothing is rounded, so gradients pass (a straight-through
estimate, Bengio et al. 2013, sec. 4).  With dynamic quantisation, whose scales follow from the picture, s = 1
and z = 0 give the same product without them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from weights.graphs.onnx.model import Model, Step

Constants = dict[str, np.ndarray]


class _Unfit(Exception):
    """A node that is not of these kinds: it is left as it is, and named as not known."""


def in_float(model: Model) -> Model:
    """The model with its operators on numbers of 8 bits written on floats; `was` names what they were."""
    if not any(step.op in REWRITTEN for step in model.steps):
        return model
    constants, steps, maker = dict(model.constants), [], {}
    for step in model.steps:
        maker |= dict.fromkeys(step.outputs, step)
        if step.op == "Constant" and isinstance(step.attributes.get("value"), np.ndarray):
            constants[step.outputs[0]] = step.attributes["value"]
            continue
        try:
            source = maker.get(step.inputs[0]) if step.op == "DequantizeLinear" else None
            if source and source.op == "QuantizeLinear" and source.inputs[1:] == step.inputs[1:]:
                made = [*there_and_back(source, step, constants)]
            else:
                made = [*REWRITTEN[step.op](step, constants)] if step.op in REWRITTEN else [step]
        except (_Unfit, IndexError, KeyError, ValueError):
            made = [step]
        steps += [
            s if s is step else replace(s, name=step.name if s is made[-1] else s.outputs[0], was=step.op)
            for s in made
        ]
    return replace(model, steps=steps, constants=constants)


def _of(step, number, constants, otherwise=None):
    """The constant that is input number so-and-so."""
    name = step.inputs[number] if number < len(step.inputs) else ""
    if not name and otherwise is not None:
        return otherwise
    if name not in constants:
        raise _Unfit
    return constants[name]


def _spread(values, axis, ndim):
    """A number, or one for each place of an axis, in a shape that broadcasts."""
    if values.size == 1:
        return values.reshape(())
    if ndim is None:
        raise _Unfit
    return values.reshape([-1 if a == axis % ndim else 1 for a in range(ndim)])


def there_and_back(source: Step, step: Step, constants: Constants) -> Iterator[Step]:
    """s (q - z) of q = clip(x / s + z): x, clipped."""
    scale, zero = _of(step, 1, constants), _of(step, 2, constants, np.uint8(0))
    lowest, highest = _range(scale, zero)
    out, s, z = step.outputs[0], float(np.reshape(scale, ())), int(np.reshape(zero, ()))
    constants |= {
        f"{out}/lowest": np.float32(s * (lowest - z)),
        f"{out}/highest": np.float32(s * (highest - z)),
    }
    yield Step("Clip", "", [source.inputs[0], f"{out}/lowest", f"{out}/highest"], [out])


def quantize(step: Step, constants: Constants) -> Iterator[Step]:
    """q = clip(x / s + z): not rounded."""
    scale, zero = _of(step, 1, constants), _of(step, 2, constants, np.uint8(0))
    yield from _quantised(step.inputs[0], step.outputs[0], scale, zero, constants)


def _quantised(x, out, scale, zero, constants):
    lowest, highest = _range(scale, zero)
    named = {"scale": scale, "zero": zero, "lowest": lowest, "highest": highest}
    constants |= {f"{out}/{name}": np.float32(np.reshape(value, ())) for name, value in named.items()}
    yield Step("Div", "", [x, f"{out}/scale"], [f"{out}/divided"])
    yield Step("Add", "", [f"{out}/divided", f"{out}/zero"], [f"{out}/shifted"])
    yield Step("Clip", "", [f"{out}/shifted", f"{out}/lowest", f"{out}/highest"], [out])


def _range(scale, zero):
    """The smallest and the largest number of the zero point's type."""
    if scale.size != 1 or zero.size != 1 or zero.dtype.kind not in "iu":
        raise _Unfit
    return np.iinfo(zero.dtype).min, np.iinfo(zero.dtype).max


def dequantize(step: Step, constants: Constants) -> Iterator[Step]:
    """x = s (q - z); of a weight, at once."""
    q, out = constants.get(step.inputs[0]), step.outputs[0]
    scale, zero = _of(step, 1, constants), _of(step, 2, constants, np.uint8(0))
    if step.attributes.get("block_size"):
        raise _Unfit
    axis, ndim = step.attributes.get("axis", 1), None if q is None else q.ndim
    scale, zero = (_spread(np.asarray(v, np.float32), axis, ndim) for v in (scale, zero))
    if q is not None:
        constants[out] = (np.asarray(q, np.float32) - zero) * scale
        return
    constants |= {f"{out}/scale": scale, f"{out}/zero": zero}
    yield Step("Sub", "", [step.inputs[0], f"{out}/zero"], [f"{out}/shifted"])
    yield Step("Mul", "", [f"{out}/shifted", f"{out}/scale"], [out])


def dynamically(step: Step, constants: Constants) -> Iterator[Step]:
    """q = x, s = 1, z = 0."""
    q, *others = step.outputs
    constants |= {n: np.float32(v) for n, v in zip(others, (1, 0)) if n}
    yield Step("Identity", "", [step.inputs[0]], [q])


def _integer(op):
    """ConvInteger, MatMulInteger: (x - z) (W - z')."""

    def rewritten(step, constants):
        out, nothing = step.outputs[0], np.float32(0)
        zero = np.asarray(_of(step, 2, constants, nothing), np.float32)
        W, W_zero = _of(step, 1, constants), np.asarray(_of(step, 3, constants, nothing), np.float32)
        axis = 0 if op == "Conv" else -1
        constants[f"{out}/W"] = np.asarray(W, np.float32) - _spread(W_zero, axis, W.ndim)
        constants[f"{out}/zero"] = _spread(zero, 0, None)
        yield Step("Sub", "", [step.inputs[0], f"{out}/zero"], [f"{out}/shifted"])
        yield Step(op, "", [f"{out}/shifted", f"{out}/W"], [out], step.attributes)

    return rewritten


def _linear(op):
    """QLinearConv, QLinearMatMul: y of s_y, z_y from x of s, z and W of s', z'; a bias has s s'."""

    def rewritten(step, constants):
        out = step.outputs[0]
        scale, zero, W, W_scale, W_zero, y_scale, y_zero = (_of(step, n, constants) for n in range(1, 8))
        axis = 0 if op == "Conv" else -1
        s, z = (_spread(np.asarray(v, np.float32), axis, W.ndim) for v in (W_scale, W_zero))
        constants[f"{out}/W"] = (np.asarray(W, np.float32) - z) * s
        inputs = [f"{out}/x", f"{out}/W"]
        if len(step.inputs) > 8 and step.inputs[8]:
            bias = np.asarray(_of(step, 8, constants), np.float32)
            constants[f"{out}/b"] = bias * np.reshape(scale, ()) * np.reshape(W_scale, -1)
            inputs.append(f"{out}/b")
        constants |= {
            f"{out}/x_scale": np.asarray(scale, np.float32),
            f"{out}/x_zero": np.asarray(zero, np.float32),
        }
        yield Step("Sub", "", [step.inputs[0], f"{out}/x_zero"], [f"{out}/x_shifted"])
        yield Step("Mul", "", [f"{out}/x_shifted", f"{out}/x_scale"], [f"{out}/x"])
        yield Step(op, "", inputs, [f"{out}/y"], step.attributes)
        yield from _quantised(f"{out}/y", out, y_scale, y_zero, constants)

    return rewritten


def _operation(op, count, first=0, last=0):
    """onnxruntime's QLinearAdd and the like: of `count` inputs, each with its scale and zero point, from
    number `first` on; what the output has stands behind them, or, last, in front; -1: as many as there are.
    """

    def rewritten(step, constants):
        out = step.outputs[0]
        n = (len(step.inputs) - first) // 3 if count < 0 else count
        inputs = []
        for k in range(n):
            at = first + 3 * k
            x, scale, zero = step.inputs[at], _of(step, at + 1, constants), _of(step, at + 2, constants)
            if x in constants:
                constants[f"{out}/x{k}"] = (np.asarray(constants[x], np.float32) - zero) * np.float32(scale)
            else:
                constants |= {f"{out}/scale{k}": np.float32(scale), f"{out}/zero{k}": np.float32(zero)}
                yield Step("Sub", "", [x, f"{out}/zero{k}"], [f"{out}/shifted{k}"])
                yield Step("Mul", "", [f"{out}/shifted{k}", f"{out}/scale{k}"], [f"{out}/x{k}"])
            inputs.append(f"{out}/x{k}")
        at = 0 if first else 3 * n + last
        if last and step.inputs[3 * n]:  # a bias of s s'
            scale = np.float32(_of(step, 1, constants)) * np.ravel(_of(step, 4, constants))
            constants[f"{out}/b"] = np.asarray(_of(step, 3 * n, constants), np.float32) * np.float32(scale)
            inputs.append(f"{out}/b")
        attributes = dict(step.attributes)
        if attributes.pop("channels_last", 0):
            raise _Unfit
        yield Step(op, "", inputs, [f"{out}/y"], attributes)
        if at < len(step.inputs) and step.inputs[at]:
            y_scale, y_zero = _of(step, at, constants), _of(step, at + 1, constants)
            yield from _quantised(f"{out}/y", out, y_scale, y_zero, constants)
        else:
            yield Step("Identity", "", [f"{out}/y"], [out])

    return rewritten


RUNTIMES = {
    "QLinearAdd": _operation("Add", 2), "QLinearMul": _operation("Mul", 2),
    "QLinearGlobalAveragePool": _operation("GlobalAveragePool", 1),
    "QLinearAveragePool": _operation("AveragePool", 1), "QLinearReduceMean": _operation("ReduceMean", 1),
    "QLinearLeakyRelu": _operation("LeakyRelu", 1), "QLinearSigmoid": _operation("Sigmoid", 1),
    "QLinearConcat": _operation("Concat", -1, first=2), "QGemm": _operation("Gemm", 2, last=1),
}  # fmt: skip
REWRITTEN: dict[str, Callable[[Step, Constants], Iterator[Step]]] = {
    "QuantizeLinear": quantize,
    "DequantizeLinear": dequantize,
    "DynamicQuantizeLinear": dynamically,
    "ConvInteger": _integer("Conv"),
    "MatMulInteger": _integer("MatMul"),
    "QLinearConv": _linear("Conv"),
    "QLinearMatMul": _linear("MatMul"),
    **{f"com.microsoft.{name}": rewritten for name, rewritten in RUNTIMES.items()},
}
