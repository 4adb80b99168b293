"""Measures over many pictures: what data is read, what is kept, and that an interruption costs nothing."""

import io
import json
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from gradcam.measure import DataError, Photos, Scenes
from gradcam.measure.baselines import CENTRE, RANDOM
from gradcam.measure.measure import PICTURES
from gradcam.measure.measures import MEASURES
from gradcam.measure.pictures.grids import PhotoGrids, SceneGrids, takes
from gradcam.measure.pictures.photos import touched
from gradcam.measure.study import run
from gradcam.measure.study.collect import collect
from gradcam.measure.study.every_method import in_order
from gradcam.measure.study.plan import MEASURED, SUBJECTS, stages
from gradcam.measure.study.summary import small, summary, table_of_figures
from minicnn import GlobalAvgPool, MaxPool, ReLU, nets
from minicnn.layer import Apply, ConvLayer, LinearLayer, Sequential
from weights import Preprocessing
from weights.recipes.shapes_world import KINDS

METHODS = ("gradient", "saliency", "deconvnet", "grad_cam", "cam", "guided_grad_cam")


def network(gap=True, classes=tuple(KINDS)):
    """A small random network for pictures of 24 x 24, with a description."""
    net = Sequential(
        *(ConvLayer("conv1", 3, 6, 3, pad=1), Apply("relu1", ReLU), Apply("pool1", MaxPool, kernel=2)),
        *(ConvLayer("conv2", 6, 8, 3, pad=1), Apply("relu2", ReLU)),
        *(
            [Apply("gap", GlobalAvgPool), LinearLayer("fc", 8, len(classes))]
            if gap
            else [Apply("pool", GlobalAvgPool)]
        ),
    ).initialise(3)
    prepared = Preprocessing(size=24, crop=24, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))
    net.card = SimpleNamespace(
        name="tiny", title="Tiny", preprocessing=prepared, layer="relu2", classes=classes, unit_layer=None
    )
    return net


@pytest.fixture(autouse=True)
def plain_card(monkeypatch):
    """The description above is no dataclass: it needs no copy, its signals start at the score."""
    monkeypatch.setattr(run, "from_the_score", lambda net: net)


@pytest.fixture
def photos(tmp_path):
    """Twelve noisy photos of 48 x 24 pixels, with a box or two each, of which only a corner is bright."""
    random = np.random.default_rng(0)
    images = random.integers(60, 120, (12, 24, 48, 3), dtype=np.uint8)
    boxes, owner = [], []
    for n in range(12):
        x, y = random.integers(0, 30), random.integers(0, 12)
        images[n, y : y + 10, x : x + 16] = random.integers(0, 255, 3)
        boxes += [[x, y, x + 16, y + 10]] + ([[0, 0, 4.5, 4.5]] if n % 2 else [])
        owner += [n] * (1 + n % 2)
    content = {
        "images": images,
        "labels": np.arange(12) % 8,
        "boxes": np.float32(boxes),
        "box_image": np.array(owner),
    }
    np.savez(tmp_path / "photos.npz", **content)
    return tmp_path / "photos.npz", content


def test_boxes_follow_the_photo_and_truth_is_what_they_touch(photos):
    path, content = photos
    data = Photos(path, network().card)
    assert sorted(data.numbers) == list(range(12))
    example = data[1]
    assert example.picture.shape == (24, 24, 3)
    assert example.c == 1
    np.testing.assert_allclose(example.boxes, content["boxes"][content["box_image"] == 1] / [2, 1, 2, 1])
    assert example.truth[4, 2]  # a box that ends at (2.25, 4.5) touches this pixel
    assert not example.truth[5, 3] or example.boxes[0][0] < 4
    assert touched([[0.2, 0.9, 1.1, 2.0]], (4, 4)).sum() == 4


def test_jpeg_bytes_are_read_as_images_are(photos, tmp_path):
    path, content = photos
    files = []
    for image in content["images"]:
        buffer = io.BytesIO()
        Image.fromarray(image).save(buffer, "png")
        files.append(buffer.getvalue())
    offsets = np.cumsum([0, *map(len, files)])
    rest = {key: content[key] for key in ("labels", "boxes", "box_image")}
    np.savez(tmp_path / "jpeg.npz", jpeg=np.frombuffer(b"".join(files), np.uint8), offsets=offsets, **rest)
    one, other = Photos(path, network().card), Photos(tmp_path / "jpeg.npz", network().card)
    assert np.array_equal(one[7].picture, other[7].picture)


def test_labels_become_imagenets_numbers_where_the_network_has_those(photos, tmp_path):
    path, content = photos
    np.savez(tmp_path / "indexed.npz", imagenet_index=np.arange(8) * 100, **content)
    assert Photos(tmp_path / "indexed.npz", network(classes=tuple(map(str, range(1000)))).card)[3].c == 300
    assert Photos(tmp_path / "indexed.npz", network().card)[3].c == 3
    with pytest.raises(DataError, match="labels go up to 7, but tiny has 2 classes"):
        Photos(path, network(classes=("a", "b")).card)


def test_a_file_that_will_not_do_is_named(tmp_path):
    for content in (b"", b"no archive"):
        (tmp_path / "bad.npz").write_bytes(content)
        with pytest.raises(DataError, match=r"bad\.npz: this is not an npz file with images"):
            Photos(tmp_path / "bad.npz", network().card)
    with pytest.raises(DataError, match="there is no such file"):
        Photos(tmp_path / "missing.npz", network().card)
    with pytest.raises(DataError, match="does not know the kinds"):
        Scenes(3, network(classes=("cat", "dog")).card)


def test_rows_of_every_measure_with_baselines_failures_and_zero_maps(photos):
    data, net = Photos(photos[0], network(gap=False, classes=tuple("abcdefgh")).card), network(gap=False)
    measures = [m for m in MEASURES if MEASURES[m].needs == PICTURES]
    rows = run.over(
        net, data, measures, (*METHODS, "occlusion", "grad_cam@relu1"), n=3, workers=2, progress=False
    )
    assert [row["number"] for row in rows] == data.numbers[:3]
    figures = {f.name for m in measures for f in MEASURES[m].figures}
    drawn = {f.name for m in measures if not MEASURES[m].asks for f in MEASURES[m].figures}
    for row in rows:
        assert list(row["failed"]) == ["cam"]
        assert row["values"].keys() == {RANDOM, CENTRE, *METHODS, "occlusion", "grad_cam@relu1"} - {"cam"}
        assert all(v.keys() == figures for v in row["values"].values())
        alike = [{f: of[f] for f in drawn} for of in (row["values"][m] for m in ("gradient", "saliency"))]
        assert alike[0] == alike[1]  # they have the same magnitudes, and other signs
        assert row["values"]["gradient"]["max_sensitivity"] != row["values"]["saliency"]["max_sensitivity"]
        assert row["values"][RANDOM]["hit"] == row["area"]
        assert row["values"]["grad_cam@relu1"] != row["values"]["grad_cam"]
        for method in row["zero"]:
            assert row["values"][method]["hit"] == 0
            assert row["values"][method]["deletion"] == row["values"][RANDOM]["deletion"]
    found = summary(rows)
    assert list(found)[:2] == [RANDOM, CENTRE]
    assert found["cam"] == {"n": 0, "zero": 0, "failed": 3}
    assert found["grad_cam"]["n"] == 3
    text = table_of_figures(found, ["hit", "deletion"])
    assert "| cam " in text and "–" in text
    assert len({len(line) for line in text.splitlines()}) == 1
    assert len(small(rows)) == sum(row["area"] < 1 / 3 for row in rows)


def test_a_zero_map_is_counted_and_misses(photos):
    net = network()
    net["fc"].W.data[:] = 0
    rows = run.over(
        net,
        Photos(photos[0], net.card),
        ["pointing_game", "localisation", "deletion"],
        ["grad_cam"],
        n=4,
        progress=False,
    )
    found = summary(rows)["grad_cam"]
    assert (found["n"], found["zero"], found["failed"]) == (4, 4, 0)
    assert found["hit"][0] == 0 and found["found"][0] == 0 and found["top5_error"][0] == 1
    assert found["deletion"] == summary(rows)[RANDOM]["deletion"]


def test_rows_are_kept_and_a_run_goes_on(tmp_path):
    path, calls = tmp_path / "rows.jsonl", []

    def row(number):
        calls.append(number)
        if number == 5 and len(calls) < 8:
            raise KeyboardInterrupt
        return {"number": number, "square": number**2}

    with pytest.raises(KeyboardInterrupt):
        collect(path, {"of": "squares"}, range(9), row, workers=1, progress=False)
    kept = len(path.read_text().splitlines()) - 1
    assert 5 <= kept < 9  # those before number 5, and perhaps one that was running
    with open(path, "a") as file:
        file.write('{"number": 99, "squa')  # killed while writing
    before = len(calls)
    calls += [None] * 8
    rows = collect(path, {"of": "squares"}, range(9), row, workers=1, progress=False)
    assert [r["square"] for r in rows] == [n**2 for n in range(9)]
    assert len(calls) - before - 8 == 9 - kept
    assert len(path.read_text().splitlines()) == 10


def test_what_is_running_when_another_fails_is_finished_and_kept(tmp_path):
    running = threading.Event()

    def row(number):
        if number == 0:
            running.wait(10)
            raise KeyboardInterrupt
        running.set()
        time.sleep(0.3)
        return {"number": number}

    with pytest.raises(KeyboardInterrupt):
        collect(tmp_path / "rows.jsonl", {}, [0, 1], row, workers=2, progress=False)
    assert json.loads((tmp_path / "rows.jsonl").read_text().splitlines()[1]) == {"number": 1}


def test_rows_of_another_measurement_are_not_taken(tmp_path):
    path = tmp_path / "rows.jsonl"
    collect(path, {"weights": "a", "n": 1}, [1], lambda n: {"number": n}, progress=False)
    with pytest.raises(DataError, match="other weights"):
        collect(path, {"weights": "b", "n": 1}, [1], lambda n: {"number": n}, progress=False)
    path.write_text("no rows\n")
    with pytest.raises(DataError, match="no file of measured rows"):
        collect(path, {"weights": "a", "n": 1}, [1], lambda n: {"number": n}, progress=False)


def test_few_rows_are_on_their_way_at_a_time(monkeypatch):
    handed, finished = [], []

    class Counting(ThreadPoolExecutor):
        def submit(self, row, number):
            handed.append(len(handed) + 1 - len(finished))
            return super().submit(row, number)

    def row(number):
        finished.append(number)
        return {"number": number}

    monkeypatch.setattr("gradcam.measure.study.collect.ThreadPoolExecutor", Counting)
    collect(None, {}, range(100), row, workers=2, progress=False)
    assert sorted(finished) == list(range(100))
    assert max(handed) <= 4


def test_rows_belong_to_weights_layer_and_pictures(photos):
    net = network()
    data = Photos(photos[0], net.card)
    before = run.which(net, data)
    net.card.layer = "relu1"
    assert run.which(net, data) == before | {"layer": "relu1"}
    net["fc"].b.data[0] += 1
    assert run.which(net, data)["weights"] != before["weights"]


KILLED = """
import sys, time
from gradcam.measure.study.collect import collect
def row(n):
    time.sleep(0.05)
    return {"number": n, "half": n / 2}
collect(sys.argv[1], {"of": "halves"}, range(40), row, workers=2, progress=False)
"""


def test_a_killed_process_loses_nothing_that_was_kept(tmp_path):
    path = tmp_path / "rows.jsonl"
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(path)])
    while not path.exists() or path.read_bytes().count(b"\n") < 6:
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.wait()
    kept = path.read_bytes().count(b"\n") - 1
    assert 5 <= kept < 40
    again = []
    rows = collect(
        path,
        {"of": "halves"},
        range(40),
        lambda n: again.append(n) or {"number": n, "half": n / 2},
        progress=False,
    )
    assert [r["half"] for r in rows] == [n / 2 for n in range(40)]
    assert len(again) == 40 - kept
    assert all(json.loads(line) for line in path.read_text().splitlines())


def test_threads_give_what_one_gives(photos):
    net = network()
    data = Photos(photos[0], net.card)
    one, two = (
        run.over(net, data, ["energy_pointing_game"], METHODS, 6, workers=w, progress=False) for w in (1, 2)
    )
    assert one == two


def test_grids_of_photos_show_what_the_network_knows(photos):
    net = network()
    data = Photos(photos[0], net.card)
    sure = [{"number": n, "class": n % 8, "rank": 0 if n < 10 else 1, "probability": 0.5} for n in range(12)]
    grids = PhotoGrids(data, net, sure, 8)
    assert grids.side == 24 and grids.preprocessing.crop == 48
    for n in range(8):
        example = grids[n]
        assert example.picture.shape == (48, 48, 3)
        assert example.truth.mean() == 0.25
        y, x = (int(v) for v in example.boxes[0][[1, 0]])
        cell = example.picture[y : y + 24, x : x + 24]
        assert any(np.array_equal(cell, data[k].picture) for k in range(10) if data[k].c == example.c)
    assert np.array_equal(grids[3].picture, grids[3].picture)
    assert {tuple(grids[n].boxes[0][:2].tolist()) for n in range(4)} == {(0, 0), (24, 0), (0, 24), (24, 24)}
    rows = run.over(net, grids, ["grid_pointing_game"], ["grad_cam"], progress=False)
    assert all(row["values"][RANDOM]["cell"] == 0.25 for row in rows)
    with pytest.raises(DataError, match="4 classes"):
        PhotoGrids(data, net, sure[:3], 8)


def test_a_network_of_one_size_gets_smaller_cells(photos):
    net = nets.captum_cifar().initialise(0)
    assert takes(net, 32) and not takes(net, 64)
    net.card = network().card
    net.card.preprocessing = Preprocessing(size=32, crop=32)
    data = Photos(photos[0], net.card)
    grids = PhotoGrids(
        data, net, [{"number": n, "class": n, "rank": 0, "probability": 1} for n in range(8)], 2
    )
    assert grids.side == 16 and grids[0].picture.shape == (32, 32, 3)


def test_grids_of_shapes_and_scenes():
    net = nets.shapes().initialise(0)
    net.card = network().card
    net.card.preprocessing = Preprocessing(size=96, crop=96)
    scenes = Scenes(3, net.card)
    example = scenes[1]
    assert example.truth.any() and example.picture.shape == (96, 96, 3)
    grid = SceneGrids(scenes, net, 2).drawn(1, 0)
    assert grid.picture.shape == (96, 96, 3) and grid.truth[:48, 48:].all() and grid.truth.sum() == 48 * 48


def test_the_plan_measures_every_method_by_every_measure():
    for subject in SUBJECTS:
        done = {
            (m, measure) for stage in stages(subject) for m in stage.methods for measure in stage.measures
        }
        from gradcam.methods import CLASSIC as EVERY

        left = {("occlusion", "sanity_check")} if subject.slow else set()
        assert {(m, measure) for m in EVERY for measure in MEASURES} - done == left


def test_every_stage_of_every_network_has_its_turn():
    planned = [(s.network, t.name) for s in SUBJECTS for t in stages(s)]
    turns = [(s.network, t.name) for s, t in in_order()]
    assert sorted(turns) == sorted(planned)
    kinds = [t.kind for _, t in in_order()]
    assert list(dict.fromkeys(kinds)) == list(MEASURED) and kinds == sorted(kinds, key=list(MEASURED).index)
