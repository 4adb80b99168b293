"""The page of all tables, and the same figures for programs."""

import numpy as np

from gradcam.measure.cost import table as cost_table
from gradcam.measure.sanity_curves import curves, verdict
from gradcam.measure.sanity_curves import table as sanity_table
from gradcam.measure.summary import reasons, small, summary, table
from weights import card

HEAD = """\
# Every method by every measure

Made by `python -m gradcam.measure.table`; what each column is stands in `gradcam/measure/`.  In brackets: 95 % intervals (Wilson's for
hits and misses, else the bootstrap over pictures).  Arrows: more (↑) or less (↓) is better.  A map of zeros counts as a miss; deletion
and insertion, which only ask for an order, give it a random point's.  *Random point* and *picture centre* never look at the picture: a
method that does no better has shown nothing.  The class is the picture's true one, whatever the network says, except in the sanity check,
where it is the class that the intact network scores highest.  `method@layer` looks at that layer, or starts from it; `deconvnet` alone
starts at the score.
"""
LOCALISED = ("hit", "energy", "found", "top1_error", "top5_error")
IN_PASSES = ("rank_correlation", "deletion", "insertion")
RELATIVES = {  # kind of stage: title, where Grad-CAM's figures of the same pictures are, columns
    "relatives_maps": ("on the object", "maps", LOCALISED),
    "relatives_many": ("on the object, what takes many passes", "maps", LOCALISED),
    "relatives_passes": ("what takes hundreds of passes", "passes", (*LOCALISED, *IN_PASSES)),
    "relatives_grid": ("grids of four", "grid", ("cell",)),
}


def page(found):
    """found: {subject: {kind of stage: rows}} -> (Markdown, {network: {kind: summary}})"""
    texts, figures = [HEAD], {}
    for subject, rows in found.items():
        if not rows:
            continue
        texts.append(f"## {card(subject.network).title}\n\n{subject.pictures}\n")
        figures[subject.network] = of = {}
        if "maps" in rows and not card(subject.network).multi_label:
            of["accuracy"] = {f"top{k}": float(np.mean([row["rank"] < k for row in rows["maps"]])) for k in (1, 5)}
            said = "On these {} photos the network's first class is right for {:.1%}, one of its first five for {:.1%}.\n"
            texts.append(said.format(len(rows["maps"]), *of["accuracy"].values()))
        for title, kind, some, columns in _tables(rows):
            of[kind] = summary(some)
            texts.append(f"### {title}\n\n{table(of[kind], columns)}\n{'' if kind == 'small' else _reasons(some)}")
        if "sanity" in rows:
            some = rows["sanity"]
            said = [SANITY.format(subject.network), sanity_table(some), verdict(some)]
            texts.append("### Sanity check\n\n" + "\n\n".join(filter(None, said)) + f"\n{_reasons(some)}")
            of["sanity"] = {m: {w: v.mean(axis=0).round(4).tolist() for w, v in f.items()} for m, f in curves(some).items()}
        texts += _of_relatives(rows, of)
    return "\n".join(texts), figures


def _of_relatives(rows, of):
    """Grad-CAM's relatives, beside Grad-CAM on the same pictures."""
    for kind, (title, among, columns) in RELATIVES.items():
        if kind in rows:
            some = beside(rows[kind], rows.get(among, []))
            of[kind] = summary(some)
            yield f"### Relatives: {title}: {len(some)} pictures\n\n{table(of[kind], columns)}\n{_reasons(some)}"
    if "relatives_sanity" in rows:
        some = rows["relatives_sanity"]
        yield f"### Relatives: sanity check\n\n{sanity_table(some)}\n{_reasons(some)}"
    if "cost" in rows:
        yield f"### Cost\n\n{COST.format(len(rows['cost']))}\n\n{cost_table(rows['cost'])}\n"


def beside(rows, others, method="grad_cam"):
    """The rows, with another method's figures of the same pictures, where `others` have them for all of them."""
    of = {row["number"]: row for row in others}
    if not all(row["number"] in of for row in rows):
        return rows
    joined = []
    for row in rows:
        other = of[row["number"]]
        known = {key: {m: v for m, v in other[key].items() if m == method} for key in ("values", "failed")}
        known["zero"] = [m for m in other["zero"] if m == method]
        joined.append(row | {key: row[key] | known[key] for key in known if key != "zero"} | {"zero": known["zero"] + row["zero"]})
    return joined


COST = """\
Medians over {} pictures: seconds of one processor for one map of one class, its forward pass included, each method alone.  Pictures
forward: how many are passed through the whole network; passes: what they are, K the number of feature maps A."""

SANITY = """\
Spearman's correlation and SSIM between what is drawn (magnitudes) before and after the weights of layers were drawn anew: the top layer,
the upper half, all of them, and one layer at a time (mean over the layers).  1: the map does not notice.  Zero maps of random networks
count as 0.

![curves](sanity_{}.png)"""


def _tables(rows):
    """(title, kind, rows, columns) of every table that these rows make."""
    if "maps" in rows:
        maps = rows["maps"]
        yield f"On the object: {len(maps)} pictures", "maps", maps, LOCALISED
        title = f"The same on objects that take up less than a third of the picture: {len(small(maps))} pictures"
        if 0 < len(small(maps)) < len(maps):
            yield title, "small", small(maps), LOCALISED
    if "passes" in rows:
        title = f"What takes hundreds of passes: {len(rows['passes'])} pictures"
        yield title, "passes", rows["passes"], (*LOCALISED, *IN_PASSES)
    for kind in ("grid", "grid_occlusion"):
        if kind in rows:
            yield f"Grids of four: {len(rows[kind])}" + (", occlusion" if "_" in kind else ""), kind, rows[kind], ("cell",)


def _reasons(rows):
    """One line for each method without maps."""
    return "".join(f"\n`{method}`: {why}.\n" for method, why in reasons(rows).items())
