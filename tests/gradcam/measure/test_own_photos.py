"""Photos, truth and maps of one's own: `gradcam measure --photos`, into a folder."""

import csv
import json
import shutil

import numpy as np
import pytest
from PIL import Image

import weights
from gradcam.cli import main
from gradcam.image import crop_values
from gradcam.measure import DataError
from gradcam.measure.baselines import CENTRE, RANDOM
from gradcam.measure.measures.mask_auc import mask_auc
from gradcam.measure.measures.pointing_game import pointing_game
from gradcam.measure.own import GivenMaps, MeasureTask, Truths, measure_into, read_results
from gradcam.measure.own.results import finish
from gradcam.measure.statistics.intensity import intensity
from gradcam.runs import Manner, RunError, Task, explain_into
from gradcam.runs.merging import merge
from gradcam.runs.photos import find
from tests.gradcam.runs.conftest import contents
from weights.recipes import shapes_world

COUNT = 5
MEASURES = ("pointing_game", "mask_auc", "sparseness", "average_drop")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Scenes, 120 x 96 pixels, with the truth of a shape each, in all formats; one file is no picture."""
    place = tmp_path_factory.mktemp("own")
    for name in ("photos", "masks", "voc"):
        (place / name).mkdir()
    kinds = list(shapes_world.KINDS)
    coco = {
        "images": [],
        "annotations": [],
        "categories": [{"id": k + 5, "name": n} for k, n in enumerate(kinds)],
    }
    table = [["photo", "label", "x0", "y0", "x1", "y1"]]
    for k in range(COUNT):
        scene = shapes_world.scene(k, "test")
        Image.fromarray(scene.picture).resize((120, 96)).save(place / f"photos/{k}.png")
        shape = scene.shapes[0]
        mask = np.asarray(Image.fromarray(shape.visible).resize((120, 96)))
        Image.fromarray(mask.astype(np.uint8) * (1 if k else 255)).save(place / f"masks/{k}.png")
        rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
        x0, y0, x1, y1 = (int(v) for v in (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1))
        coco["images"].append({"id": k, "file_name": f"{k}.png", "width": 120, "height": 96})
        bbox = [x0, y0, x1 - x0, y1 - y0]
        coco["annotations"].append({"image_id": k, "category_id": kinds.index(shape.kind) + 5, "bbox": bbox})
        table.append([f"{k}.png", shape.kind, x0, y0, x1, y1])
        box = f"<xmin>{x0 + 1}</xmin><ymin>{y0 + 1}</ymin><xmax>{x1}</xmax><ymax>{y1}</ymax>"
        object = f"<object><name>{shape.kind}</name><bndbox>{box}</bndbox></object>"
        (place / f"voc/{k}.xml").write_text(f"<annotation><filename>{k}.png</filename>{object}</annotation>")
    (place / "photos/9.png").write_bytes(b"no picture")
    (place / "coco.json").write_text(json.dumps(coco))
    with open(place / "boxes.csv", "w", newline="") as file:
        csv.writer(file).writerows(table)
    return place


@pytest.fixture(scope="module")
def task(folder):
    kinds = {kind: k for k, kind in enumerate(weights.card("shapes").classes)}
    truth = Truths(folder / "coco.json")
    return MeasureTask(weights.load("shapes"), MEASURES, ("grad_cam", "saliency"), truth, classes=kinds)


@pytest.fixture(scope="module")
def whole(folder, task):
    measure_into(folder / "whole", task, find([folder / "photos"]))
    return folder / "whole"


def test_the_same_boxes_in_every_format(folder):
    size, photos = (120, 96), find([folder / "photos"])[:COUNT]
    ways = [Truths(folder / name) for name in ("coco.json", "boxes.csv", "voc", "voc/3.xml")]
    for photo in photos:
        found = [way[photo] for way in ways[:3]]
        masks = [of[0].masks(size)[0] for of in found]
        assert len({of[0].label for of in found}) == 1 and all(len(of) == 1 for of in found)
        assert masks[0].any() and all(np.array_equal(mask, masks[0]) for mask in masks)
        drawn = Truths(folder / "masks")[photo][0].masks(size)[0]
        assert drawn.any() and not (drawn & ~masks[0]).any()
    assert ways[3][photos[3]] and ways[3][photos[2]] == []
    assert len({way.digest for way in ways}) == 4


def test_a_row_holds_what_the_measures_say(folder, task, whole):
    rows = read_results(whole).rows
    assert [row["error"] is None for row in rows] == [True] * COUNT + [False]
    assert "not a picture" in rows[-1]["error"]
    net, photos = task.net, find([folder / "photos"])
    run = explain_into(folder / "run", Task(net, ("grad_cam",), (task.classes["star"],)), photos)
    maps = np.load(run.path / "maps" / "grad_cam.npy")
    task = MeasureTask(net, ("pointing_game", "mask_auc"), ("grad_cam",), Truths(folder / "masks"), c=4)
    found = measure_into(folder / "stars", task, photos).rows
    assert task.c == weights.card("shapes").classes.index("star")
    for k in range(COUNT):
        truth = crop_values(
            Truths(folder / "masks")[photos[k]][0].masks((120, 96))[0], net.card.preprocessing
        )
        map, (of,) = intensity(maps[k, 0], (96, 96)), found[k]["measured"]
        assert of["values"]["grad_cam"] == {
            "hit": float(pointing_game(map, truth >= 0.5)), "mask_auc": round(mask_auc(map, truth >= 0.5), 6),
        }  # fmt: skip
        assert of["values"].keys() == {RANDOM, CENTRE, "grad_cam"} and of["name"] == "star"
        assert of["area"] == pytest.approx((truth >= 0.5).mean(), abs=1e-6)
    alone = MeasureTask(None, task.measures, truth=task.truth, given=GivenMaps(run.path))
    for (by_net,), (by_run,) in zip(
        (row["measured"] for row in found[:COUNT]),
        (row["measured"] for row in measure_into(folder / "alone", alone, photos).rows[:COUNT]),
    ):
        assert by_run["values"]["given grad_cam"] == by_net["values"]["grad_cam"]
        assert by_run["area"] == by_net["area"], "the run knows which part of a photo its network saw"
    with pytest.raises(DataError, match="of another part of the photos than this network sees"):
        MeasureTask(weights.load("squeezenet"), task.measures, truth=task.truth, given=GivenMaps(run.path))


def test_killed_in_processes_and_in_parts_it_is_the_same(folder, task, whole):
    photos = find([folder / "photos"])

    def three(task, todo):
        yield from (task(*one) for _, one in zip(range(3), todo))
        raise RunError("enough")

    with pytest.raises(RunError, match="enough"):
        measure_into(folder / "again", task, photos, Manner(by=three))
    measure_into(folder / "again", task, photos, Manner(workers=2))
    assert contents(folder / "again") == contents(whole)
    for k in (2, 1):
        measure_into(folder / "parts", task, photos, Manner(shard=(k, 2)))
    assert contents(merge([folder / "parts"], finish=finish)) == contents(whole)
    with pytest.raises(RunError, match=r"measures was pointing_game, mask_auc, .*, and is sparseness"):
        measure_into(whole, MeasureTask(task.net, ("sparseness",), ("grad_cam",)), photos)


def test_tables_and_the_page(whole):
    results = read_results(whole)
    lines = list(csv.DictReader((whole / "figures.csv").read_text("utf-8").splitlines()))
    assert len(lines) == COUNT * 4 + 1 and lines[-1]["error"] and lines[2]["method"] == "grad_cam"
    values = results.rows[0]["measured"][0]["values"]["grad_cam"]
    assert float(lines[2]["mask_auc"]) == values["mask_auc"] and lines[2]["average_drop"]
    mean, low, high = results.summary["grad_cam"]["mask_auc"]
    assert low <= mean <= high and results.summary["grad_cam"]["n"] == COUNT
    text = (whole / "summary.md").read_text("utf-8")
    assert text == str(results) and "| random point " in text and "AUC of the mask ↑" in text
    assert "1 photos could not be measured; the first: " in text
    table = results.table
    assert len(table) == len(lines)


def test_maps_of_any_library(folder, task, capsys):
    """As large as the photo, they are cut as it is; without a network they cover their photo."""
    photos, given = find([folder / "photos"]), folder / "elsewhere"
    (given / "theirs").mkdir(parents=True)
    for k in range(COUNT):
        map = np.random.default_rng(k).random((96, 120))
        np.save(given / f"{k}.npy", map)
        np.save(given / "theirs" / f"{k}.npy", map[None, ::2, ::2])
    maps = GivenMaps(given)
    assert maps.names == ["given", "given theirs"]
    seen = MeasureTask(task.net, ("mask_auc", "sensitivity"), (), Truths(folder / "masks"), maps)
    alone = MeasureTask(None, ("mask_auc",), (), Truths(folder / "masks"), maps)
    for k in (0, 1):
        (of,), (plain,) = (t(k, photos[k]).row["measured"] for t in (seen, alone))
        mask = Truths(folder / "masks")[photos[k]][0].masks((120, 96))[0]
        map = np.load(given / f"{k}.npy")
        cut = [crop_values(v, task.net.card.preprocessing) for v in (map, mask)]
        assert of["values"]["given"] == {"mask_auc": round(mask_auc(cut[0], cut[1] >= 0.5), 6)}
        assert plain["values"]["given"]["mask_auc"] == round(mask_auc(map.astype(np.float32), mask > 0), 6)
        assert plain["values"]["given theirs"] != plain["values"]["given"] and plain["class"] is None
    words = ["measure", "mask_auc", "--photos", str(folder / "photos"), "--truth", str(folder / "masks")]
    assert main([*words, "--maps", str(given), "--out", str(folder / "of_maps")]) == 0
    out = capsys.readouterr().out
    assert "| given theirs " in out and "| random point " in out and "AUC of the mask" in out
    assert (folder / "of_maps" / "figures.csv").exists()


def test_maps_of_a_run_are_those_that_are_made_here(folder, task, whole, capsys):
    photos = str(folder / "photos")
    explain = [
        "explain",
        photos,
        "--network",
        "shapes",
        "--method",
        "saliency",
        "--out",
        str(folder / "made"),
    ]
    assert main([*explain, "--workers", "1"]) == 0
    words = [
        "measure",
        "mask_auc",
        "--photos",
        photos,
        "--network",
        "shapes",
        "--truth",
        str(folder / "masks"),
    ]
    words += [
        "--maps",
        str(folder / "made"),
        "--method",
        "saliency",
        "--workers",
        "1",
        "--out",
        str(folder / "both"),
    ]
    assert main(words) == 0
    for row in read_results(folder / "both").rows[:COUNT]:
        values = row["measured"][0]["values"]
        assert values["given saliency"] == values["saliency"]


SAID = [
    (["pointing_game"], "needs to know where the objects are: add --truth"),
    (["grid_pointing_game"], "is measured on --data or --world"),
    (["sparseness", "--rows", "x.jsonl"], "--rows is for --data and --world"),
    (["mask_auc", "--truth", "nowhere.csv"], "nowhere.csv: it cannot be read: No such file"),
    (["mask_auc", "--truth", "photos/0.png"], "truth is a folder of masks"),
    (["mask_auc", "--truth", "cats.csv"], "1 of the 1 labels in cats.csv are no classes of shapes"),
]


@pytest.mark.parametrize(("words", "said"), SAID, ids=lambda v: str(v)[:24])
def test_one_line_for_what_cannot_be_done(folder, monkeypatch, capsys, words, said):
    monkeypatch.chdir(folder)
    (folder / "cats.csv").write_text("photo,label,x0,y0,x1,y1\n0.png,cat,1,2,3,4\n")
    base = ["--photos", "photos", "--network", "shapes", "--method", "grad_cam", "--out", "none/"]
    assert main(["measure", *words, *base]) == 2
    err = capsys.readouterr().err
    assert said in err and err.count("\n") == 1 and not (folder / "none").exists()


def test_options_of_photos_are_for_photos(capsys):
    assert main(["measure", "mask_auc", "--network", "shapes", "--world", "shapes", "--truth", "x"]) == 2
    assert "--truth is for photos of yours: add --photos" in capsys.readouterr().err
    assert main(["measure", "mask_auc", "--network", "shapes"]) == 2
    assert "on which pictures?" in capsys.readouterr().err


DAMAGED = {
    "a.json": ('{"images": [], "annotations": [{"image_id": 3}]}', "no COCO file of instances"),
    "b.json": ("[" * 9, "no COCO file of instances"),
    "c.xml": ('<!DOCTYPE a [<!ENTITY b "c">]><annotation/>', "no annotation needs that"),
    "d.xml": ("<annotation><object><name>a</name></object></annotation>", "no annotation of Pascal VOC"),
    "e.csv": ("photo,label\nx.png,a\n", "names the columns photo, x0, y0, x1, y1"),
    "f.csv": ("photo,x0,y0,x1,y1\na.png,1,2,1,4\n", "a box is x0, y0, x1, y1"),
    "g.csv": ("photo,x0,y0,x1,y1\na.png,1,2,here,4\n", "line 2"),
    "h.csv": ("photo,x0,y0,x1,y1\n", "says of no photo"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_truth_is_one_sentence(tmp_path, name):
    text, said = DAMAGED[name]
    (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=said) as caught:
        Truths(tmp_path / name)
    assert str(tmp_path / name) in str(caught.value) and "\n" not in str(caught.value)


def test_truth_that_does_not_fit_is_a_row(folder, task, tmp_path):
    photo, net = str(folder / "photos" / "1.png"), task.net
    (tmp_path / "a.csv").write_text("photo,x0,y0,x1,y1\n1.png,130,0,140,96\n")
    (tmp_path / "b.csv").write_text("photo,x0,y0,x1,y1\n2.png,0,0,30,96\n")
    shutil.copy(folder / "masks" / "1.png", tmp_path / "2.png")
    Image.new("L", (40, 40), 255).save(tmp_path / "1.png")
    for truth, said in [("a.csv", "outside of what the network sees"), ("b.csv", "says nothing of it"),
                        (".", "is 40 x 40, and not as large")]:  # fmt: skip
        for other in tmp_path.glob("*.csv") if truth == "." else ():
            other.unlink()
        done = MeasureTask(net, ("mask_auc",), ("grad_cam",), Truths(tmp_path / truth), c=0)(0, photo)
        assert said in done.error and done.row["measured"] == []
