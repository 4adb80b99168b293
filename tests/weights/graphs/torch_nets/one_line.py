"""Models of one line each, one per way in which an importer can be silently wrong; and how each is answered.

python -m tests.weights.graphs.torch_nets.one_line writes tests/results/one_line_models.md
"""

from __future__ import annotations

import contextlib
import pathlib
import warnings
from collections import Counter
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import parametrizations, prune

from minicnn import Tensor, history
from tests.weights.graphs.torch_nets.hostile_lines import HOSTILE
from weights.errors import WeightsError
from weights.graphs.torch import from_torch
from weights.graphs.torch.gradients import central_differences, confirms, difference, least, sent_back
from weights.graphs.torch.precision import InDouble

SHAPE = (2, 4, 6, 5)  # no two axes alike
PAGE = pathlib.Path(__file__).parents[3] / "results" / "one_line_models.md"

LINES = {
    "views": [
        "y = x.view(2, 120)", "y = x.reshape(-1, 5)", "y = x.view(2, 2, 2, 30)", "y = x.flatten(-2)",
        "y = x.unflatten(1, (2, -1))", "y = x.permute(3, 1, 0, 2)", "y = x.permute(-1, -3, -4, -2)",
        "y = x.transpose(1, 2)", "y = x.transpose(-1, -3)", "y = x.mT",
        "y = x.transpose(0, 1).reshape(4, -1)", "y = x.permute(0, 2, 3, 1).contiguous().view(2, 30, 4)",
        "y = x.movedim(1, -1)", "y = x.swapaxes(0, -1)", "y = x.unsqueeze(0)", "y = x.unsqueeze(-1)",
        "y = x.unsqueeze(-5)", "y = x[:, None, ..., None]", "y = x[:, :1].squeeze(1)",
        "y = x[..., :1].squeeze(-1)", "y = x[:1].squeeze()", "y = x[:1, :, :1].squeeze((0, 2))",
        "y = x.squeeze(1)", "y = x.select(1, 2)", "y = x.select(-1, 0)", "y = x.select(-3, -1)",
        "y = x.select(0, -1)", "y = x[1, ..., -2]", "y = x[:, 1:3]", "y = x[..., ::2]",
        "y = x[..., -3:-1]", "y = x[:, :, 1:-1, 2:]", "y = x.narrow(1, 1, 2)", "y = x.narrow(-1, 2, 3)",
        "y = x.narrow(-2, -3, 2)", "y = x.split(2, 1)[1]", "y = x.split(4, -2)[1]",
        "y = x.split([1, 3, 1], -1)[1]", "y = x.split([1, 2, 3], 2)[2]", "y = x.chunk(2, 1)[0]",
        "y = x.chunk(2, -1)[1]", "y = x.chunk(4, -2)[2]", "y = x.chunk(3, -2)[-1]",
        "y = x.tensor_split(2, -1)[1]", "y = x.unbind(0)[1]", "y = x.unbind(1)[2]", "y = x.unbind(-1)[3]",
        "y = x.unbind(-2)[0]", "y = x.hsplit(2)[1]", "y = x.dsplit([2])[0]",
        "a, b = x.chunk(2, 1); y = a * b.sigmoid()", "a, b = x.chunk(2, -2); y = a - b", "y = x.flip(1)",
        "y = x.flip(-1)", "y = x.flip(0, -2)", "y = x.fliplr()", "y = x.rot90(1, (2, 3))",
        "y = x.rot90(1, (-1, -3))", "y = x.roll(1, 1)", "y = x.roll(-2, -1)",
        "y = x.roll((1, 2), (2, -1))", "y = x.roll(3)", "y = x.roll((1, -1), (0, -2))",
        "y = torch.cat([x, 2 * x], 1)", "y = torch.cat([x, x.sin()], -1)",
        "y = torch.cat([x, x[..., :2]], -1)", "y = torch.cat([x, x], 0)",
        "y = torch.stack([x, x.cos()], 0)", "y = torch.stack([x, x.cos()], -1)",
        "y = torch.stack([x, 2 * x], -3)", "y = torch.hstack([x, x])",
        "y = torch.stack([x, 2 * x], 2).flatten(2, 3)", "y = torch.cat([torch.zeros(0), x], 1)",
        "y = torch.cat([x, torch.ones(2, 1, 6, 5)], 1)", "y = x[:, :1].expand(-1, 4, -1, -1) * x",
        "y = x[:, :, :1].expand(2, 4, 6, 5)", "y = x[..., :1].expand_as(x)",
        "y = x.mean((2, 3), keepdim=True).expand(-1, -1, 3, 2)", "y = x.expand(3, -1, -1, -1, -1)",
        "y = x.repeat(1, 2, 1, 3)", "y = x.repeat(2, 1, 1, 1, 1)", "y = x.tile(2)",
        "y = x.repeat_interleave(2, -1)", "y = torch.broadcast_to(x[0], (3, 4, 6, 5))",
        "y = x.diagonal(0, 1, 2)", "y = x.diagonal(1, -1, -2)", "y = x.unfold(2, 3, 2)",
        "y = x.unfold(-1, 2, 1)", "y = x.as_strided((2, 3, 4), (120, 1, 5))",
        "y = x.as_strided((3, 3), (1, 1), 2)", "y = x.t() if x.ndim < 3 else x[0, 0].t()", "y = x.ravel()",
        "y = F.pad(x, (1, 2))", "y = F.pad(x, (1, 0, 0, 2), value=0.5)", "y = F.pad(x, (-1, 1, 2, -2))",
        "y = F.pad(x, (0, 0, 0, 0, 1, 1))", 'y = F.pad(x, (1, 1, 2, 2), mode="reflect")',
        'y = F.pad(x, (2, 1), mode="circular") if x.ndim == 3 else F.pad(x[0], (2, 1), mode="circular")',
        "y = F.pixel_shuffle(x, 2)", "y = F.pixel_unshuffle(x[..., :4], 2)", "y = F.channel_shuffle(x, 2)",
        "y = x[:, [2, 0, 1]]", "y = x[:, :, [0, 5], [1, 2]]",
        "y = x.index_select(-1, torch.tensor([4, 0, 4]))", "y = x.gather(1, (x > 0).long())",
        "y = x[x.new_ones(2, 4, 6, 5).bool()]", "y = x.take(torch.tensor([0, 7, 7]))", "y = torch.tril(x)",
        "y = x.masked_fill(x > 0.5, -1)", "y = torch.where(x > 0, x, x * x)",
        "y = x[..., None].expand(-1, -1, -1, -1, 3).sum(-1)",
    ],
    "in place": [
        "y = x.clone(); y.relu_()", "y = x.clone(); y[:, 0].relu_()", "y = x.clone(); y[:, 0] = 0",
        "y = x.clone(); y[..., -1] *= 2", "y = x.clone(); y[:, :2] += x[:, 2:]",
        "y = x.clone(); y[:, :, ::2] = x[:, :, 1::2]", "y = x.clone(); y[:, 1:] = y[:, :-1].clone()",
        "y = torch.zeros_like(x); y[:, :2] = x[:, 2:]",
        "y = torch.zeros(2, 4, 8, 7); y[:, :, 1:7, 1:6] = x",
        "y = torch.empty_like(x); y[:, :2] = x[:, :2]; y[:, 2:] = x[:, :2] ** 2",
        "y = torch.zeros(2, 6); y[:, 1] = x.mean((1, 2, 3)); y[:, 3] = y[:, 1] ** 2",
        "y = x.new_zeros(3, 2, 4); y[0] = x.mean((2, 3)); y[1] = y[0] * 2; y[2] = y[0] * y[1]",
        "y = x * 1; a = y[:, 1]; y.mul_(2); y = a * y[:, 0]",
        "y = x * 1; a = y.view(2, -1); a[:, 3] = 0; y = y + 1",
        "y = x * 1; a = y.transpose(1, 2); a.mul_(y.transpose(1, 2).detach() * 0 + 3)",
        "y = x * 1; b = y.permute(3, 2, 1, 0); b[0] = 7", "y = x * 1; y.view(-1)[::3].exp_()",
        "y = x * 1; y.t_() if y.ndim == 2 else y.transpose_(1, 2)",
        "y = x * 1; y.unsqueeze_(1).squeeze_(1).add_(1)", "y = x * 1; y.diagonal(0, -1, -2).zero_()",
        "y = x * 1; z = y[0]; z[0] = z[1]; z[1] = 5", "y = x * 1; y[0, 1] = y[1, 1]; y[1, 1] *= y[0, 0]",
        "y = x * 1; y.fill_(2); y = y * x", "y = x * 1; y.copy_(x.flip(1)); y = y * x",
        "y = x * 1; y.copy_(x[:, :1])", "y = x * 1; y[:] = x[..., :1]",
        "y = x * 1; y.sub_(x.mean()).div_(x.std())", "y = x * 1; y.clamp_(-0.5, 0.5)",
        "y = x * 1; y.masked_fill_(x > 0, 0.3)", "y = x * 1; y[y > 0.2] = 0",
        "y = x * 1; y[:, [0, 2]] = x[:, [1, 3]]",
        "y = x * 1; y.index_add_(1, torch.tensor([0, 0]), x[:, :2])",
        "y = torch.zeros_like(x); y.scatter_(1, torch.tensor([[[[1]]]]), x[:1, :1, :1, :1])",
        "y = x * 1; y.index_copy_(-1, torch.tensor([4, 0]), x[..., :2])", "y = x * 1; y.swapaxes_(1, 2)",
        "w = torch.ones(4, 1, 1); y = x * w; w[0] = 5; y = y * w",
        "w = torch.arange(5.0); y = x + w; w.mul_(0)",
        "y = x * 1; a = y[:, :2]; b = y[:, 1:3]; a.mul_(2); b.add_(a.sum()); y = y * 3",
        "y = x * 1; y[:, 0].copy_(y[:, 1]); y[:, 1].copy_(y[:, 0] * 2)",
        "y = x * 1; torch.relu_(y[..., 2:])", "y = x * 1; F.relu(y[:, 1:2], inplace=True)",
        "y = x * 1; y = F.leaky_relu(y, 0.1, inplace=True) + y",
        "y = x * 1; torch.mul(y, 2, out=y) if not y.requires_grad else y.mul_(2)", "y = x * 1; y += y",
        "y = x * 1; y *= y.flip(-1)", "y = x * 1; y[1:] -= y[:1]",
        "y = [x * i for i in range(3)]; y[1][:, 0] = y[2][:, 1]; y = torch.cat(y, -1)",
    ],
    "dtypes": [
        "y = x.float() * 2", "y = x.half() + 1", "y = x.bfloat16().sin()",
        "y = x.to(torch.float32).mean((2, 3))", "y = x.double() ** 2", "y = x.type_as(torch.ones(1))",
        "y = x * (x > 0)", "y = x * (x > 0).float()", "y = (x > 0).float() + x", "y = x * x.round()",
        "y = x * x.int()", "y = x * (x * 10).long()", "y = x.sign() * x", "y = x * torch.tensor(2)",
        "y = x + torch.ones(5, dtype=torch.int64)", "y = x / 3", "y = x // 0.3 + x", "y = x % 0.7",
        "y = (x * 255).floor() / 255 + x", "y = torch.fft.rfft(x).abs()", "y = torch.fft.fft2(x).real * 2",
        "y = torch.view_as_real(torch.view_as_complex(x[..., :2].clone()) * (1 + 2j))",
        "y = F.softmax(x, 1, dtype=torch.float32)", "y = x.sum(1, dtype=torch.float32)",
        "y = torch.complex(x, x * 2).abs()", "y = x * x.argmax(1, keepdim=True)", "y = x * x.isfinite()",
        "y = x * torch.eye(5, 5, dtype=torch.float16)[0]",
        "y = F.conv2d(x, torch.full((3, 4, 3, 3), 0.1))", "y = F.linear(x, torch.arange(10.0).view(2, 5))",
    ],
    "constants": [
        "y = x + 1", "y = 1 - x", "y = 2 / (3 + x * x)", "y = x - torch.arange(5.0)",
        "y = torch.arange(4.0)[:, None, None] - x", "y = torch.rsub(x, 2, alpha=3)",
        "y = torch.add(x, x, alpha=0.3)", "y = torch.sub(x, x.sin(), alpha=2)",
        "y = x / torch.arange(1.0, 6)", "y = torch.arange(1.0, 6) / (2 + x.cos())", "y = x * 0 + 3 * x",
        "y = -x", "y = +x", "y = x ** 3", "y = 2 ** x", "y = x.new_ones(5) * x",
        "y = torch.ones_like(x) - x", "y = torch.full_like(x, 2) * x",
        "y = torch.addcmul(x, x, x.sin(), value=0.5)",
        "y = torch.addmm(x[0, 0], x[0, 1], x[0, 1].T @ x[0, 0], beta=0.5, alpha=2)",
        "y = torch.lerp(x, x.exp(), 0.3)", "y = x @ torch.arange(15.0).view(5, 3)",
        "y = torch.arange(18.0).view(3, 6) @ x", "y = x @ x.mT",
        'y = torch.einsum("ncij,ncik->njk", x, x)', "y = torch.bmm(x[0], x[1].mT)",
        "y = torch.arange(6.0) @ x[0, 0]", "y = x[0, 0] @ torch.arange(5.0)",
        "y = torch.outer(x[0, 0, 0], x[1, 1, 1])", "y = torch.linspace(0, 1, 5) * x", "y = x * x.shape[1]",
        "y = x / x.numel()", "y = x + torch.tensor([0.1, 0.2, 0.3, 0.4]).view(1, -1, 1, 1)",
        "y = x if x.sum() > 1e9 else 2 * x", "y = x * x.mean().item() * 0 + x",
        'y = torch.meshgrid(x[0, 0, 0], x[0, 0, 1], indexing="ij")[1] * 2',
    ],
    "reductions": [
        "y = x.sum()", "y = x.sum(1)", "y = x.sum(-1)", "y = x.sum((1, -1))",
        "y = x.sum((-2, -1), keepdim=True) * x", "y = x.mean()", "y = x.mean(1)", "y = x.mean((2, 3))",
        "y = x.mean((-1, -3), keepdim=True)", "y = x.amax((2, 3))", "y = x.amax(-1, keepdim=True)",
        "y = x.amin(1)", "y = x.max()", "y = x.max(1)[0]", "y = x.max(-1).values", "y = x.min(2)[0]",
        "y = x.std()", "y = x.std((2, 3))", "y = x.var(1, unbiased=False)", "y = x.var(-1, keepdim=True)",
        "y = x.norm()", "y = x.norm(dim=1)", "y = x.norm(p=1, dim=(2, 3))", "y = F.normalize(x)",
        "y = F.normalize(x, dim=-1)", "y = x.prod(-1)", "y = x.cumsum(1)", "y = x.cumsum(-1)",
        "y = x.cumprod(2)", "y = x.logsumexp(1)", "y = x.logsumexp((-1, -2))", "y = x.softmax(1)",
        "y = x.softmax(-1)", "y = x.softmax(0)", "y = x.softmax(2)", "y = x.softmax(-3)",
        "y = F.softmax(x)", "y = F.softmax(x[0, 0])", "y = F.log_softmax(x)", "y = x.log_softmax(1)",
        "y = x.log_softmax(-2)", "y = x.log_softmax(0)", "y = nn.Softmax2d()(x)",
        "y = nn.Softmax(dim=2)(x)", "y = nn.LogSoftmax(dim=-1)(x)", "y = F.softmin(x, 1)",
        "y = F.gumbel_softmax(x, dim=1) if False else x.softmax(1) * x",
        "y = x[..., :4].reshape(2, 4, 4, 6).softmax(1)", "y = x.topk(2, 1)[0]", "y = x.sort(-1)[0]",
        "y = x.sort(1, descending=True).values", "y = x.median(-1)[0]", "y = x.kthvalue(2, 1)[0]",
        "y = x.nanmean(1)", "y = x.mean(dim=(0, 1, 2, 3))", "y = x.argmax(1) * 0.0 + x.sum(1)",
        "y = x.count_nonzero(1) * x.mean(1)", "y = torch.cdist(x[0], x[1])",
        "y = F.cosine_similarity(x[:, :2], x[:, 2:], 1)",
        "y = x.trace() if x.ndim == 2 else x[0, 0].trace()", "y = x.abs().sum(-3)",
    ],
    "layers": [
        "y = bn(x)", "y = bn1(x.flatten(2))", "y = bn1(x.mean((2, 3)))", "y = bn3(x[:, :, None])",
        "y = bn(x).flatten(2).transpose(1, 2)", "y = batch_bn(x)", "y = batch_bn1(x.flatten(2))",
        "y = F.batch_norm(x, None, None, training=True)", "y = F.instance_norm(x)",
        "y = F.group_norm(x, 2)", "y = F.layer_norm(x, (6, 5))", "y = F.layer_norm(x, (5,))",
        "y = F.rms_norm(x, (5,))", "y = F.local_response_norm(x, 3)", "y = conv(x)",
        "y = conv(conv(x).relu())", "y = conv(x.transpose(2, 3))", "y = grouped(x)", "y = dilated(x)",
        "y = strided(x)", "y = transposed(x)", "y = conv1(x.flatten(2))", "y = conv3(x[:, :, None])",
        "y = conv(x.contiguous(memory_format=torch.channels_last))",
        "y = F.conv2d(x[:1], x[1:].mean((2, 3), keepdim=True).view(2, 2, 1, 1), groups=2)",
        "y = linear(x)", "y = linear(x[0, 0])", "y = linear(x.flatten(0, 2))",
        "y = F.bilinear(x, x, torch.ones(2, 5, 5))", "y = F.max_pool2d(x, 2)",
        "y = F.max_pool2d(x, 3, 1, 1)", "y = F.max_pool2d(x, 2, dilation=2)",
        "y = F.max_pool2d(x, 3, 2, ceil_mode=True)", "y = F.max_pool2d(x[0], 2)",
        "y = F.max_pool1d(x.flatten(2), 3)", "y = F.max_pool3d(x[:, None], 2)", "y = F.avg_pool2d(x, 2)",
        "y = F.avg_pool2d(x, 3, 2, 1, count_include_pad=False)",
        "y = F.avg_pool2d(x, 2, divisor_override=3)", "y = F.avg_pool1d(x.flatten(2), 4)",
        "y = F.adaptive_avg_pool2d(x, 1)", "y = F.adaptive_avg_pool2d(x, (4, 3))",
        "y = F.adaptive_avg_pool2d(x, (None, 2))", "y = F.adaptive_max_pool2d(x, 2)",
        "y = F.adaptive_avg_pool1d(x.flatten(2), 7)", "y = F.lp_pool2d(x.abs() + 1, 2, 2)",
        "y = F.interpolate(x, scale_factor=2)", 'y = F.interpolate(x, (9, 4), mode="bilinear")',
        'y = F.interpolate(x, (9, 4), mode="bilinear", align_corners=True)',
        'y = F.interpolate(x, (3, 3), mode="bicubic")', 'y = F.interpolate(x, (3, 2), mode="area")',
        "y = F.unfold(x, 2)", "y = F.fold(F.unfold(x, 2), (6, 5), 2)",
        "y = F.grid_sample(x, torch.rand(2, 3, 3, 2) - 0.5, align_corners=False)",
        "y = F.dropout(x, 0.5, False)", "y = nn.Dropout(0.5).eval()(x)", "y = F.dropout(x, 0.5, True)",
        "y = lstm(x.flatten(2))[0]", "y = gru(x.flatten(2))[0][:, -1]",
        "y = attention(x.flatten(2), x.flatten(2), x.flatten(2))[0]", "y = encoder(x.flatten(2))",
        "y = F.scaled_dot_product_attention(x, x, x.sin())",
        "y = F.embedding((x[:, 0] > 0).long(), x[0, 0])",
    ],
    "activations": [
        "y = x.relu()", "y = F.relu6(x * 9)", "y = x.clamp(min=0)", "y = x.clamp(-0.5, 0.5)",
        "y = x.clamp(max=0.2)", "y = x.clamp(min=x.mean())", "y = torch.maximum(x, torch.zeros(()))",
        "y = torch.maximum(x, x.flip(1))", "y = torch.minimum(x, 1 - x)", "y = F.hardtanh(x)",
        "y = F.leaky_relu(x)", "y = F.leaky_relu(x, 0.3)",
        "y = F.prelu(x, torch.tensor([0.1, 0.2, 0.3, 0.4]))", "y = F.elu(x)", "y = F.celu(x, 0.5)",
        "y = F.selu(x)", "y = F.gelu(x)", 'y = F.gelu(x, approximate="tanh")', "y = F.silu(x)",
        "y = F.mish(x)", "y = F.softplus(x)", "y = F.hardswish(4 * x)", "y = F.hardsigmoid(4 * x)",
        "y = F.softsign(x)", "y = F.tanhshrink(x)", "y = F.softshrink(x)", "y = F.hardshrink(x)",
        "y = F.logsigmoid(x)", "y = F.glu(x[..., 1:])", "y = F.glu(x, 1)", "y = F.glu(x, -2)",
        "y = F.threshold(x, 0.1, 2)", "y = F.threshold(x, 0, 0)", "y = F.rrelu(x)", "y = x.sigmoid()",
        "y = x.tanh()", "y = x.exp()", "y = (x * x + 1).log()", "y = (x * x + 1).sqrt()",
        "y = (x * x + 1).rsqrt()", "y = x.abs()", "y = x.sin() * x.cos()", "y = x.erf()", "y = x.square()",
        "y = x.pow(2)", "y = (x.abs() + 1).pow(x)", "y = x.reciprocal()", "y = x.atan()",
        "y = x.relu().relu()", "y = x.relu() - x.relu() * 0.5", "y = x * x.sigmoid()",
        "y = 0.5 * x * (1 + torch.erf(x / 2**0.5))", "y = (x * x + 1).log2()", "y = x.expm1()",
        "y = (x * x).log1p()", "y = torch.atan2(x, 2 + x)", "y = torch.hypot(x, x + 1)",
        "y = x.nan_to_num()", "y = x.lerp(x * x, 0.1)",
    ],
    "gradient": [
        "y = x.detach() + x", "y = x.detach() * 2", "y = (x - x.mean((2, 3), keepdim=True).detach()) ** 2",
        "y = x + (x.round() - x).detach()", "y = ((x > 0).double() - x.sigmoid()).detach() + x.sigmoid()",
        "y = x.data * x", "y = x.relu().detach() + x.sin()",
        "with torch.no_grad(): z = x.exp(); y = z * x", "with torch.no_grad(): z = x * 2; y = z",
        "with torch.inference_mode(): z = x * 2; y = z.clone() + x",
        "with torch.inference_mode(): y = x * 2", "with torch.no_grad(): z = conv(x); y = z.relu() + x",
        "y = Reverse.apply(x)", "y = x + Reverse.apply(x)", "y = Straight.apply(x)",
        "y = Twice.apply(x.sin()) * x", "y = Own.apply(x)", "y = Right.apply(x)",
        "y = conv(Reverse.apply(x)) + conv(x)", "y = Straight.apply(x[:, :2]) * x[:, 2:]",
        "with torch.enable_grad(): y = x * 2", "y = x * 1; y.data.mul_(2)",
        "y = torch.utils.checkpoint.checkpoint(lambda t: (t * t).sin(), x, use_reentrant=False)",
        "y = torch.utils.checkpoint.checkpoint(lambda t: (t * t).sin(), x, use_reentrant=True)",
        "y = x.detach().softmax(1) * x", "y = x.clone().detach_() + x",
    ],
    "calls": [
        "y = relu(x) + relu(-x)", "y = conv(x); y = conv(y)", "y = seq(x)", "y = seq(seq(x))",
        "y = norm_weight(x)", "y = pruned(x)", "y = spectral(x)", "y = halved(x.half())",
        "y = channels_last(x)", "y = keeping(x)", "y = tied(x)",
        "y = [conv(x) for _ in range(2)]; y = y[0] * y[1]",
    ],
}  # fmt: skip


class Function(torch.autograd.Function):
    """y = 2 x: the first half of the functions below."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * 2

    @staticmethod
    def backward(ctx, gy):
        return gy * 2


class Right(Function):
    """Its gradient is the derivative."""


class Twice(Function):
    """A gradient that is twice the derivative."""

    @staticmethod
    def backward(ctx, gy):
        return gy * 4


class Own(Function):
    """Guided backprop, as repositories write it."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx, gy):
        return gy * ((ctx.saved_tensors[0] > 0) & (gy > 0))


class Reverse(Function):
    """Gradient reversal (Ganin & Lempitsky 2015)."""

    @staticmethod
    def forward(ctx, x):
        return x.view_as(x)

    @staticmethod
    def backward(ctx, gy):
        return -gy


class Straight(Function):
    """Straight-through: the sign forwards, the identity backwards."""

    @staticmethod
    def forward(ctx, x):
        return x.sign()

    @staticmethod
    def backward(ctx, gy):
        return gy


class Keeping(nn.Module):
    """A model that keeps its activations."""

    def __init__(self):
        super().__init__()
        self.conv, self.kept = nn.Conv2d(4, 4, 3, padding=1), []

    def forward(self, x):
        self.features = self.conv(x).relu()
        self.kept.append(self.features)
        return self.features * 2


class Model(nn.Module):
    """One line between x and three scores: fixed sums of whatever it makes of x."""

    def __init__(self, line: str):
        super().__init__()
        self.line = line
        torch.manual_seed(1)
        self.parts = nn.ModuleDict({name: make() for name, make in MODULES.items() if f"{name}(" in line})

    def forward(self, x):
        names = {"torch": torch, "F": F, "nn": nn, "x": 1.1 * x + 0.05, **FUNCTIONS, **self.parts}
        exec("\n".join(self.line.split("; ")), names)
        y = names["y"]
        y = torch.view_as_real(y) if y.is_complex() else y
        weights = torch.sin(torch.arange(3 * y.numel(), dtype=torch.float64)).view(-1, 3)
        return y.reshape(1, -1).to(torch.float64) @ weights


def _spread(module):
    for buffer_name, b in module.named_buffers():
        if "mean" in buffer_name or "var" in buffer_name:
            b.copy_(torch.rand_like(b) + 0.5)
    return module.eval()


def _run_once(module):
    module(torch.randn(2, 4, 6, 5))
    return module


def _tied():
    a, b = nn.Conv2d(4, 4, 1), nn.Conv2d(4, 4, 1)
    b.weight = a.weight
    return nn.Sequential(a, b)


conv = lambda **options: nn.Conv2d(4, 4, 3, **{"padding": 1, **options})  # noqa: E731
MODULES = {
    "bn": lambda: _spread(nn.BatchNorm2d(4)),
    "bn1": lambda: _spread(nn.BatchNorm1d(4)),
    "bn3": lambda: _spread(nn.BatchNorm3d(4)),
    "batch_bn": lambda: nn.BatchNorm2d(4, track_running_stats=False),
    "batch_bn1": lambda: nn.BatchNorm1d(4, track_running_stats=False),
    "conv": conv,
    "grouped": lambda: conv(groups=2),
    "dilated": lambda: conv(dilation=2, padding=2),
    "strided": lambda: conv(stride=2),
    "transposed": lambda: nn.ConvTranspose2d(4, 3, 3, 2),
    "conv1": lambda: nn.Conv1d(4, 3, 3),
    "conv3": lambda: nn.Conv3d(4, 3, (1, 3, 3)),
    "linear": lambda: nn.Linear(5, 3),
    "lstm": lambda: nn.LSTM(30, 4, batch_first=True),
    "gru": lambda: nn.GRU(30, 4, batch_first=True),
    "attention": lambda: nn.MultiheadAttention(30, 2, batch_first=True),
    "relu": nn.ReLU,
    "seq": lambda: nn.Sequential(conv(), nn.ReLU(True), conv()),
    "encoder": lambda: nn.TransformerEncoderLayer(30, 2, 8, batch_first=True).eval(),
    "norm_weight": lambda: parametrizations.weight_norm(conv()),
    "pruned": lambda: prune.l1_unstructured(conv(), "weight", 0.3),
    "spectral": lambda: _run_once(nn.utils.spectral_norm(conv())),
    "halved": lambda: conv().half(),
    "channels_last": lambda: conv().to(memory_format=torch.channels_last),
    "keeping": lambda: _run_once(Keeping()),
    "tied": _tied,
}
FUNCTIONS = {f.__name__: f for f in (Right, Twice, Own, Reverse, Straight)}


def every() -> list[tuple[str, str]]:
    """[(group, line)]"""
    tables = [*LINES.items(), *HOSTILE.items()]
    return [(group, line) for group, lines in tables for line in lines]


@dataclass
class Answer:
    """What became of a model: kind (of the check, or "refused"), what is PyTorch's own, how far scores and
    gradient are off.
    """

    group: str
    line: str
    kind: str
    says: str = ""
    borrowed: str = ""
    scores: float = 0.0
    gradient: float = 0.0

    @property
    def silent(self) -> bool:
        """Whether it was taken, and is wrong."""
        said = 1e-4 if self.kind == "rounding" else 1e-9
        return self.kind != "refused" and not max(self.scores, self.gradient) < said


def answer(group: str, line: str, seed: int = 0) -> Answer:
    """Import one of them, and compare with autograd alone; where the two gradients differ by design, both are
    compared.
    """
    model, x = (
        Model(line).eval(),
        torch.randn(SHAPE, generator=torch.Generator().manual_seed(seed), dtype=torch.float64),
    )
    torch.manual_seed(3)
    try:
        net = from_torch(model, x)
    except WeightsError as error:
        return Answer(group, line, "refused", str(error))
    found = Answer(
        group, line, net.check.kind, net.check.says, ", ".join(f"{k} x{n}" for k, n in net.borrowed.items())
    )
    y, theirs, w = plain(model, x)
    scores, gradient = ours(net, x.numpy(), w)
    small_score, small = least(x.numpy(), y, w)
    found.scores = difference(scores, y, small_score)
    if found.kind in ("equal", "rounding") or "values read" in found.says:  # whom nobody can follow
        found.gradient = difference(gradient, theirs, small)
    elif found.kind == "by design":
        right = confirms(central_differences(model, x.numpy(), w), gradient)
        found.gradient = 0.0 if right else np.inf
        if right and net.own is not None:
            found.gradient = difference(ours(net.own, x.numpy(), w)[1], theirs, small)
    else:
        found.gradient = 0.0 if confirms(central_differences(model, x.numpy(), w), gradient) else np.inf
    return found


def plain(model: nn.Module, x: torch.Tensor) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """-> (scores, gradient of a weighted sum of them, the weights) by PyTorch alone, in float64."""
    w = np.random.default_rng(5).standard_normal((1, 3))
    leaf = x.clone().requires_grad_()
    torch.manual_seed(3)
    with InDouble(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        y = model.double()(leaf.clone())
    g = None
    if y.requires_grad:
        with contextlib.suppress(RuntimeError):  # it has none
            g = torch.autograd.grad((y * torch.from_numpy(w)).sum(), leaf, allow_unused=True)[0]
    return y.detach().numpy(), np.zeros(x.shape) if g is None else g.numpy(), w


def ours(net, x: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """-> (scores, gradient) by a forward and a backward pass of the imported network."""
    source = Tensor(x, "x")
    y = net(source)
    return y.data, sent_back(y, w, [source])[0] if source in history(y) else np.zeros_like(x)


HEAD = """# One-line models against autograd

`python -m tests.weights.graphs.torch_nets.one_line`, PyTorch {version}: {count} models of one line,
in float64; {kinds}; silently wrong: {silent}.

*equal*: scores and gradient are autograd's to 1e-9. *rounding*: the gradients differ by more than float64's
rounding, by less than central differences can tell, 1e-4.

*by design*: the model's gradient is not the derivative, because it says so; the network has both, each
compared (of a model that reads values into Python only its own). *framework*: central differences confirm
the reference; PyTorch's gradient is wrong, or its backward pass fails.

| group | line | answer | PyTorch's own | scores off by | gradient off by |
|---|---|---|---|---|---|
"""


def page(answers: list[Answer]) -> str:
    """The table."""
    kinds = Counter(a.kind for a in answers)
    head = HEAD.format(
        version=torch.__version__.split("+")[0],
        count=len(answers),
        kinds=", ".join(f"{n} {kind}" for kind, n in kinds.most_common()),
        silent=sum(a.silent for a in answers),
    )
    return head + "".join(map(_row, answers))


def _row(a):
    what = a.kind if a.kind != "refused" else f"refused: {a.says}"
    line = a.line.replace("|", "\\|")
    return f"| {a.group} | `{line}` | {what} | {a.borrowed} | {a.scores:.0e} | {a.gradient:.0e} |\n"


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    answers = [answer(*pair) for pair in every()]
    PAGE.write_text(page(answers), "utf-8")
    print(*PAGE.read_text("utf-8").splitlines()[2:4])
