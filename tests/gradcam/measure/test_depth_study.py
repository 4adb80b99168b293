"""Grad-CAM at every stage: in one pass as layer by layer, deeper is better where it should be, and the page
says what was measured.
"""

from dataclasses import replace

import numpy as np
import pytest

import weights
from gradcam import grad_cam
from gradcam.image import prepare
from gradcam.measure import DataError
from gradcam.measure.baselines import RANDOM
from gradcam.measure.pictures.cifar import Cifar
from gradcam.measure.study import depth, depth_page
from gradcam.measure.study.depth import STUDIES, at_every, main, measure
from gradcam.measure.study.summary import summary
from minicnn import Tensor, find, nets
from tests.support.compare import assert_close
from tests.support.data import DATA
from weights.recipes import shapes_world

SHAPES = next(study for study in STUDIES if study.name == "shapes")


def test_all_layers_in_one_pass_are_each_alone():
    net = weights.load("shapes")
    x = prepare(shapes_world.scene(7, "test", kinds=["star", "ring"]).picture, net.card.preprocessing)
    maps = at_every(net, x, 4, SHAPES.layers)
    assert list(maps) == [f"grad_cam@{layer}" for layer in SHAPES.layers]
    for layer in SHAPES.layers:
        y = net(Tensor(x, "x"))
        alone, of_all = grad_cam(y, 4, find(y, layer))[0], maps[f"grad_cam@{layer}"]
        if alone.any():
            assert_close(of_all, alone, 1e-6)
        else:
            assert layer in ("relu3_1", "relu4_1") and not of_all.any()  # nothing there speaks for this class


def test_every_layer_of_a_study_is_in_its_network_in_order():
    sides = {
        "squeezenet": 227,
        "shapes": 96,
        "mini_vgg": 96,
        "mini_resnet": 96,
        "resnet20": 32,
        "resnet56": 32,
    }
    for study in STUDIES:
        net = getattr(nets, study.network)().initialise(0)
        y = net(Tensor(np.zeros((1, 3, *[sides[study.network]] * 2), np.float32), "x"))
        areas = [np.prod(find(y, layer).shape[-2:]) for layer in study.layers]
        if study.network != "squeezenet":  # whose conv10 has padding
            assert areas == sorted(areas, reverse=True)


@pytest.fixture(scope="module")
def rows():
    return measure(replace(SHAPES, n=40), None, None, workers=1, progress=False)


def test_the_last_map_of_shapes_points_where_the_first_does_not(rows):
    of = summary(rows)
    first, last, chance = (of[name]["hit"][0] for name in ("grad_cam@relu1_1", "grad_cam@relu4_2", RANDOM))
    assert last > 0.5 and last > 2 * max(first, chance)


def test_the_page_has_a_line_for_every_layer(rows, tmp_path):
    depth_page.write({SHAPES: rows}, tmp_path)
    text = (tmp_path / "layers.md").read_text("utf-8")
    assert [line.split()[1] for line in text.splitlines() if line.startswith("| grad_cam@")] == [
        f"grad_cam@{at}" for at in SHAPES.layers
    ]
    assert "40 pictures" in text and "From the first layer to the last: pointing game, hits: " in text
    assert (tmp_path / "layers.png").stat().st_size > 10_000


def test_a_run_that_was_cut_off_goes_on(tmp_path):
    study = replace(SHAPES, n=4)
    whole = measure(study, None, tmp_path / "a.jsonl", workers=1, progress=False)
    lines = (tmp_path / "a.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "b.jsonl").write_text("".join(lines[:3]) + lines[3][:20])
    assert measure(study, None, tmp_path / "b.jsonl", workers=1, progress=False) == whole


def test_the_command_writes_what_there_is(tmp_path, capsys):
    (tmp_path / "rows").mkdir()
    measure(replace(SHAPES, n=3), None, tmp_path / "rows" / "shapes.jsonl", workers=1, progress=False)
    main(["--report", "--rows", str(tmp_path / "rows"), "--out", str(tmp_path / "out")])
    assert "layers.md" in capsys.readouterr().out
    assert "3 pictures" in (tmp_path / "out" / "layers.md").read_text("utf-8")


@pytest.mark.data
@pytest.mark.skipif(
    not (DATA / "images").exists(),
    reason=f"no {DATA / 'images'}: set MINICNN_DATA to the folder that holds images/",
)
def test_a_residual_network_on_a_grid_of_recognised_pictures(monkeypatch):
    monkeypatch.setattr(depth, "KNOWN", 120)
    study = replace(next(s for s in STUDIES if s.name == "resnet20_grids"), n=12)
    of = summary(measure(study, DATA, None, workers=2, progress=False))
    assert of["grad_cam@layer3.2"]["cell"][0] > 0.5 > of["grad_cam@relu"]["cell"][0]
    assert of[RANDOM]["cell"][0] == pytest.approx(0.25, abs=1e-6)


def test_a_file_that_holds_no_pictures_is_refused(tmp_path):
    card = weights.card("resnet20")
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    with pytest.raises(DataError, match="images and labels"):
        Cifar(tmp_path / "other.npz", card, 5)
    with pytest.raises(DataError, match="no such file"):
        Cifar(tmp_path / "nothing.npz", card, 5)


def test_a_page_keeps_what_was_not_measured_again(rows, tmp_path):
    depth_page.write({SHAPES: rows}, tmp_path)
    path = tmp_path / "layers.md"
    before = path.read_text("utf-8")
    path.write_text(before + "\n## Another network: another\n\nIts table.\n", "utf-8")
    depth_page.write({SHAPES: rows}, tmp_path)
    after = depth_page.sections(path.read_text("utf-8"))
    assert after["Another network: another"] == "\n\nIts table.\n" and len(after) == 2
    assert (tmp_path / "layers_shapes.png").exists()
    assert after.keys() - {"Another network: another"} == depth_page.sections(before).keys()
