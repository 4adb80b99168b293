"""The page of all tables, and the same figures for programs."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcam.measure.measures import MEASURES
from gradcam.measure.study.cost import medians, table_of_costs
from gradcam.measure.study.plan import MEASURED, Subject
from gradcam.measure.study.sanity_curves import curves, table_of_likeness, verdict
from gradcam.measure.study.summary import reasons, small, summary, table_of_figures
from weights import card

Sections = dict[str, dict[str, str]]  # {title of a network: {heading: text}}
HEAD = """\
# Every method by every measure

Made by `python -m gradcam.measure.study`; what each column is stands in `gradcam/measure/`.  In brackets: \
95 % intervals (Wilson's for
hits and misses, else the bootstrap over pictures).  Arrows: more (↑) or less (↓) is better.  A map of \
zeros counts as a miss; deletion
and insertion, which only ask for an order, give it a random point's.  *Random point* and *picture centre* \
never look at the picture: a
method that does no better has shown nothing.  The class is the picture's true one, whatever the network \
says, except in the sanity check,
where it is the class that the intact network scores highest.  `method@layer` looks at that layer, or \
starts from it; `deconvnet` alone
starts at the score.
"""
RANDOM_LAYERS = """\
Spearman's correlation and SSIM between what is drawn (magnitudes) before and after the weights of layers \
were drawn anew: the top layer,
the upper half, all of them, and one layer at a time (mean over the layers).  1: the map does not notice.  \
Zero maps of random networks
count as 0."""
SECTIONS = {  # kind of stage: heading; in the order of the page
    "maps": "On the object",
    "small": "The same on objects that take up less than a third of the picture",
    "occlusion": "Occlusion, and agreement with it",
    "passes": "What takes hundreds of passes",
    "asked": "Without the object",
    "asked_often": "Without the object, in many passes",
    "grid": "Grids of four",
    "grid_occlusion": "Grids of four, occlusion",
    "sanity": "Sanity check",
    "relatives_maps": "Relatives: on the object",
    "relatives_many": "Relatives: on the object, those of many passes",
    "relatives_passes": "Relatives: what takes hundreds of passes",
    "relatives_asked": "Relatives: without the object",
    "relatives_asked_often": "Relatives: without the object, in many passes",
    "relatives_grid": "Relatives: grids of four",
    "relatives_sanity": "Relatives: sanity check",
    "cost": "Cost",
}


def page(
    found: dict[Subject, dict[str, list[dict[str, Any]]]],
) -> tuple[Sections, dict[str, dict[str, Any]]]:
    """found: {subject: {kind of stage: rows}} -> (sections {title of a network: {heading: text}}, {network:
    {kind: figures}})
    """
    sections, figures = {}, {}
    for subject, rows in found.items():
        into = sections[card(subject.network).title] = {"": f"{subject.pictures}\n"}
        of = figures[subject.network] = {}
        for kind, heading in SECTIONS.items():
            some = _small(rows.get("maps", [])) if kind == "small" else rows.get(kind)
            if some:
                make = {"sanity": _sanity, "relatives_sanity": _sanity, "cost": _cost}.get(kind, _measured)
                into[heading], of[kind] = make(some, MEASURED["maps" if kind == "small" else kind])
                into[heading] += "" if kind in ("small", "cost") else _reasons(some)
        if "sanity" in rows:
            curves_of = f"{RANDOM_LAYERS}\n\n![curves](sanity_{subject.network}.png)"
            into["Sanity check"] = into["Sanity check"].replace(RANDOM_LAYERS, curves_of)
        if "maps" in rows and not card(subject.network).multi_label:
            of["accuracy"] = {
                f"top{k}": float(np.mean([row["rank"] < k for row in rows["maps"]])) for k in (1, 5)
            }
            said = (
                "On these {} photos the network's first class is right for {:.1%}, "
                "one of its first five for {:.1%}.\n\n"
            )
            into["On the object"] = (
                said.format(len(rows["maps"]), *of["accuracy"].values()) + into["On the object"]
            )
    return sections, figures


def written(sections: Sections) -> str:
    """Sections -> the page, in Markdown."""
    texts, order = [HEAD], ["", *SECTIONS.values()]
    for title, of in sections.items():
        texts.append(f"## {title}\n")
        texts += [
            f"### {heading}\n\n{of[heading]}" if heading else of[heading]
            for heading in sorted(of, key=order.index)
        ]
    return "\n".join(texts)


def sections_of(text: str) -> Sections:
    """The sections of a page that `written` made."""
    found = {}
    for network in text.split("\n## ")[1:]:
        title, _, rest = network.partition("\n\n")
        first, *others = rest.split("\n### ")
        found[title] = {"": first} | dict(section.split("\n\n", 1) for section in others)
    return found


def _measured(rows, measures):
    found, columns = summary(rows), [f.name for m in measures for f in MEASURES[m].figures]
    return f"{table_of_figures(found, columns)}\n", found


def _small(rows):
    """Those of small objects, if there are others too."""
    return small(rows) if len(small(rows)) < len(rows) else []


def _sanity(rows, _):
    means = {m: {w: v.mean(axis=0).round(4).tolist() for w, v in f.items()} for m, f in curves(rows).items()}
    return "\n\n".join(filter(None, [RANDOM_LAYERS, table_of_likeness(rows), verdict(rows)])) + "\n", means


def _cost(rows, _):
    over = f"Medians over {len(rows)} pictures" if len(rows) > 1 else "Of one picture"
    text = f"""\
{over}: seconds of one processor for one map of one class, its forward pass \
included, each method alone.
Pictures forward: how many are passed through the whole network; passes: what they are, K the number of \
feature maps A.

{table_of_costs(rows)}
"""
    return text, medians(rows)


def _reasons(rows):
    """One line for each method without maps."""
    return "".join(f"\n`{method}`: {why}.\n" for method, why in reasons(rows).items())
