"""The relatives' place in the table of measures: stages of their own, Grad-CAM beside them, and what each map
costs.
"""

from pathlib import Path

import numpy as np

from gradcam import METHODS, RELATIVES
from gradcam.measure.measure import PICTURES
from gradcam.measure.measures import MEASURES
from gradcam.measure.study import cost
from gradcam.measure.study.plan import SUBJECTS, stages
from gradcam.measure.study.report import page, sections_of, written
from tests.support.small_nets import picture, small_vgg

KINDS = (
    *(f"relatives_{what}" for what in ("maps", "grid", "many", "sanity", "passes", "asked", "asked_often")),
    "cost",
)


def test_every_relative_by_every_measure_in_files_of_their_own():
    for subject in SUBJECTS:
        by_kind = {stage.kind: stage for stage in stages(subject)}
        old = [stage for kind, stage in by_kind.items() if kind not in KINDS]
        assert not any(set(stage.methods) & set(RELATIVES) for stage in old), (
            "rows that were measured before stay valid"
        )
        assert all("grad_cam" in by_kind[kind].methods for kind in KINDS), "beside them, on the same pictures"
        done = {
            (m, measure)
            for kind in KINDS
            for m in by_kind[kind].methods
            for measure in by_kind[kind].measures
        }
        assert {
            (m, measure) for m in RELATIVES for measure in MEASURES if MEASURES[measure].needs == PICTURES
        } <= done
        assert set(by_kind["cost"].methods) == set(METHODS)
        assert len({stage.name for stage in stages(subject)}) == len(by_kind)


def row(number, **hits):
    values = {
        m: {"hit": v, "energy": v, "found": v, "top1_error": 1 - v, "top5_error": 1 - v}
        for m, v in hits.items()
    }
    zero = [m for m, v in hits.items() if not v]
    return {
        "number": number,
        "class": 0,
        "area": 0.5,
        "rank": 0,
        "values": values,
        "zero": zero,
        "failed": {},
    }


def test_the_page_shows_them_and_the_costs():
    maps = [row(n, layercam=0.5, **{"random point": 0.1, "picture centre": 0.0}) for n in range(3)]
    forward = {"grad_cam": 1, "score_cam": 65}
    costs = [
        {"number": n, "seconds": {"grad_cam": 0.01, "score_cam": 0.01 * n}, "forward": forward}
        for n in (2, 4, 9)
    ]
    sections, figures = page({SUBJECTS[0]: {"relatives_maps": maps, "cost": costs}})
    text = written(sections)
    assert (
        "### Relatives: on the object\n" in text
        and figures["shapes"]["relatives_maps"]["layercam"]["hit"][0] == 0.5
    )
    line = next(line for line in text.splitlines() if line.startswith("| score_cam"))
    assert [cell.strip() for cell in line.strip("|").split("|")] == [
        "score_cam",
        "0.040",
        "4.0",
        "65",
        METHODS["score_cam"].cost,
    ]
    assert figures["shapes"]["cost"]["score_cam"]["grad_cams"] == 4
    assert sections_of(text) == sections


def test_the_committed_page_is_read_as_it_is_written():
    text = (Path(__file__).parents[2] / "results/measures.md").read_text("utf-8")
    assert written(sections_of(text)) == text and len(sections_of(text)) == len(SUBJECTS)


def test_costs_count_what_is_passed_through_the_network():
    net, x = small_vgg(), picture(N=1)
    net.card = None
    for method, pictures in {
        "hirescam": 1,
        "score_cam": 1 + 8,
        "smoothgrad": 51,
        "integrated_gradients": 51,
        "ablation_cam": 1,
    }.items():
        counted = cost.Counted(net)
        counted.card = Card()
        best, runs = cost.seconds(counted, x.data, 1, method)
        assert counted.pictures == pictures * runs and best > 0 and 1 <= runs <= cost.RUNS


class Card:
    """As much of a card as Grad-CAM asks for."""

    layer, unit_layer, multi_label, preprocessing = "relu2_1", None, False, None


def test_a_clock_of_ones_own():
    ticks = iter(np.arange(0, 100, 0.5))
    best, runs = cost.seconds(small_vgg(), picture().data, 1, "gradient", lambda: next(ticks))
    assert (best, runs) == (0.5, 2)
