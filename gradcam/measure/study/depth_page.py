"""The page of the study of layers: a table for each network, and the curves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure

from gradcam.measure.baselines import CENTRE, RANDOM
from gradcam.measure.measures import FIGURES
from gradcam.measure.study.summary import SMALL, cell, small, summary, table_of_figures
from gradcam.show.saving import save
from weights import card

if TYPE_CHECKING:
    from gradcam.measure.study.depth import Study

HEAD = """\
# Grad-CAM at every stage: how localisation changes with depth

Made by `python -m gradcam.measure.study.depth --data ../shared`.  From the first layer to the last, the \
maps of one picture come from one
forward and one backward pass; the class is the picture's true one.  In brackets: 95 % intervals (Wilson's \
for hits and misses, else the
bootstrap over pictures).  A map of zeros counts as a miss.  *Random point* and *picture centre* never look \
at the picture.

![curves](layers.png)
"""
COLUMNS = (
    "hit",
    "energy",
    "found",
    "cell",
    "rank_correlation",
)  # of the figures that the measures give, those that a table shows


def write(found: dict[Study, list[dict[str, Any]]], folder: Path) -> None:
    """found: {study: rows} -> layers.md and layers.png in `folder`.

    A page that is there keeps the sections of studies that were not found, and the picture of all; those that
    were found have a picture of their own then, layers_NAME.png.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "layers.md"
    now = sections(page(found))
    before = sections(path.read_text("utf-8")) if path.exists() else {}
    picture = "layers.png"
    if before.keys() - now.keys():
        picture = f"layers_{'_'.join(study.name for study in found)}.png"
        for title in now:
            now[title] += f"\n![curves]({picture})\n"
    path.write_text("\n## ".join([HEAD, *(t + body for t, body in (before | now).items())]), "utf-8")
    save(figure(found), folder / picture, dpi=80)
    print(f"{path}, {picture}")


def sections(text: str) -> dict[str, str]:
    """{title: what stands below it} of a page."""
    parts = [part.partition("\n") for part in text.split("\n## ")[1:]]
    return {title: newline + body for title, newline, body in parts}


def page(found: dict[Study, list[dict[str, Any]]]) -> str:
    """{study: rows} -> Markdown"""
    texts = [HEAD]
    for study, rows in found.items():
        texts.append(f"## {card(study.network).title}: {study.name}\n\n{study.says}\n")
        columns = _columns(rows)
        texts.append(
            f"{len(rows)} pictures:\n\n{table_of_figures(summary(rows), columns)}\n\n"
            f"{_from_first_to_last(rows, columns)}\n"
        )
        some = small(rows)
        if "found" in columns and some:
            title = f"The {len(some)} whose object takes up less than {SMALL:.0%} of the picture:"
            texts.append(f"{title}\n\n{table_of_figures(summary(some), columns)}\n")
    return "\n".join(texts)


def figure(found: dict[Study, list[dict[str, Any]]]) -> Figure:
    """One panel for each study, one line for each figure, with 95 % bands; dotted: the random point, dashed:
    the picture's centre.
    """
    across = min(2, len(found))
    page = Figure(figsize=(7 * across, 4.2 * -(-len(found) // across)), layout="constrained")
    panels = page.subplots(-(-len(found) // across), across, squeeze=False).ravel()
    for ax in panels[len(found) :]:
        ax.set_axis_off()
    for (study, rows), ax in zip(found.items(), panels):
        of = summary(rows)
        layers = [m for m in of if m not in (RANDOM, CENTRE)]
        for k, name in enumerate(_columns(rows)):
            mean, low, high = zip(*(of[m][name] for m in layers))
            ax.plot(mean, ".-", color=f"C{k}", label=FIGURES[name].title)
            ax.fill_between(range(len(layers)), low, high, color=f"C{k}", alpha=0.15, linewidth=0)
            for baseline, line in ((RANDOM, ":"), (CENTRE, "--")):
                if name in of[baseline]:
                    ax.axhline(of[baseline][name][0], color=f"C{k}", linestyle=line, linewidth=0.8)
        ax.set_title(f"{study.name} (n = {len(rows)})", fontsize=10)
        ax.set_xticks(range(len(layers)), [m.partition("@")[2] for m in layers], rotation=60, fontsize=7)
        ax.set_ylim(min(0, ax.get_ylim()[0]), 1)
        ax.legend(fontsize=8)
    return page


def _columns(rows):
    """The figures that these rows have, in the order of COLUMNS."""
    there = {f for row in rows for value in row["values"].values() for f in value}
    return [f for f in COLUMNS if f in there]


def _from_first_to_last(rows, columns):
    """Each figure at the first and at the last layer, and where it is best."""
    of = summary(rows)
    layers = [m for m in of if m not in (RANDOM, CENTRE)]
    said = []
    for f in columns:
        best = max(layers, key=lambda m: of[m][f][0])
        ends = " to ".join(cell(of[m][f], f).partition(" (")[0] for m in (layers[0], layers[-1]))
        said.append(f"{FIGURES[f].title}: {ends}, best at {best.partition('@')[2]}")
    return "From the first layer to the last: " + "; ".join(said) + "."
