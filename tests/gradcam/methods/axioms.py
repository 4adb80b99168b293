"""What the papers promise of the relatives, measured on the networks that ship -> tests/results/axioms.md and
completeness.png

    python -m tests.gradcam.methods.axioms

Integrated Gradients add up to the difference of two scores, the better the more steps; LRP-epsilon adds up to
the score where there are no biases; HiResCAM to the score without its bias where one linear layer follows.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.cbook import get_sample_data
from matplotlib.figure import Figure

import weights
from gradcam.image import prepare, read
from gradcam.methods.cam import cam_head
from gradcam.methods.hirescam import hirescam
from gradcam.methods.integrated_gradients import RULES, completeness_error, integrated_gradients
from gradcam.methods.lrp import lrp
from gradcam.methods.relevance import alpha_beta, epsilon, flat, gamma, shares, table
from gradcam.show.saving import save
from minicnn import Tensor
from weights.recipes import shapes_world

STEPS = (1, 3, 10, 30, 100)
LRP_RULES = {
    "epsilon 0": epsilon(0),
    "epsilon 1e-6": epsilon(),
    "epsilon 0.25 rms": epsilon(rms=0.25),
    "gamma 0.25": gamma(eps=0),
    "alpha 2, beta 1": alpha_beta(eps=0),
    "alpha 1, beta 0": alpha_beta(1, 0, eps=0),
}


def subjects():
    """{what is seen: (network in float64, input, class)}:
    the built-in scene, and a photo that comes with Matplotlib.
    """
    pictures = {
        "shapes": (
            "the built-in scene, its star",
            shapes_world.scene(22, split="test", kinds=["star", "ring"]).picture,
            "star",
        ),
        "mini_vgg": (
            "a photo, its first class",
            read(get_sample_data("grace_hopper.jpg", asfileobj=False)),
            None,
        ),
    }
    for name, (what, picture, kind) in pictures.items():
        net = weights.load(name)
        x = prepare(picture, net.card.preprocessing).astype(np.float64)
        net64 = net.astype(np.float64)
        yield f"{name}: {what}", net64, x, net.card.classes.index(kind) if kind else int(net64(x)[0].argmax())


def completeness(net, x, c):
    """{rule: [error for each of STEPS]}"""
    return {
        r: [completeness_error(net, x, c, integrated_gradients(net, x, c, steps=n, rule=r))[0] for n in STEPS]
        for r in RULES
    }


def conservation(net, x, c):
    """{rules: (sum of R / y_c as the network is, the same without its biases)}"""
    bare = net.astype(np.float64)
    for name, tensor in bare.arrays().items():
        if name.endswith(".b"):
            tensor.data = np.zeros_like(tensor.data)
    found = {}
    for name, rule in LRP_RULES.items():
        found[name] = []
        for of in (net, bare):
            y = of(image := Tensor(x, "x"))
            found[name].append(
                float(lrp(y, c, image, table(rule, elsewhere=shares(0)), first=flat(0)).sum() / y.data[0, c])
            )
    return found


def main(arguments=None):
    parser = argparse.ArgumentParser(
        prog="python -m tests.gradcam.methods.axioms", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--out", type=Path, default=Path("tests/results"))
    out = parser.parse_args(arguments).out
    figure = Figure(figsize=(10, 4), layout="constrained")
    text = [HEAD]
    for ax, (title, net, x, c) in zip(figure.subplots(1, 2), subjects(), strict=True):
        curves, sums = completeness(net, x, c), conservation(net, x, c)
        for rule, errors in curves.items():
            ax.loglog(STEPS, errors, marker=".", label=rule)
        (
            ax.set_title(title, fontsize=10),
            ax.set_xlabel("steps"),
            ax.set_ylabel("completeness error, relative"),
            ax.legend(),
        )
        text.append(
            f"## {title}\n\n| steps | {' | '.join(map(str, STEPS))} |\n|{' --- |' * (len(STEPS) + 1)}"
        )
        text += [f"| {rule} | {' | '.join(f'{e:.1e}' for e in errors)} |" for rule, errors in curves.items()]
        text.append(
            "\n| LRP, flat at the pixels | sum / score | sum / score, biases set to 0 |\n"
            "| --- | ---: | ---: |"
        )
        text += [f"| {name} | {with_:.4f} | {without:.10f} |" for name, (with_, without) in sums.items()]
        text.append("")
    text.append(_hirescam(net, x, c))
    save(figure, out / "completeness.png", dpi=80)
    (out / "axioms.md").write_text("\n".join(text), "utf-8")
    print("\n".join(text))


def _hirescam(net, x, c):
    y = net(Tensor(x, "x"))
    A, _ = cam_head(y)
    L, bias = hirescam(y, c, A).sum(), net["fc"].b.data[c]
    said = (
        "HiResCAM in front of mini_vgg's global average pooling adds up to {:.12f}; "
        "the score without its bias is {:.12f}.\n"
    )
    return said.format(L, y.data[0, c] - bias)


HEAD = """\
# What the relatives' papers promise, measured

Made by `python -m tests.gradcam.methods.axioms`, in float64.  The completeness error of Integrated Gradients
(baseline 0): how far the sum of the map is from the difference of the two scores, relative to it; rules:
Gauss-Legendre, the paper's eq. 3 ("right"), midpoints.  LRP conserves relevance layer by layer, but biases
take their share, and epsilon absorbs some; the first layer is under the flat rule, which has none.

![completeness error](completeness.png)
"""


if __name__ == "__main__":
    main()
