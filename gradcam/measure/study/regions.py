"""Dense captioning on scenes that no training saw: are regions found and rightly named, and do their maps lie
inside them?

    python -m gradcam.measure.study.regions       # 500 scenes of the stream test -> tests/results/regions.md

Needs no data.  Takes a minute or two.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from tqdm import tqdm

from gradcam.image import prepare
from gradcam.language.regions import explain_regions
from gradcam.measure.baselines import centre
from gradcam.measure.measures.energy_pointing_game import energy_pointing_game
from gradcam.measure.measures.pointing_game import chance, pointing_game
from gradcam.measure.statistics.intensity import intensity
from gradcam.measure.study.regions_page import CENTRE, EMPTY, OTHER, OWN, PLACES, RANDOM, page
from gradcam.methods.hirescam import combine as place_by_place
from gradcam.show.regions import regions_panel
from gradcam.show.saving import save
from minicnn.layer import Layer
from weights import load
from weights.recipes.regions_found import figures, found, matched
from weights.recipes.shapes_world import regions, scenes, sentences
from weights.recipes.shapes_world.composing import Scene

FIRST = 1000  # scene; the first ones of the stream were looked at while the network was designed
UNSURE = 0.05  # boxes down to this probability are ranked for the average precision
DRAWN = (22, 41, 7)  # scenes whose regions are drawn


def main(arguments: Sequence[str] | None = None) -> None:
    """The command: measure, then write the page.  arguments: instead of those of the command line"""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="python -m gradcam.measure.study.regions", description=__doc__, formatter_class=raw
    )
    parser.add_argument("--scenes", type=int, default=500, help="how many (default: %(default)s)")
    parser.add_argument("--weights", type=Path, help="another file of weights")
    parser.add_argument(
        "--out", type=Path, default=Path("tests/results"), help="where the page goes (default: %(default)s)"
    )
    asked = parser.parse_args(arguments)
    net = load("dense_captioner", asked.weights)
    unseen = [
        (scene, prepare(scene.picture, net.card.preprocessing))
        for scene in scenes(FIRST, asked.scenes, "test")
    ]
    said = accuracy(net, tqdm(unseen, desc="boxes and captions", unit="scene"))
    rows = [row for scene in tqdm(unseen, desc="maps", unit="scene") for row in maps(net, *scene)]
    asked.out.mkdir(parents=True, exist_ok=True)
    (asked.out / "regions.md").write_text(page(asked.scenes, said, rows), "utf-8")
    for n in DRAWN:
        (scene,) = scenes(n, 1, "test")
        save(drawn(net, scene), asked.out / f"regions_{n}.png", dpi=80)
    print(f"{asked.out / 'regions.md'}, {', '.join(f'regions_{n}.png' for n in DRAWN)}")


def accuracy(net: Layer, unseen: Iterable[tuple[Scene, np.ndarray]]) -> dict[str, float]:
    """{figure: share} over scenes: what is found, what is rightly named, and average precision (Johnson et
    al. 2016, sec. 4.2).
    """
    every, ranked, true_boxes, true_words, at_truth = [], [], [], [], []
    for scene, x in unseen:
        boxes, words = (np.stack([f(s) for s in scene.shapes]) for f in (regions.box, regions.said))
        every += found(net, x)
        ranked += found(net, x, UNSURE)
        told = said_of(net, x, boxes)
        at_truth += (told == words).all(axis=1).tolist()
        true_boxes.append(boxes)
        true_words.append(words)
    words = np.concatenate(true_words)
    _, counts = np.unique(words, axis=0, return_counts=True)
    shapes = len(words)
    hits, right = zip(*(hit for hit in _ranked(ranked, true_boxes, true_words)))
    return {
        **figures(every, true_boxes, true_words),
        "at_truth": float(np.mean(at_truth)),
        "constant": counts.max() / shapes,
        "shapes": shapes,
        "ap": average_precision(np.array(hits), shapes),
        "ap_named": average_precision(np.array(right), shapes),
    }


def said_of(net: Layer, x: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """What is said of given boxes in one picture -> words (R, LONGEST)"""
    return np.stack([region.words for region in explain_regions(net, x, boxes)])[:, : regions.LONGEST]


def _ranked(every, true_boxes, true_words):
    """(finds a shape, and names it rightly) for every box of all scenes, the surest first."""
    order = []
    for (boxes, p, words), true, named in zip(every, true_boxes, true_words):
        for which, sure, text in zip(matched(boxes, true), p, words):
            order.append((-sure, which >= 0, which >= 0 and (text == named[which]).all()))
    return [(hit, right) for _, hit, right in sorted(order, key=lambda o: o[0])]


def average_precision(hits: np.ndarray, total: int) -> float:
    """The area under precision over recall: hits (n,) bool, the surest first; total: how many there are to be
    found.
    """
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    best = np.maximum.accumulate(precision[::-1])[
        ::-1
    ]  # at this recall or beyond (Everingham et al. 2010, sec. 3.4.1)
    return float((best * hits).sum() / total)


def maps(net: Layer, scene: Scene, x: np.ndarray) -> list[dict[str, Any]]:
    """A row for each region of a scene that finds a shape: {"right": its caption is, "values": {map: {figure:
    number}}, "zero": maps, "inside", "outside": the mean of its own map there}.
    """
    every = explain_regions(net, x)
    if not every:
        return []
    boxes, words = np.stack([r.box for r in every]), np.stack([r.words for r in every])
    by_place = explain_regions(net, x, boxes, words, weigh=place_by_place)
    drawn_anew = explain_regions(randomised(net), x, boxes, words)
    which = matched(boxes, np.stack([regions.box(s) for s in scene.shapes]))
    size, rows = x.shape[-2:], []
    for r in np.flatnonzero(which >= 0):
        shape = scene.shapes[which[r]]
        region = inside(every[r].box, size)
        seen = {
            CENTRE: centre(size),
            OWN: intensity(every[r].map, size),
            EMPTY: intensity(drawn_anew[r].map, size),
        }
        seen[PLACES] = intensity(by_place[r].map, size)
        others = [q for q in np.flatnonzero(which >= 0) if q != r]
        if others:
            seen[OTHER] = intensity(every[others[0]].map, size)
        values = {
            RANDOM: {
                f"{k}_{f}": chance(t)
                for k, t in (("box", region), ("mask", shape.visible))
                for f in ("hit", "energy")
            }
        }
        for name, map in seen.items():
            values[name] = {
                "box_hit": float(pointing_game(map, region)),
                "box_energy": energy_pointing_game(map, region),
                "mask_hit": float(pointing_game(map, shape.visible)),
                "mask_energy": energy_pointing_game(map, shape.visible),
            }
        own = seen[OWN] / max(seen[OWN].max(), 1e-12)
        right = bool((every[r].words[: regions.LONGEST] == regions.said(shape)).all())
        zero = [name for name, map in seen.items() if not map.any()]
        rows.append(
            {
                "right": right,
                "values": values,
                "zero": zero,
                "inside": own[region].mean(),
                "outside": own[~region].mean(),
            }
        )
    return rows


def randomised(net: Layer, seed: int = 1) -> Layer:
    """The same network, every weight drawn anew."""
    return net.map(lambda a: a).initialise(seed)


def inside(box: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(H, W) bool: the pixels whose middle lies in a box."""
    rows, columns = np.ogrid[: size[0], : size[1]]
    return (columns + 0.5 > box[0]) & (columns + 0.5 < box[2]) & (rows + 0.5 > box[1]) & (rows + 0.5 < box[3])


def drawn(net: Layer, scene: Scene) -> Figure:
    """A scene's regions, as a picture."""
    every = explain_regions(net, prepare(scene.picture, net.card.preprocessing))
    return regions_panel(scene.picture, every, [sentences.in_words(region.words) for region in every])


if __name__ == "__main__":
    main()
