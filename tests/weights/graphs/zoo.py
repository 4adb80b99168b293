"""Which published architectures are taken in live, and which operators are then PyTorch's own.

python -m tests.weights.graphs.zoo [--largest MILLIONS] [--seconds CPU] [name or group ...]
appends a JSON line per model, the smallest first, to tests/results/zoo_live.jsonl (what stands there is not
tried again) and writes zoo_live.md.
"""

from __future__ import annotations

import argparse
import copy
import json
import multiprocessing
import pathlib
import queue
import resource
import time
import warnings
from collections import Counter, defaultdict

import numpy as np
import torch
from torch import nn

from minicnn import Tensor, backward
from tests.weights.graphs.zoo_models import build, calibrated, drawn, every
from weights.errors import WeightsError
from weights.graphs.torch import from_torch
from weights.graphs.torch.gradients import difference

RESULTS = pathlib.Path(__file__).parents[2] / "results"
BYTES = 12 << 30


class Scores(nn.Module):
    """The first tensor that a model returns, as scores (N, classes): maps by their means."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        y = self.net(x)
        while not isinstance(y, torch.Tensor):
            if isinstance(y, dict):
                wanted = [key for key in ("out", "scores", "pool") if key in y]
                y = y[wanted[0] if wanted else next(iter(y))]
            else:
                y = y[0]
        return y.flatten(2).mean(2) if y.ndim > 2 else y.reshape(len(x), -1)


def examine(name: str, group: str, largest: float) -> dict:
    """Import one, and compare its scores and gradient with a plain float64 copy of the model."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    model, shapes = build(name)
    out = {"name": name, "group": group, "parameters": sum(p.numel() for p in model.parameters())}
    if out["parameters"] > 1e6 * largest:
        return out | {"kind": "larger"}
    model, x = _runs(Scores(drawn(model)), shapes)
    out["input"] = "x".join(map(str, x.shape))
    began = time.process_time()
    try:
        net = from_torch(model, x)
    except WeightsError as error:
        return out | {"kind": "refused", "says": str(error)}
    out |= {"kind": net.check.kind, "says": net.check.says, "borrowed": dict(net.borrowed)}
    out["seconds"] = round(time.process_time() - began, 2)
    plain, leaf = copy.deepcopy(model).double(), x.double().requires_grad_()
    began = time.process_time()
    theirs = plain(leaf)
    w = np.random.default_rng(7).standard_normal(theirs.shape)
    g = torch.autograd.grad((theirs * torch.from_numpy(w)).sum(), leaf)[0].numpy()
    out["seconds_torch"] = round(time.process_time() - began, 2)
    source = Tensor(leaf.detach().numpy(), "x")
    y = net(source)
    out["scores"] = difference(y.data, theirs.detach().numpy())
    out["gradient"] = difference(backward(y, w, wrt=source), g)
    return out


def _runs(model, shapes):
    """The model, calibrated, and the first input that it takes."""
    for shape in shapes:
        try:
            return calibrated(model, shape), torch.randn(shape, generator=torch.Generator().manual_seed(2))
        except (RuntimeError, AssertionError, ValueError, TypeError) as error:
            last = error
    raise last


def _alone(found, seconds, *args):
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    try:
        found.put(examine(*args))
    except BaseException as error:
        why = (str(error).splitlines() or [""])[0]
        found.put(_failed(args, f"{type(error).__name__}: {why}"[:200]))


def _failed(args, why):
    return {"name": args[0], "group": args[1], "kind": "failed", "says": why}


def in_a_process(seconds: int, *args) -> dict:
    """examine, in a process of its own: with a limit of CPU seconds and memory."""
    found = multiprocessing.get_context("fork").Queue()
    process = multiprocessing.get_context("fork").Process(target=_alone, args=(found, seconds, *args))
    process.start()
    while True:
        alive = process.is_alive()
        try:
            row = found.get(timeout=1)
        except queue.Empty:
            if alive:
                continue
            row = _failed(args, f"no answer in {seconds} CPU seconds and {BYTES >> 30} GB")
        process.kill()
        process.join()
        return row


def size(name: str) -> int:
    """How many parameters, without making them; those that cannot say come last."""
    try:
        with torch.device("meta"):
            return sum(p.numel() for p in build(name)[0].parameters())
    except Exception:
        return 1 << 40


def page(rows: list[dict]) -> str:
    """Per group, per operator, and what was not taken."""
    groups, operators, models = defaultdict(Counter), Counter(), Counter()
    for r in rows:
        groups[r["group"]][_kind(r)] += 1
        operators.update(r.get("borrowed", {}))
        models.update(r.get("borrowed", {}).keys())
    kinds = [k for k, _ in Counter(map(_kind, rows)).most_common()]
    total = Counter(map(_kind, rows))
    compared = [r for r in rows if "gradient" in r]
    lines = [
        "# Live PyTorch models",
        "",
        "`python -m tests.weights.graphs.zoo`: weights drawn at random, float64.",
        "*with fallback*: some operators are PyTorch's own, and said; *larger*: than 100 million parameters,",
        "not tried; *failed*: the model itself does not run, or ran out of its time.",
        "",
    ]
    lines += [f"| group | {' | '.join(kinds)} |", "|---" * (len(kinds) + 1) + "|"]
    lines += [f"| {g} | {' | '.join(str(c[k]) for k in kinds)} |" for g, c in sorted(groups.items())]
    lines += [f"| **all {len(rows)}** | {' | '.join(str(total[k]) for k in kinds)} |"]
    if compared:
        worst = max(compared, key=lambda r: r["gradient"] if r["kind"] == "equal" else 0)
        scores = max(r["scores"] for r in compared)
        lines += [
            "",
            f"Against a plain float64 copy: scores to {scores:.0e}; the gradient, where it is *equal*, ",
        ]
        lines += [f"to {worst['gradient']:.0e} ({worst['name']})."]
    lines += ["", "| operator that is PyTorch's own | models | times |", "|---|---|---|"]
    lines += [f"| {name} | {models[name]} | {n} |" for name, n in operators.most_common()]
    lines += ["", "| model | parameters | answer | says |", "|---|---|---|---|"]
    lines += [
        f"| {r['name']} | {r.get('parameters', 0) / 1e6:.1f} M | {r['kind']} | {r.get('says', '')} |"
        for r in rows
        if r["kind"] != "equal"
    ]
    return "\n".join(lines) + "\n"


def _kind(row):
    return f"{row['kind']}, with fallback" if row.get("borrowed") else row["kind"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wanted", nargs="*", help="names (timm:resnet50) or groups; default: all")
    parser.add_argument("--largest", type=float, default=100, help="in millions of parameters")
    parser.add_argument("--seconds", type=int, default=240, help="of CPU for one model")
    options, path = parser.parse_args(), RESULTS / "zoo_live.jsonl"
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []
    done = {r["name"] for r in rows}
    wanted = [
        (name, group)
        for name, group in every()
        if name not in done and (not options.wanted or {name, group} & set(options.wanted))
    ]
    warnings.simplefilter("ignore")
    sizes = {name: size(name) for name, _ in wanted}
    for name, group in sorted(wanted, key=lambda pair: sizes[pair[0]]):
        rows.append(in_a_process(options.seconds, name, group, options.largest))
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(rows[-1]) + "\n")
        print(rows[-1], flush=True)
        (RESULTS / "zoo_live.md").write_text(page(rows), "utf-8")


if __name__ == "__main__":
    main()
