"""The measurements as pictures."""

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot as plt


def table(rows, title, path):
    """Bars: the ratio of each row, green where the target (a tick) is reached, red where it is missed."""
    rows = [r for r in rows if "ratio" in r][::-1]
    figure, axes = plt.subplots(figsize=(9, 0.5 * len(rows) + 1.4), layout="constrained")
    for i, row in enumerate(rows):
        axes.barh(i, row["ratio"], color="tab:green" if row["met"] else "tab:red", height=0.6)
        axes.plot([row["target"]] * 2, [i - 0.4, i + 0.4], color="black")
        box = {"facecolor": "white", "alpha": 0.7, "edgecolor": "none", "pad": 1}
        axes.text(row["ratio"], i, f" {row['ratio']:.2f}", va="center", zorder=3, bbox=box)
    axes.set_yticks(range(len(rows)), [r["work"] for r in rows])
    axes.set_xlabel("ours / theirs, less is better; black: the ratio to reach")
    figure.suptitle(title, x=0.01, ha="left", fontsize=9)
    axes.margins(x=0.12)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def sizes(points, path):
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    for axes, key, label in (
        (left, "batch", "pictures in a batch, 224 px"),
        (right, "pixels", "pixels along a side, batch 1"),
    ):
        some = sorted(
            (p for p in points if (p["pixels"] == 224 if key == "batch" else p["batch"] == 1)),
            key=lambda p: p[key],
        )
        where = [p[key] ** (1 if key == "batch" else 2) for p in some]
        axes.plot(where, [p["cpu per picture"] for p in some], "o-", label="CPU seconds per picture")
        axes.set_xticks(where, [p[key] for p in some])
        axes.set_xlabel(label)
        axes.set_ylim(bottom=0)
        if all("peak bytes" in p for p in some):
            twin = axes.twinx()
            twin.plot(where, [p["peak bytes"] / 2**30 for p in some], "s--", color="tab:orange")
            twin.set_ylim(bottom=0)
            twin.set_ylabel("peak memory, GiB (dashed)")
        axes.legend(loc="lower right", fontsize=8)
    figure.suptitle("VGG-16 to pool5, one forward and one backward pass", fontsize=9)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def layers(found, path):
    figure, axes = plt.subplots(figsize=(9, 3.2), layout="constrained")
    names = [layer["layer"] for layer in found["layers"]]
    for shift, key in ((-0.2, "forward"), (0.2, "gx")):
        axes.bar(
            [i + shift for i in range(len(names))],
            [layer[key] for layer in found["layers"]],
            width=0.38,
            label=key,
        )
    axes.axhline(found["product peak"], color="black", label="matrix product of 1024 x 1024")
    axes.set_xticks(range(len(names)), names, rotation=40, fontsize=8)
    axes.set_ylabel("GFLOP per CPU second,\ncounted as direct convolution", fontsize=8)
    axes.set_ylim(top=1.25 * max(layer["forward"] for layer in found["layers"]))
    axes.legend(fontsize=8, ncols=3, loc="upper left")
    figure.savefig(path, dpi=110)
    plt.close(figure)
