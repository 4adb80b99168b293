"""Photos, truth and maps of one's own, of files written here: every corner, label, class and cell."""

import hashlib
import json
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from gradcam.image import ImageError
from gradcam.measure import DataError
from gradcam.measure.baselines import CENTRE, RANDOM
from gradcam.measure.own import GivenMaps, MeasureTask, Truths, measure_into, read_results
from gradcam.measure.own.objects import Objects, mask_in
from gradcam.measure.own.results import Results, lines, page
from gradcam.measure.own.task import empty
from gradcam.measure.statistics.intervals import wilson


def coco(path, *annotations, images=({"id": 4, "file_name": "in/a.png", "width": 9, "height": 7},)):
    categories = [{"id": 2, "name": "cat"}, {"id": 1, "name": "dog"}]
    path.write_text(
        json.dumps({"images": [*images], "categories": categories, "annotations": [*annotations]})
    )
    return path


def test_coco_has_boxes_and_polygons_and_no_crowds(tmp_path):
    of = {"image_id": 4, "category_id": 2}
    truth = Truths(
        coco(
            tmp_path / "c.json",
            of | {"bbox": [1, 2, 3, 4]},
            of | {"bbox": [0, 0, 9, 7], "iscrowd": 1},
            of | {"bbox": [0, 0, 9, 7], "segmentation": [[5, 1, 7, 1, 7, 2], [0, 5, 1, 5, 1, 6, 0, 6]]},
            of | {"bbox": [6, 5, 1.5, 1], "segmentation": {"counts": "rle", "size": [7, 9]}},
            {"image_id": 4, "category_id": 1, "bbox": [0, 0, 1, 1]},
        )
    )
    cat, dog = truth["elsewhere/in/a.png"]
    assert (cat.label, dog.label) == ("cat", "dog") and truth.labels() == ["cat", "dog"]
    assert cat.boxes == [(1, 2, 4, 6), (6, 5, 7.5, 6)] and cat.size == (9, 7)
    assert [p.tolist() for p in cat.polygons] == [
        [[5, 1], [7, 1], [7, 2]], [[0, 5], [1, 5], [1, 6], [0, 6]]
    ]  # fmt: skip
    first, second, third, fourth = cat.masks((9, 7))
    assert first[1, 5:8].all() and second[5:7, :2].sum() == second.sum() == 4
    assert np.argwhere(third).min(0).tolist() == [2, 1] and np.argwhere(third).max(0).tolist() == [5, 3]
    assert np.argwhere(fourth).tolist() == [[5, 6], [5, 7]]
    with pytest.raises(DataError, match="it is 7 x 9 pixels, and what was annotated was 9 x 7"):
        cat.masks((7, 9))
    free = coco(
        tmp_path / "free.json", of | {"bbox": [1, 2, 3, 4]}, images=({"id": 4, "file_name": "a.png"},)
    )
    assert Truths(free)["a.png"][0].size is None and len(Truths(free)["a.png"][0].masks((7, 9))) == 1


def test_voc_counts_from_one_and_its_last_pixel_belongs_to_the_box(tmp_path):
    box = "<bndbox><xmin>2</xmin><ymin>3</ymin><xmax>4</xmax><ymax>6</ymax></bndbox>"
    size = "<size><width>9</width><height>7</height></size>"
    text = f"<annotation>{{}}<object><name>cat</name>{box}</object></annotation>"
    (tmp_path / "b.xml").write_text(text.format(f"<!-- a --><filename>a.png</filename>{size}"))
    (tmp_path / "c.xml").write_text(text.format(""))
    (tmp_path / ".d.xml").write_text("hidden")
    (tmp_path / "e.png").write_bytes(b"no mask where there is an .xml")
    truth = Truths(tmp_path)
    (cat,), (other,) = truth["a.png"], truth["c.jpg"]
    assert cat.boxes == [(1, 2, 4, 6)] and (cat.label, cat.size, other.size) == ("cat", (9, 7), None)
    assert truth["b.png"] == [] and truth.labels() == ["cat"]
    mask = cat.masks((9, 7))[0]
    assert mask.sum() == 12 and mask[2:6, 1:4].all()


def test_a_table_has_a_line_for_each_box_or_mask(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text(
        "label,photo,ymin,xmin,ymax,xmax\n cat ,a.png,2,1,6,4\n,a.png,0,0,1,1\ncat,b.png,0,0,2,3\n"
    )
    cat, nothing = Truths(table)["a.png"]
    assert (cat.label, cat.boxes, nothing.label, nothing.boxes) == (
        "cat",
        [(1, 2, 4, 6)],
        None,
        [(0, 0, 1, 1)],
    )
    table.write_text("photo,mask\na.png,masks/a.png\n")
    assert Truths(table)["a.png"] == [Objects(None, mask=tmp_path / "masks" / "a.png")]
    for text, said in (
        ("photo,x0,y0,x1,y1\na.png,1,2,3,4\nb.png,1,2,3\n", "t.csv: line 3: "),
        ("photo,x0,y0,x1,y1\na.png,1,2,3,here\n", "t.csv: line 2: could not convert"),
        ("photo,x0,y0,x1\na.png,1,2,3\n", "its first line names the columns"),
        ("x0,y0,x1,y1\n1,2,3,4\n", "its first line names the columns"),
        ("photo,x0,y0,x1,y1\na.png,1,5,3,5\n", "with x0 < x1 and y0 < y1"),
        ("photo,x0,y0,x1,y1\na.png,3,2,3,5\n", "with x0 < x1 and y0 < y1"),
    ):
        table.write_text(text)
        with pytest.raises(DataError, match=said):
            Truths(table)
    table.write_bytes("photo,mask\na\xe9.png,m\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"t\.csv: this is no text in UTF-8"):
        Truths(table)
    table.write_bytes(b"\xef\xbb\xbf" + b"photo,mask\na.png,m\n")
    assert Truths(table)["a.png"]


def test_corners_of_polygons_are_three_and_not_far(tmp_path):
    of = {"image_id": 4, "category_id": 2}
    for corners in ([0, 0, 2**20, 0, 5, 5], [0, 0, 1, 0, 1, -(2**20)]):
        assert Truths(coco(tmp_path / "c.json", of | {"segmentation": [corners]}))["in/a.png"]
    for corners in ([0, 0, 2**20 + 1, 0, 5, 5], [0, 0, 1, 1]):
        with pytest.raises(DataError, match="a polygon has three corners or more"):
            Truths(coco(tmp_path / "c.json", of | {"segmentation": [corners]}))


def test_photos_of_one_name_are_told_apart_by_their_folders(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text(
        "photo,label,x0,y0,x1,y1\nx/one/a.png,p,0,0,1,1\ny/one/a.png,q,0,0,1,1\ntwo/a.png,r,0,0,1,1\n"
    )
    truth = Truths(table)
    for photo, label in (("/data/x/one/a.png", "p"), ("y/one/a.png", "q"), ("z/two/a.png", "r")):
        assert [of.label for of in truth[photo]] == [label]
    for photo in ("one/a.png", "a.png", "three/a.png"):
        with pytest.raises(DataError, match="several photos of this name"):
            truth[photo]
    table.write_text("photo,x0,y0,x1,y1\nother/a,0,0,1,1\n")
    assert len(Truths(table)["here/a.png"]) == 1, "one of that name is meant, wherever it lies"


def test_what_is_in_a_mask(tmp_path):
    values = np.array([[0, 1, 2], [100, 128, 255]], np.uint8)

    def mask(image, size=(3, 2)):
        image.save(tmp_path / "m.png")
        return mask_in(tmp_path / "m.png", size).astype(int).tolist()

    assert mask(Image.fromarray(values)) == [[0, 0, 0], [0, 1, 1]]  # brighter than 127.5
    assert mask(Image.fromarray(values // 2)) == [[0, 0, 0], [0, 1, 1]]
    assert mask(Image.fromarray(np.stack([values, 0 * values, 0 * values], -1))) == [[0, 0, 0], [0, 0, 1]]
    palette = Image.fromarray(values)
    palette = Image.frombytes("P", (3, 2), values.tobytes())
    palette.putpalette([0, 0, 0] * 256)
    assert mask(palette) == [[0, 1, 1], [1, 1, 0]]  # 255 belongs to nothing
    assert mask(Image.fromarray(values > 1)) == [[0, 0, 1], [1, 1, 1]]
    with pytest.raises(DataError, match=r"m\.png, is 3 x 2, and not as large as it"):
        mask_in(tmp_path / "m.png", (2, 3))
    (tmp_path / "m.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"m\.png, cannot be read: "):
        mask_in(tmp_path / "m.png", (3, 2))
    sum = hashlib.sha256(f"m.png {(tmp_path / 'm.png').stat().st_size}".encode())
    assert Truths(tmp_path).digest == sum.hexdigest()[:16]
    boxes = Objects(None, [(-1.5, 0.5, 1.2, 9)], [np.array([[1, 0], [2, 0], [2, 0.0]])])
    drawn, box = boxes.masks((3, 2))
    assert drawn.tolist() == [[False, True, True], [False] * 3]
    assert box.tolist() == [[True, True, False]] * 2


# --- maps that were made elsewhere


def test_files_of_maps_are_called_as_the_photos_are(tmp_path):
    for name, folder in (("b", "ours"), ("a", "ours"), ("a", "lime"), ("a", ".")):
        (tmp_path / folder).mkdir(exist_ok=True)
        np.save(tmp_path / folder / f"{name}.npy", np.full((2, 3), len(folder), np.float32))
    given = GivenMaps(tmp_path)
    assert given.names == ["given", "given lime", "given ours"] and not given.of_run
    assert given.classes("a.png") == [] and given.preprocessing is None
    found = given.of("photos/a.png", 5)
    assert {name: map[0, 0] for name, map in found.items()} == {"given": 1, "given lime": 4, "given ours": 4}
    assert list(given.of("b.jpg", None)) == ["given ours"] and given.of("c.jpg", None) == {}
    assert given.__getstate__() == {"path": tmp_path, "names": given.names}
    with pytest.raises(DataError, match="maps are given as a folder"):
        GivenMaps(tmp_path / "a.npy")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"no run in this folder, and no \.npy file"):
        GivenMaps(tmp_path / "empty")
    assert GivenMaps(tmp_path / "ours").names == ["given"]


@pytest.mark.parametrize(
    ("shape", "dtype", "found"),
    [
        ((2, 3), "f8", (2, 3)),
        ((1, 2, 3), "f4", (2, 3)),
        ((1, 1, 2, 3), "f4", (2, 3)),
        ((3, 2, 2), "f4", (3, 2, 2)),
        ((1, 3, 2, 2), "f4", (3, 2, 2)),
        ((2, 3), "u1", (2, 3)),
        ((2, 1, 2, 3), "f4", None),
        ((6,), "f4", None),
        ((2, 3), "c8", None),
    ],
)
def test_a_map_may_have_a_picture_or_a_channel_of_one(tmp_path, shape, dtype, found):
    np.save(tmp_path / "a.npy", np.arange(np.prod(shape)).reshape(shape).astype(dtype))
    given = GivenMaps(tmp_path)
    if found is None:
        with pytest.raises(DataError, match=r"a\.npy, is \(h, w\) or \(C, H, W\) of finite numbers, not \("):
            given.of("a.png", None)
        return
    map = given.of("a.png", None)["given"]
    assert map.shape == found and map.ravel().tolist() == list(range(map.size))
    assert map.dtype == {"f8": np.float64}.get(dtype, np.float32)


def test_maps_that_are_none(tmp_path):
    np.save(tmp_path / "a.npy", np.array([[0, np.nan]]))
    (tmp_path / "b.npy").write_bytes(b"no array")
    given = GivenMaps(tmp_path)
    with pytest.raises(DataError, match="of finite numbers"):
        given.of("a.png", None)
    with pytest.raises(DataError, match=r"its map, .*b\.npy, cannot be read"):
        given.of("b.png", None)


def test_maps_of_a_run_are_found_by_photo_and_class(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "settings.json").write_text("{}")
    rows = [
        {"photo": "a.png", "explained": [{"class": 7}, {"class": 3}]},
        {"photo": str(tmp_path / "b.png"), "explained": [{"class": 3}, {"class": None}]},
    ]
    arrays = {m: np.arange(2 * 2 * 4).reshape(2, 2, 2, 2) + 100 * k for k, m in enumerate(("cam", "lrp"))}
    run = SimpleNamespace(methods=["cam", "lrp"], rows=rows, array=lambda m: arrays[m])
    monkeypatch.setattr("gradcam.measure.own.given.read_run", lambda path: run)
    given = GivenMaps(tmp_path)
    assert given.names == ["given cam", "given lrp"]
    assert given.classes("a.png") == [7, 3] and given.classes("b.png") == [3] and given.classes("c.png") == []
    found = given.of("a.png", 3)
    assert {name: map.tolist() for name, map in found.items()} == {
        "given cam": [[4, 5], [6, 7]], "given lrp": [[104, 105], [106, 107]]
    }  # fmt: skip
    assert given.of("b.png", 3)["given cam"].tolist() == [[8, 9], [10, 11]]
    assert given.of("b.png", 7) == given.of("c.png", 3) == {}


# --- one photo measured, without a network


@pytest.fixture
def measured(tmp_path):
    """A photo of 6 x 4 pixels with two cats and a dog, and maps of two libraries."""
    Image.fromarray(np.arange(72, dtype=np.uint8).reshape(4, 6, 3)).save(tmp_path / "a.png")
    (tmp_path / "t.csv").write_text(
        "photo,label,x0,y0,x1,y1\na.png,cat,0,0,2,1\na.png,dog,5,3,6,4\na.png,cat,3,2,4,4\n"
    )
    maps = tmp_path / "maps"
    for folder in ("one", "two"):
        (maps / folder).mkdir(parents=True)
    one, two = np.zeros((4, 6)), np.zeros((4, 6))
    one[2, 3], one[0, 5] = 3, 1
    np.save(maps / "one" / "a.npy", one)
    np.save(maps / "two" / "a.npy", two)
    np.save(maps / "two" / "b.npy", two)
    return tmp_path, MeasureTask(
        None, ("pointing_game", "energy_pointing_game"), (), Truths(tmp_path / "t.csv"), GivenMaps(maps)
    )


def test_a_row_for_each_label(measured):
    folder, task = measured
    done = task(3, str(folder / "a.png"))
    row = done.row
    assert (row["width"], row["height"], row["error"], len(row["sha256"])) == (6, 4, None, 64)
    cat, dog = row["measured"]
    assert (cat["name"], dog["name"], cat["class"], cat["rank"]) == ("cat", "dog", None, None)
    assert (cat["area"], dog["area"]) == (round(4 / 24, 6), round(1 / 24, 6))
    assert cat["values"]["given one"] == {"hit": 1, "energy": 0.75}
    assert dog["values"]["given one"] == {"hit": 0, "energy": 0}
    assert cat["values"][RANDOM]["hit"] == round(4 / 24, 6) and cat["values"][CENTRE]["hit"] == 1
    assert cat["zero"] == ["given two"] and cat["failed"] == {}
    (folder / "maps" / "one" / "a.npy").unlink()
    np.save(folder / "maps" / "one" / "b.npy", np.ones((4, 6)))
    cat, _ = MeasureTask(None, task.measures, (), task.truth, GivenMaps(folder / "maps"))(
        3, str(folder / "a.png")
    ).row["measured"]
    assert cat["failed"] == {"given one": "no map was given"} and set(cat["values"]) == {
        RANDOM, CENTRE, "given two"
    }  # fmt: skip


def test_what_is_wrong_with_a_photo_is_said_in_its_row(measured, monkeypatch):
    folder, task = measured
    photo = str(folder / "a.png")
    (folder / "t.csv").write_text("photo,x0,y0,x1,y1\nb.png,0,0,1,1\n")
    other = MeasureTask(None, task.measures, (), Truths(folder / "t.csv"), task.given)
    known = {key: task(0, photo).row[key] for key in ("sha256", "width", "height")}
    assert other(0, photo).row == empty(photo) | known | {"error": "t.csv says nothing of it"}
    for error, said in (
        (MemoryError(), "there is not enough memory for it"),
        (ImageError(f"{photo}: it is none"), "it is none"),
        (DataError("it"), "it"),
    ):

        def fails(self, done, error=error):
            done.row["measured"].append("half")
            raise error

        monkeypatch.setattr(MeasureTask, "_measure", fails)
        assert task(0, photo).row == empty(photo) | {"error": said}


def test_whose_class_is_measured():
    given = SimpleNamespace(preprocessing=None, classes=lambda photo: [5, 6] if photo == "a" else [])
    task = MeasureTask(None, (), given=given, classes={"cat": 2})
    of = lambda task, label, photo="a": task._classes_of(Objects(label), photo, None, None)  # noqa: E731
    assert of(MeasureTask(None, (), given=given, classes={"cat": 2}, c=9), "cat") == [9]
    assert of(task, "cat") == [2] and of(task, None) == [5, 6] and of(task, None, "b") == [None]
    assert of(MeasureTask(None, (), given=given), "cat") == [5, 6]
    assert of(MeasureTask(None, ()), "cat") == [None]


# --- what is made of the rows


def rows():
    values = {RANDOM: {"hit": 0.5}, CENTRE: {"hit": 1.0}, "saliency": {"hit": 1.0}}
    of = {"class": 3, "name": "cat", "area": 0.1, "zero": ["saliency"], "failed": {"cam": "no pooling"}}
    return [
        {"photo": "a.png", "error": None, "measured": [of | {"values": values}]},
        {"photo": "b.png", "error": "it is none", "measured": []},
        {"photo": "c.png", "error": "nor is it", "measured": []},
        {"photo": "d.png", "error": None, "measured": [
            of | {"area": 0.5, "zero": [], "values": values | {"saliency": {"hit": 0.0}}, "failed": {}}
        ]},
    ]  # fmt: skip


def test_a_line_for_each_photo_class_and_method():
    found = list(lines(rows(), ["hit"]))
    keys = ("photo", "class", "name", "method", "hit", "error")
    assert [tuple(line[key] for key in keys) for line in found] == [
        ("a.png", 3, "cat", RANDOM, 0.5, None), ("a.png", 3, "cat", CENTRE, 1.0, None),
        ("a.png", 3, "cat", "saliency", 1.0, None), ("a.png", 3, "cat", "cam", None, "no pooling"),
        ("b.png", None, None, None, None, "it is none"), ("c.png", None, None, None, None, "nor is it"),
        ("d.png", 3, "cat", RANDOM, 0.5, None), ("d.png", 3, "cat", CENTRE, 1.0, None),
        ("d.png", 3, "cat", "saliency", 0.0, None),
    ]  # fmt: skip
    assert list(found[0]) == ["photo", "class", "name", "method", "error", "hit"]


def test_a_table_is_a_list_where_there_is_no_pandas(monkeypatch):
    results = object.__new__(Results)
    results.rows, results.settings = rows(), {"measures": ["pointing_game"]}
    monkeypatch.setattr("gradcam.measure.own.results.find_spec", lambda name: None)
    assert results.table == list(lines(rows(), ["hit"]))
    monkeypatch.undo()
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    assert isinstance(results.table, pandas.DataFrame) and list(results.table["hit"])[1] == 1


def test_the_page_counts_photos_and_sets_small_objects_apart():
    settings = {"measures": ["pointing_game"], "network": {"title": "A network"}}
    parts = page(rows(), settings).split("\n\n")
    assert parts[0] == "2 photos, A network"
    share = "{:.1f} % ({:.1f} to {:.1f})".format(50, *(100 * v for v in wilson(1, 2)))
    (saliency,) = (line for line in parts[1].splitlines() if line.startswith("| saliency"))
    assert [cell.strip() for cell in saliency.split("|")[2:6]] == [share, "2", "1", "0"]
    assert parts[2] == "1 of 2 objects: less than a third of the photo" and "| 100.0 % (" in parts[3]
    assert parts[4] == "cam: no pooling"
    assert parts[5] == "2 photos could not be measured; the first: b.png: it is none\n" and len(parts) == 6
    large = rows()[3:]
    assert page(large, settings | {"network": None}).startswith("1 photos, maps made elsewhere\n\n| method")
    assert "objects" not in page(large, settings) and "objects" not in page(rows()[:1], settings)
    large[0]["measured"][0]["area"] = None
    assert "objects" not in page(large + rows()[3:], settings)


def test_what_results_depend_on_is_written_down(measured):
    folder, task = measured
    found = measure_into(folder / "out", task, [str(folder / "a.png")], also={"file": "x"})
    assert read_results(folder / "out").rows == found.rows
    settings = found.settings
    assert (settings["measures"], settings["methods"], settings["maps"]) == (list(task.measures), [], None)
    assert settings["network"] is settings["preprocessing"] is settings["shard"] is None
    assert settings["truth"] == task.truth.digest and settings["given"] == ["given one", "given two"]
    assert settings["class"] == "as the truth says, or the most probable"
    again = MeasureTask(None, task.measures, (), task.truth, task.given, c=0)
    assert measure_into(folder / "zero", again, [str(folder / "a.png")]).settings["class"] == 0
