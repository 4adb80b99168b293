"""The same forward pass in PyTorch: every operation that led to y is done by its own, on the same weights."""

import torch
import torch.nn.functional as F

from minicnn import Tensor, history


class _ReLU(torch.autograd.Function):
    """ReLU with another rule for the backward pass (Springenberg et al. 2015, fig. 1)."""

    @staticmethod
    def forward(ctx, x, guided):
        ctx.save_for_backward(x)
        ctx.guided = guided
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g.clamp(min=0) * (x > 0 if ctx.guided else 1), None


def mirror(y, x, rule="backprop", data=None):
    """Everything that led from x to y, computed by PyTorch -> {tensor of y's history: PyTorch's tensor}.

    torch.autograd can then differentiate it.  rule: how a ReLU passes the signal in the backward pass:
    backprop, deconvnet or guided.  data: another input in place of x.data.
    """
    values = {}
    for tensor in history(y):
        if tensor.op is None:
            values[tensor] = torch.tensor(
                data if tensor is x and data is not None else tensor.data, requires_grad=tensor is x
            )
        else:
            values[tensor] = _done(tensor.op, [_theirs(i, values) for i in tensor.op.inputs], rule)
    return values


def _theirs(value, values):
    """An input as PyTorch has it: a tensor of the graph, a constant array or number, or nothing."""
    if isinstance(value, Tensor):
        return values[value]
    return None if value is None else torch.tensor(value)


def _done(op, inputs, rule):
    """One operation, by PyTorch."""
    x = inputs[0]
    match type(op).__name__:
        case "Conv":
            g = op.geometry
            W, b = inputs[1], inputs[2] if len(inputs) > 2 else None
            return F.conv2d(_padded(x, g.pad, 0), W, b, stride=g.stride, dilation=g.dilation, groups=g.groups)
        case "ReLU":
            return F.relu(x) if rule == "backprop" else _ReLU.apply(x, rule == "guided")
        case "MaxPool":
            return F.max_pool2d(_padded(x, op.pad, -torch.inf), op.kernel, op.stride, 0, op.dilation, op.ceil)
        case "GlobalAvgPool":
            return x.flatten(2).mean(2)
        case "Flatten":
            return x.flatten(1)
        case "Reshape":
            return x.reshape(op.shape)
        case "Linear":
            return F.linear(*inputs)
        case "BatchNorm":
            gamma, beta, mean, var = inputs[1:]
            return F.batch_norm(x, mean, var, gamma, beta, eps=op.eps)
        case "LocalResponseNorm":
            return F.local_response_norm(x, op.n, op.alpha, op.beta, op.k)
        case "Add":
            return x + inputs[1]
        case "Mul":
            return x * inputs[1]
        case "Concat":
            return torch.cat(inputs, op.axis)
        case "Slice":
            return x[op.index]
        case "Pad":
            return F.pad(x, [n for width in reversed(op.widths) for n in width], value=op.value)
    raise NotImplementedError(f"{type(op).__name__} has no counterpart here")


def _padded(x, pad, value):
    (top, bottom), (left, right) = pad
    return F.pad(x, (left, right, top, bottom), value=value)
