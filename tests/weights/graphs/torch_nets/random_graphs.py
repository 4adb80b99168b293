"""Models drawn at random, of 3 to 12 operations, against autograd.

python -m tests.weights.graphs.torch_nets.random_graphs [10000] goes on where it was, in
tests/results/random_graphs.jsonl, and writes random_graphs.md
"""

from __future__ import annotations

import json
import pathlib
import re
import sys
import warnings
from collections import Counter

import numpy as np
import torch
from torch.nn import functional as F

from tests.weights.graphs.torch_nets.one_line import SHAPE, Answer, answer
from weights.graphs.torch.precision import InDouble

PAGE = pathlib.Path(__file__).parents[3] / "results" / "random_graphs.md"
ROWS, CHUNK = PAGE.with_suffix(".jsonl"), 250
LARGEST = 1500  # values

# {a}, {b}: an axis, from either end; {n}: an index on a; {p}: places along a; {v}: a value; {w}: another like
# v; {s}: 0, 1 or -1
OPERATIONS = {
    "relu": "F.relu({v})", "sigmoid": "{v}.sigmoid()", "tanh": "{v}.tanh()", "silu": "F.silu({v})",
    "gelu": "F.gelu({v})", "elu": "F.elu({v})", "softplus": "F.softplus({v})",
    "hardswish": "F.hardswish(3 * {v})", "mish": "F.mish({v})", "leaky_relu": "F.leaky_relu({v}, 0.2)",
    "abs": "{v}.abs()", "sin": "{v}.sin()", "exp": "{v}.tanh().exp()", "square": "{v}.tanh() ** 2",
    "sqrt": "({v} * {v} + 1).sqrt()", "neg": "-{v}", "erf": "{v}.erf()", "clamp": "{v}.clamp(-0.7, 0.9)",
    "clamp_min": "{v}.clamp(min=0)", "relu6": "F.relu6(5 * {v})", "log": "({v}.square() + 0.5).log()",
    "reciprocal": "1 / (2 + {v}.cos())", "pow": "({v}.abs() + 0.3) ** 1.7", "number": "{v} + 0.3",
    "from number": "1 - {v}", "times number": "{v} * -1.3",
    "constant": "{v} * torch.arange(1.0, {v}.shape[-1] + 1).cos()",
    "constant minus": "torch.arange(float({v}.shape[-1])) * 0.2 - {v}",
    "over constant": "{v} / torch.linspace(1, 2, {v}.shape[-1])", "mask": "{v} * ({v} > 0.1)",
    "cast": "{v}.float() * 1.5", "half": "{v}.half() + 0.1", "add": "{v} + {w}", "subtract": "{v} - {w}",
    "multiply": "{v} * {w}", "divide": "{v} / (2 + {w}.sin())", "maximum": "torch.maximum({v}, {w})",
    "where": "torch.where({v} > {w}, {v}, -{w})", "lerp": "torch.lerp({v}, {w}, 0.3)",
    "masked_fill": "{v}.masked_fill({w} > 0.4, 0.2)", "sub alpha": "torch.sub({v}, {w}, alpha=0.7)",
    "addcmul": "torch.addcmul({v}, {v}, {w}, value=0.3)", "threshold": "F.threshold({v}, 0.1, -0.2)",
    "softmax": "{v}.softmax({a})", "log_softmax": "{v}.log_softmax({a})",
    "logsumexp": "{v}.logsumexp({a}, keepdim=True)", "cumsum": "{v}.cumsum({a})",
    "sum": "{v}.sum({a}, keepdim=True)", "mean": "{v}.mean({a}, keepdim=True)",
    "amax": "{v}.amax({a}, keepdim=True)", "sort": "{v}.sort({a})[0]",
    "max": "{v}.max({a}, keepdim=True)[0]", "var": "{v}.var({a}, unbiased=False, keepdim=True)",
    "topk": "{v}.topk(1, {a})[0]", "median": "{v}.median({a}, keepdim=True)[0]",
    "center": "{v} - {v}.mean({a}, keepdim=True)", "norm": "F.normalize({v}, dim={a}, eps=0.1)",
    "flip": "{v}.flip({a})", "roll": "{v}.roll(1, {a})", "two rolls": "{v}.roll((1, -1), ({a}, {b}))",
    "transpose": "{v}.transpose({a}, {b})", "movedim": "{v}.movedim({a}, {b})",
    "swap and copy": "{v}.transpose({a}, {b}).contiguous()",
    "select": "{v}.select({a}, {n}).unsqueeze({a})", "narrow": "{v}.narrow({a}, {n}, 1)",
    "chunk": "{v}.chunk(2, {a})[0]", "split": "{v}.split(1, {a})[-1]",
    "unbind": "torch.stack({v}.unbind({a})[::-1], {b})",
    "split sizes": "{v}.split([1, {v}.shape[{a}] - 1], {a})[0]", "cat": "torch.cat([{v}, {w}], {a})",
    "stack": "torch.stack([{v}, {w}], {a}).flatten(0, 1)",
    "expand": "{v}.mean({a}, keepdim=True).expand_as({v})",
    "unsqueeze": "{v}.unsqueeze({a}).expand(*{v}.unsqueeze({a}).shape).flatten(0, 1)",
    "repeat": "{v}.repeat_interleave(2, {a})", "index": "{v}.index_select({a}, torch.tensor([{n}, 0]))",
    "step": "{v}[..., ::2]", "reverse slice": "{v}[..., 1:].flip(-1) if {v}.shape[-1] > 1 else {v}",
    "ellipsis": "{v}[:, None, ..., -1:].squeeze(1)",
    "reshape": "{v}.reshape(-1, *{v}.shape[2:]).unsqueeze({s})",
    "flatten": "{v}.flatten(-2).unsqueeze({s})", "pad": "F.pad({v}, (1, 0, 0, 1), value=0.3)",
    "crop": "F.pad({v}, (1, -1)) if {v}.shape[-1] > 1 else {v}",
    "linear": "{v} @ torch.arange(3.0 * {v}.shape[-1]).view(-1, 3).sin()",
    "from the left": "torch.arange(2.0 * {v}.shape[-2]).view(2, -1).cos() @ {v}",
    "matmul": "{v} @ {v}.mT * 0.1", "layer_norm": "F.layer_norm({v}, {v}.shape[-1:], eps=0.1)",
    "diagonal": "{v}.diagonal(0, -1, -2).unsqueeze({s})", "unfold": "{v}.unfold({a}, 1, 1).squeeze(-1)",
    "gather": "{v}.gather({a}, {p} // 2)", "gather by values": "{v}.gather({a}, {v}.argsort({a}))",
    "batchnorm": "F.batch_norm({v}, torch.full({v}.shape[1:2], 0.1), torch.full({v}.shape[1:2], 1.2))",
    "batch statistics": "F.batch_norm({v}, None, None, training=True, eps=0.1)",
    "tile": "{v}.tile(2)", "triangle": "{v}.tril()", "upper triangle": "{v}.triu(1)",
    "acos": "(0.6 * {v}.sin()).acos()", "asin": "(0.6 * {v}.cos()).asin()", "atan": "{v}.atan()",
    "acosh": "({v}.abs() + 1.5).acosh()", "asinh": "{v}.asinh()", "atanh": "(0.5 * {v}.sin()).atanh()",
    "cosh": "{v}.tanh().cosh()", "sinh": "{v}.tanh().sinh()", "tan": "{v}.sin().tan()",
    "expm1": "{v}.tanh().expm1()", "log1p": "{v}.square().log1p()", "log2": "({v}.square() + 0.5).log2()",
    "rsqrt": "({v}.square() + 0.7).rsqrt()", "sign": "({v} + 0.013).sign() * {w}",
    "ceil": "(3.7 * {v} + 0.123).ceil() * {w}", "floor": "(3.7 * {v} + 0.123).floor() + {w}",
    "round": "(3.7 * {v} + 0.123).round() * 0.2 + {v}", "trunc": "(3.7 * {v} + 0.123).trunc() * 0.2 - {w}",
    "remainder": "(0.9 * {v} + 0.123) % 0.7", "minimum": "torch.minimum({v}, {w})",
    "amin": "{v}.amin({a}, keepdim=True)", "min": "{v}.min({a}, keepdim=True)[0]",
    "amax of two axes": "{v}.amax(({a}, {b}), keepdim=True)", "clamp_max": "{v}.clamp(max=0.4)",
    "clamp by values": "{v}.clamp({w}.amin(), {w}.amax() * 0.5)", "celu": "F.celu({v}, 0.7)",
    "hardsigmoid": "F.hardsigmoid(3 * {v})", "hardshrink": "F.hardshrink({v}, 0.31)",
    "softshrink": "F.softshrink({v}, 0.31)", "logsigmoid": "F.logsigmoid({v})", "rrelu": "F.rrelu({v})",
    "prelu": "F.prelu({v}, torch.arange(1.0, {v}.shape[1] + 1) * 0.1)",
    "glu": "F.glu(torch.cat([{v}, {w}], {a}), {a})", "prod": "{v}.prod({a}, keepdim=True)",
    "std": "{v}.std({a}, unbiased=False, keepdim=True)", "length": "{v}.norm(dim={a}, keepdim=True)",
    "sum of two axes": "{v}.sum(({a}, {b}), keepdim=True)", "mean of all": "{v}.mean() * {w}",
    "scatter": "{v}.scatter({a}, {p}, {w})",
    "scatter by values": "{v}.scatter({a}, {w}.argsort({a}), {w})",
    "scatter a number": "{v}.scatter({a}, {p}.narrow({a}, 0, 1), 0.5)",
    "scatter_add": "{v}.scatter_add({a}, {p} // 2, {w})",
    "index_add": "{v}.index_add({a}, torch.tensor([{n}, {n}]), torch.cat([{w}, {w}], {a}).narrow({a}, 0, 2))",
    "index_copy": "{v}.index_copy({a}, torch.tensor([{n}]), {w}.narrow({a}, 0, 1))",
    "index_fill": "{v}.index_fill({a}, torch.tensor([{n}]), 0.3)",
    "index_put": "{v}.index_put((torch.tensor([0, 0]),), {w}[:1], accumulate=True)",
    "rows": "{v}[[0, -1, 0]]", "columns": "{v}[:, [-1, 0]]", "pairs": "{v}[[0, -1], [-1, 0]].unsqueeze({s})",
    "mask of rows": "{v}[:, torch.arange({v}.shape[1]) % 2 == 0]",
    "take": "{v}.take(torch.arange({v}.numel()).flip(0)).view_as({v})",
    "rot90": "{v}.rot90(1, ({a}, {b}))", "addcdiv": "torch.addcdiv({v}, {w}, 2 + {v}.cos(), value=0.4)",
    "logic": "{v} * ((({v} > 0.1) & ({w} < 0.5)) | ~({v} >= -1))",
    "comparisons": "torch.where(({v} <= 0.2) == ({w} != {w}.abs()), {v}, {w} * 0.4)",
    "linear layer": "F.linear({v}, torch.arange(2.0 * {v}.shape[-1]).view(2, -1).cos(), torch.ones(2))",
    "addmm": (
        "torch.addmm(torch.ones(3), {v}.flatten(0, -2), torch.arange(3.0 * {v}.shape[-1]).view(-1, 3).sin(), "
        "beta=0.5, alpha=0.2).unsqueeze(1).unsqueeze({s})"
    ),
    "mv": "({v}.flatten(0, -2) @ torch.ones({v}.shape[-1])).view({v}.shape[:-1]).unsqueeze({s})",
    "attention": "F.scaled_dot_product_attention({v}, {w}, {v}.sin())",
    "einsum": 'torch.einsum("...ij,...kj->...ik", {v}, {w}) * 0.1',
    "rms_norm": "F.rms_norm({v}, {v}.shape[-1:], eps=0.1)", "logcumsumexp": "{v}.logcumsumexp({a})",
    "complex": "(torch.complex({v}, {w}) * (1 + 2j)).real",
    "fourier": "torch.fft.fft({v}, dim={a}).imag * 0.3",
}  # fmt: skip
MAPS = {
    "conv": "F.conv2d({v}, torch.arange(18.0 * {v}.shape[1]).view(2, -1, 3, 3).sin() * 0.3, padding=1)",
    "depthwise": "F.conv2d({v}, torch.ones({v}.shape[1], 1, 1, 1) * 0.7, groups={v}.shape[1])",
    "transposed conv": "F.conv_transpose2d({v}, torch.arange(8.0 * {v}.shape[1]).view(-1, 2, 2, 2).cos())",
    "max_pool": "F.max_pool2d({v}, 2, 1, 1)", "avg_pool": "F.avg_pool2d({v}, 2, 1, 1)",
    "adaptive": "F.adaptive_avg_pool2d({v}, (2, 3))",
    "interpolate": 'F.interpolate({v}, (3, 4), mode="bilinear")', "nearest": "F.interpolate({v}, (3, 4))",
    "instance_norm": "F.instance_norm({v}, eps=0.1) if {v}[0, 0].numel() > 1 else {v}",
    "permute": "{v}.permute(0, 2, 3, 1)", "permute from the right": "{v}.permute(-4, -1, -3, -2)",
    "channels_last": "F.relu({v}.contiguous(memory_format=torch.channels_last))",
    "global mean": "{v}.mean((-2, -1), keepdim=True)",
    "grouped conv": "F.conv2d(torch.cat([{v}, {w}], 1), torch.ones(2, {v}.shape[1], 1, 2) * 0.4, groups=2)",
    "strided conv": "F.conv2d({v}, torch.arange(18.0 * {v}.shape[1]).view(2, -1, 3, 3).cos(), None, 2, 1)",
    "dilated conv": "F.conv2d({v}, torch.ones(2, {v}.shape[1], 2, 2) * 0.2, padding=1, dilation=2)",
    "conv1d": "F.conv1d({v}.flatten(2), torch.arange(6.0 * {v}.shape[1]).view(2, -1, 3).sin(), padding=1)"
    ".unsqueeze({s})",
    "conv3d": "F.conv3d({v}[:, None], torch.arange(18.0).view(2, 1, 1, 3, 3).sin() * 0.3, padding=(0, 1, 1))"
    ".flatten(1, 2)",
    "reflect": 'F.pad({v}, (1, 0, 0, 1), mode="reflect")',
    "replicate": 'F.pad({v}, (1, 0, 0, 1), mode="replicate")',
    "circular": 'F.pad({v}, (1, 0, 0, 1), mode="circular")',
    "reflect along": 'F.pad({v}.flatten(2), (1, 1), mode="reflect").unsqueeze({s})',
    "replicate along": 'F.pad({v}.flatten(2), (0, 2), mode="replicate").unsqueeze({s})',
    "replicate a volume": 'F.pad({v}[:, None], (1, 0, 0, 1, 1, 0), mode="replicate").squeeze(1)',
    "pixel_shuffle": "F.pixel_shuffle({v}.repeat_interleave(4, 1), 2)",
    "pixel_unshuffle": "F.pixel_unshuffle({v}.repeat(1, 1, 2, 2), 2)",
    "channel_shuffle": "F.channel_shuffle(torch.cat([{v}, {w}], 1), 2)",
    "bicubic": 'F.interpolate({v}, (3, 4), mode="bicubic")',
    "nearest-exact": 'F.interpolate({v}, (3, 4), mode="nearest-exact")',
    "antialias": 'F.interpolate({v}, (3, 4), mode="bilinear", antialias=True)',
    "align_corners": 'F.interpolate({v}, (3, 4), mode="bilinear", align_corners=True)',
    "interpolate along": 'F.interpolate({v}.flatten(2), 7, mode="linear").unsqueeze({s})',
    "nearest along": "F.interpolate({v}.flatten(2), 7).unsqueeze({s})",
    "nearest volume": "F.interpolate({v}[:, None], (2, 3, 4)).squeeze(1)",
    "trilinear": 'F.interpolate({v}[:, None], (2, 3, 4), mode="trilinear").squeeze(1)',
    "grid_sample": (
        "F.grid_sample({v}, F.affine_grid(torch.tensor([[[0.8, 0.1, 0.1], [0.1, 0.9, -0.1]]])"
        ".expand({v}.shape[0], -1, -1), {v}.shape, align_corners=False), align_corners=False)"
    ),
    "spatial transformer": (
        "F.grid_sample({v}, F.affine_grid(torch.tensor([[0.8, 0.1, 0.1], [0.1, 0.9, -0.1]]) "
        "+ 0.1 * {v}.mean((1, 2, 3)).tanh()[:, None, None], {v}.shape, align_corners=True), "
        "align_corners=True)"
    ),
    "unfold windows": "F.unfold({v}, 2, padding=1).unsqueeze({s})",
    "fold": "F.fold(F.unfold({v}, 2, padding=1), {v}.shape[2:], 2, padding=1)",
    "max_pool1d": "F.max_pool1d({v}.flatten(2), 2, 1, 1).unsqueeze({s})",
    "avg_pool1d": "F.avg_pool1d({v}.flatten(2), 2, 1, 1).unsqueeze({s})",
    "max_pool3d": "F.max_pool3d({v}[:, None], (1, 2, 2), 1, (0, 1, 1)).squeeze(1)",
    "avg_pool3d": "F.avg_pool3d({v}[:, None], (1, 2, 2), 1, (0, 1, 1)).squeeze(1)",
    "adaptive_max": "F.adaptive_max_pool2d({v}, (2, 3))", "lp_pool": "F.lp_pool2d({v}.abs() + 0.1, 2, 1)",
    "adaptive volume": "F.adaptive_avg_pool3d({v}[:, None], (2, 2, 2)).squeeze(1)",
    "adaptive along": "F.adaptive_avg_pool1d({v}.flatten(2), 5).unsqueeze({s})",
    "local_response_norm": "F.local_response_norm({v}, 2)", "group_norm": "F.group_norm({v}, 1, eps=0.1)",
    "baddbmm": "torch.baddbmm({v}[0], {v}[0] @ {v}[0].mT, {w}[-1], beta=0.5, alpha=0.1).unsqueeze({s})",
}  # fmt: skip
VIEWS = {
    "relu_ a part": "{v} * 1; {y}.select({a}, {n}).relu_()",
    "scale a part": "{v} * 1; {y}.narrow({a}, {n}, 1).mul_(1.7)",
    "fill a part": "{v} * 1; {y}.select({a}, {n}).fill_(0.3)",
    "add to a part": "{v} * 1; {y}.select({a}, {n}).add_({w}.select({a}, 0))",
    "canvas": "torch.zeros_like({v}); {y}.narrow({a}, {n}, 1).copy_({w}.narrow({a}, 0, 1))",
    "shifted canvas": "{v} * 1; {y}.narrow({a}, {n}, 1).copy_({v}.narrow({a}, 0, 1).sin())",
    "view, then whole": "{v} * 1; z = {y}.transpose({a}, {b}); {y}.mul_(1.3); {y} = z * 0.5",
    "through a transpose": "{v} * 1; {y}.transpose({a}, {b}).select({a}, 0).tanh_()",
    "masked": "{v} * 1; {y}[{v} > 0.2] = 0.1",
    "two views": ("{v} * 1; z = {y}.narrow({a}, {n}, 1); u = {y}.select({a}, {n}); z.mul_(1.5); u.add_(0.2)"),
    "slice": "{v} * 1; {y}[..., -1] *= 0.4", "slice of slice": "{v} * 1; {y}[:, :1][..., :1] = 0.2",
    "before and after": "{v} * 1; z = {y}.select({a}, {n}).sum(); {y}.select({a}, {n}).zero_(); {y} += z",
    "swapped": "{v} * 1; z = {y}.select({a}, 0).clone(); {y}.select({a}, 0).copy_({y}.select({a}, -1)); "
    "{y}.select({a}, -1).copy_(z)",
    "part of the diagonal": "{v} * 1; {y}.diagonal(0, {a}, {b}).mul_(0.3)",
    "flat view": "{v}.contiguous() * 1; {y}.view(-1)[::3].tanh_()",
    "scatter_": "{v} * 1; {y}.scatter_({a}, {p}.narrow({a}, 0, 1), {w}.narrow({a}, 0, 1))",
    "listed columns": "{v} * 1; {y}[:, [0, -1]] *= 0.5",
    "squeezed": "{v} * 1; {y}.unsqueeze({s}).select({s}, 0).sin_()",
}  # fmt: skip


def draw(seed: int) -> tuple[str, list[str], Counter]:
    """-> (the model's line, the names of its operations, how many axes were counted from the left and from
    the right)
    """
    random, axes, used = np.random.default_rng(seed), Counter(), []
    values, lines = (
        {"x": torch.randn(SHAPE, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))},
        [],
    )
    count = int(random.integers(3, 13))
    in_place = int(random.integers(count)) if random.random() < 0.5 else -1
    while len(used) < count:
        v = list(values)[-1] if random.random() < 0.7 else str(random.choice(list(values)))
        t = values[v]
        table = VIEWS if len(used) == in_place else {**OPERATIONS, **(MAPS if t.ndim == 4 else {})}
        name = str(random.choice(list(table)))
        code, counted = _filled(table[name], v, f"v{len(lines)}", values, random)
        try:
            y = _run(code, f"v{len(lines)}", values)
        except (RuntimeError, IndexError, ValueError):
            continue
        if (
            not 2 <= y.ndim <= 5
            or not 1 <= y.numel() <= LARGEST
            or not y.is_floating_point()
            or y.abs().max() > 1e3
        ):
            continue
        values[f"v{len(lines)}"] = y.double()
        lines.append(code)
        used.append(name)
        axes += counted
    return "; ".join([*lines, f"y = v{len(lines) - 1}"]), used, axes


def _filled(template, v, y, values, random):
    t, axes = values[v], Counter()
    alike = [name for name, other in values.items() if other.shape == t.shape]
    words = {"v": v, "y": y, "w": f"{random.choice(alike)}"}
    chosen = random.permutation(t.ndim)[:2] if t.ndim > 1 else [0, 0]
    for letter, axis in zip("ab", chosen):
        from_right = random.random() < 0.5
        words[letter] = int(axis) - t.ndim if from_right else int(axis)
        if f"{{{letter}}}" in template:
            axes["from the right" if from_right else "from the left"] += 1
    words["p"] = f"torch.arange({v}.numel() * 1.0).sin().view({v}.shape).argsort({words['a']})"
    words["n"], words["s"] = int(random.integers(t.shape[chosen[0]])), int(random.choice([0, 1, -1]))
    return f"{y} = " + re.sub(r"\{(\w)\}", lambda m: str(words[m[1]]), template), axes


def _run(code, name, values):
    names = {"torch": torch, "F": F, **values}
    with InDouble():
        exec(code.replace("; ", "\n"), names)
    return names[name]


def asked(seed: int) -> tuple[Answer, list[str], Counter]:
    """Draw one and import it."""
    line, used, axes = draw(seed)
    return answer("random", line, seed), used, axes


HEAD = """# Random graphs against autograd

`python -m tests.weights.graphs.torch_nets.random_graphs`, PyTorch {version}: {count} models of
3 to 12 operations in float64, {in_place} with an in-place change of a view; {kinds};
**silently wrong: {silent}**; the worst difference is {worst:.0e}.  The counts of every {chunk} stand in
[random_graphs.jsonl](random_graphs.jsonl): the command goes on where it was.

Axes: {axes}. Operations in a graph: {sizes}.

*equal*, *rounding*, *framework*, *ties*: as in one_line_models.md.
{refused}
| operation | times |
|---|---|
"""


def counted(seeds: range) -> dict:
    """What became of these seeds' models, as one row."""
    row = {name: Counter() for name in ("kinds", "operations", "axes", "sizes", "refused")}
    row |= {"first": seeds.start, "in place": 0, "worst": 0.0, "silent": []}
    for seed in seeds:
        a, used, axes = asked(seed)
        row["kinds"][a.kind] += 1
        row["operations"].update(used)
        row["axes"].update(axes)
        row["sizes"][len(used)] += 1
        row["refused"].update([a.says] if a.kind == "refused" else [])
        row["in place"] += any(name in VIEWS for name in used)
        row["worst"] = max(row["worst"], a.scores, a.gradient) if a.kind == "equal" else row["worst"]
        row["silent"] += [seed] if a.silent else []
        if a.kind not in ("equal", "framework"):
            print(seed, a.kind, a.says, a.scores, a.gradient, a.line, flush=True)
    return row


def page(rows: list[dict]) -> str:
    """The histogram."""
    total = {name: Counter() for name in ("kinds", "operations", "axes", "sizes", "refused")}
    total["operations"].update(dict.fromkeys({**OPERATIONS, **MAPS, **VIEWS}, 0))
    for row in rows:
        for name, counts in total.items():
            counts.update(row[name])
    said = lambda name, by: ", ".join(f"{n}{by}{what}" for what, n in total[name].most_common())  # noqa: E731
    head = HEAD.format(
        count=total["kinds"].total(),
        version=torch.__version__.split("+")[0],
        chunk=CHUNK,
        in_place=sum(row["in place"] for row in rows),
        kinds=said("kinds", " "),
        silent=sum(len(row["silent"]) for row in rows),
        worst=max(row["worst"] for row in rows),
        axes=said("axes", " "),
        sizes=said("sizes", " of "),
        refused="".join(f"\n- refused: {why} ({n})\n" for why, n in total["refused"].most_common()),
    )
    return head + "".join(f"| {name} | {n} |\n" for name, n in total["operations"].most_common())


def main(count: int) -> None:
    rows = [json.loads(line) for line in ROWS.read_text("utf-8").splitlines()] if ROWS.exists() else []
    for first in range(CHUNK * len(rows), count, CHUNK):
        rows.append(counted(range(first, first + CHUNK)))
        with ROWS.open("a", encoding="utf-8") as file:
            file.write(json.dumps(rows[-1]) + "\n")
        PAGE.write_text(page(rows), "utf-8")
    print(*PAGE.read_text("utf-8").splitlines()[2:5])


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
