"""What stands in a run's files, number by number: rows, tables, settings, blocks of maps, panels."""

import errno
import io
import json
from concurrent.futures import Future
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from gradcam import Target
from gradcam.asking import AskError
from gradcam.runs import RunError, backends, panels, reading, record, settings, sheet
from gradcam.runs import table as tables
from gradcam.runs.arrays import GrowingArray, blocks, described
from gradcam.runs.folder import Folder, opened
from gradcam.runs.layout import map_file
from gradcam.runs.lines import grown, line_of, put, rows_in, whole
from gradcam.runs.merging import errors_in
from gradcam.runs.photos import find, several
from gradcam.runs.reading import read_run
from gradcam.runs.task import Explained, Task
from gradcam.runs.workers import in_order
from weights.cards import Preprocessing

SCORES = np.array([[3.0, 5.0, -1.0, 5.0, 0.25, 4.0, 1.0]])
NAMES = ("ant", "bee", "cat", "dog", "elk", "fox")


def explanation(**other):
    """Seven classes, of which six have names; two have the largest score."""
    probabilities = np.exp(SCORES) / np.exp(SCORES).sum()
    return SimpleNamespace(**{
        "scores": SCORES, "probabilities": probabilities, "card": SimpleNamespace(classes=NAMES),
        "classes": [1, 6], "target": Target.of, "layer": "relu4", "unit_layer": "pool5", **other,
    })  # fmt: skip


# --- rows


def test_the_numbers_of_a_map():
    map = np.zeros((4, 5))
    map[1, 3], map[2, 0] = 2.5, -3
    assert record.numbers(map) == {"min": -3, "max": 2.5, "zero": False, "peak": [0.1, 0.625]}
    colours = np.zeros((3, 4, 5))
    colours[0, 3, 4], colours[2, 0, 1], colours[1, 0, 1] = 1, -1.5, 0.25
    assert record.numbers(colours) == {"min": -1.5, "max": 1, "zero": False, "peak": [0.3, 0.125]}
    assert record.numbers(0 * map) == {"min": 0, "max": 0, "zero": True, "peak": None}
    assert record.numbers(np.full((1, 3), 1 / 3))["max"] == 0.333333333


def test_the_top_five_and_what_was_explained():
    e = explanation()
    top = record.seen(e)
    assert [(c["class"], c["name"], c["score"]) for c in top] == [
        (1, "bee", 5), (3, "dog", 5), (5, "fox", 4), (0, "ant", 3), (6, None, 1),
    ]  # fmt: skip
    assert top[2]["probability"] == pytest.approx(np.exp(4) / np.exp(SCORES).sum(), rel=1e-8)
    assert record.seen(explanation(scores=SCORES[..., None])) == []
    kept = {"grad_cam": np.array([[[1.0, 0]], [[0, 2.0]]]), "deconvnet": np.ones((2, 1, 2))}
    first, second = record.explained(e, kept)
    assert (first["class"], first["name"], second["class"], second["name"]) == (1, "bee", 6, None)
    assert first["maps"]["grad_cam"] == {
        "layer": "relu4",
        "min": 0,
        "max": 1,
        "zero": False,
        "peak": [0.25, 0.5],
    }
    assert second["maps"]["grad_cam"]["peak"] == [0.75, 0.5]
    assert second["maps"]["deconvnet"]["layer"] == "pool5"
    kept = {"gradient": np.ones((2, 1, 2)), "cam": np.ones((2, 1, 2))}
    assert {m: said["layer"] for m, said in record.explained(e, kept)[0]["maps"].items()}["gradient"] is None
    difference = Target.score(3) - Target.score(6)
    (row,) = record.explained(explanation(classes=[difference]), {})
    assert row["name"] == difference.said(lambda k: {3: "dog", 6: "class 6"}[k]) and "dog" in row["name"]
    assert row["class"] is row["score"] is row["probability"] is None
    (row,) = record.explained(explanation(probabilities=None, classes=[Target.score(2)]), {})
    assert (row["class"], row["score"], row["probability"]) == (2, -1, None)


ROW = {
    "photo": "a\udcff.png", "sha256": "12", "width": 6, "height": 4, "panel": "panels/000001.jpg",
    "error": None, "top": [{"class": 2, "name": "cat", "score": 7.0, "probability": 0.75}, {"class": 9}],
    "explained": [
        {"class": 0, "name": None, "score": 1.0, "probability": 0.125, "maps": {
            "grad_cam": {"layer": "relu4", "min": 0.0, "max": 2.0, "zero": False, "peak": [0.1, 0.9]},
            "gradient": {"layer": None, "min": 0.0, "max": 0.0, "zero": True, "peak": None}}},
        {"class": 2, "name": "cat", "score": 7.0, "probability": 0.75, "maps": {}},
    ],
}  # fmt: skip
FAILED = {**record.empty("b.png"), "error": "it is cut off"}


def test_a_line_of_the_table_for_each_class():
    one, two, three = tables.lines([ROW, FAILED], ["grad_cam", "gradient"])
    assert one == {
        "photo": "a\\udcff.png", "sha256": "12", "width": 6, "height": 4, "error": None,
        "panel": "panels/000001.jpg", "seen_class": 2, "seen_name": "cat", "seen_score": 7.0,
        "seen_probability": 0.75, "class": 0, "name": None, "score": 1.0, "probability": 0.125,
        "grad_cam_layer": "relu4", "grad_cam_min": 0.0, "grad_cam_max": 2.0, "grad_cam_zero": False,
        "grad_cam_x": 0.1, "grad_cam_y": 0.9, "gradient_layer": None, "gradient_min": 0.0,
        "gradient_max": 0.0, "gradient_zero": True, "gradient_x": None, "gradient_y": None,
    }  # fmt: skip
    assert (two["class"], two["name"], two["grad_cam_max"]) == (2, "cat", None)
    assert {k: v for k, v in three.items() if v is not None} == {"photo": "b.png", "error": "it is cut off"}
    assert list(one) == list(two) == list(three) == list(tables.columns(["grad_cam", "gradient"]))
    kinds = tables.columns(["m"])
    assert "".join(kind[0] for kind in kinds.values()) == "ssiiss" + "isdd" * 2 + "sddbdd"


def test_a_table_of_a_single_line_is_written(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet", reason="pip install 'minicnn-gradcam[tables]'")
    line = {"a": "x" * 5000, "n": 3}
    tables.as_parquet(tmp_path / "t.parquet", {"a": "string", "n": "int64"}, [line])
    assert parquet.read_table(tmp_path / "t.parquet").to_pylist() == [line]


def test_a_photo_on_the_contact_sheet():
    found = sheet._photo(ROW)
    assert found == {
        "photo": "a\udcff.png", "panel": "panels/000001.jpg", "error": None, "seen": "cat",
        "classes": [{"name": "class 0", "p": 0.125, "zero": ["Gradient"]},
                    {"name": "cat", "p": 0.75, "zero": []}],
    }  # fmt: skip
    assert sheet._photo(FAILED)["seen"] is None and sheet._photo(FAILED)["classes"] == []


# --- settings


CARD = SimpleNamespace(
    name="net", title="A net", classes=NAMES[:2], layer="relu4", unit_layer="pool5",
    preprocessing=Preprocessing(),
)  # fmt: skip


def task(**other):
    W = np.arange(3, dtype=np.float32)
    net = SimpleNamespace(card=CARD, arrays=lambda: {"b": W[:1], "a": W})
    return Task(net, ("grad_cam", "saliency"), **other)


def test_what_the_settings_say():
    found = settings.settings_of(task(panels=12), ["a.png", "b.png"], (2, 3), {"file": "f.onnx"})
    assert found["network"].pop("weights") == settings.digest(task().net) and len(found["preprocessing"]) > 3
    assert found["network"] == {"name": "net", "title": "A net", "file": "f.onnx"}
    assert (found["classes"], found["layer"], found["unit_layer"]) == ("the most probable", "relu4", "pool5")
    assert found["maps"] == {"size": "layer", "dtype": "float32"} and found["methods"] == [
        "grad_cam",
        "saliency",
    ]
    assert (found["panels"], found["shard"], found["allow"]) == (2, [2, 3], [])
    assert found["photos"] == settings.of_photos(["a.png", "b.png"]) != settings.of_photos(["b.png", "a.png"])
    assert found["photos"]["count"] == 2
    chosen = (1, Target.score(0) - Target.score(5))
    found = settings.settings_of(
        task(classes=chosen, layer="l", unit_layer="u", panels=1), ["a.png", "b.png"]
    )
    assert found["classes"] == [1, chosen[1].said(lambda k: {0: "ant", 5: "class 5"}[k])]
    assert (found["layer"], found["unit_layer"], found["panels"], found["shard"]) == ("l", "u", 1, None)


def test_a_digest_knows_names_values_shapes_and_precision():
    def digest(**arrays):
        return settings.digest(SimpleNamespace(arrays=lambda: arrays))

    W = np.arange(6.0)
    all_others = [digest(a=W, c=W), digest(a=W), digest(a=W, b=W + 1), digest(a=W, b=W.reshape(2, 3)),
                  digest(a=W, b=W.view(np.int64))]  # fmt: skip
    mine = digest(a=W, b=W)
    assert mine == digest(b=W, a=W) and mine not in all_others and len(mine) == 16
    assert len(set(all_others)) == 5
    assert digest(a=np.asfortranarray(W.reshape(2, 3))) == digest(a=W.reshape(2, 3))


def test_settings_that_changed_are_named(tmp_path):
    before = {"methods": ["grad_cam"], "photos": {"count": 3}, "shard": None, "maps": {"a": {"b": 1}}}
    (tmp_path / "settings.json").write_bytes(settings.written(before))
    assert settings.read(tmp_path) == before
    settings.check_same(tmp_path, before)
    now = {
        "methods": ["grad_cam", "cam"],
        "photos": {"count": 3},
        "shard": None,
        "maps": {"a": {"b": 2}},
        "x": "y" * 99,
    }
    with pytest.raises(RunError) as error:
        settings.check_same(tmp_path, now)
    said = str(error.value).split("otherwise: ")[1].split(". Name")[0].split("; ")
    assert said == ["methods was grad_cam, and is grad_cam, cam", "maps a b was 1, and is 2",
                    f"x was None, and is {'y' * 77}..."]  # fmt: skip
    assert [len(settings._said("y" * n)) for n in (79, 80, 81)] == [79, 80, 80]
    assert settings._said("y" * 80).endswith("y...") and settings._said(["a", 1]) == "a, 1"
    for missing in before:
        (tmp_path / "settings.json").write_text(json.dumps({k: v for k, v in before.items() if k != missing}))
        with pytest.raises(RunError, match="no folder of results"):
            settings.read(tmp_path)


# --- files


def test_a_growing_array_is_a_npy_file(tmp_path):
    path = tmp_path / "m.npy"
    array = GrowingArray(path, (3, 2, 2), "float32")
    array.write(1, np.arange(4.0).reshape(2, 2).T)
    array.write(0, None)
    with pytest.raises(RunError, match=r"m.npy: a map of \(4,\) does not fit those before it, \(2, 2\)"):
        array.write(2, np.zeros(4))
    assert described(path) == ((3, 2, 2), np.dtype("float32"), 128) and len(blocks(path, 2)) == 2
    array.write(2, np.full((2, 2), 7.0))
    array.close()
    found = np.load(path)
    assert found.dtype == np.float32 and np.isnan(found[0]).all() and found[1].tolist() == [[0, 2], [1, 3]]
    assert (found[2] == 7).all() and len(blocks(path, 5)) == 3 and array.file.closed
    for other in (np.zeros((2, 2), int), np.asfortranarray(np.zeros((2, 3))), np.float32(1)):
        np.save(path, other)
        with pytest.raises(RunError, match="these are no maps of a run"):
            described(path)


def test_lines_that_are_whole(tmp_path):
    path = tmp_path / "rows.jsonl"
    assert list(whole(path)) == [] and line_of({"b": 1.5, "a": None}) == b'{"b":1.5,"a":null}\n'
    for text, most, kept in ((b"1\n22\n333", 5, b"1\n22\n"), (b"1\n22\n333\n", 1, b"1\n"), (b"1\n", 0, b"")):
        path.write_bytes(text)
        with grown(path, most) as file:
            put(file, b"new")
        assert path.read_bytes() == kept + b"new"
    rows = [{"photo": "a", "error": None}, {"photo": "b", "error": "none"}, {"photo": "c", "error": "none"}]
    path.write_bytes(b"".join(map(line_of, rows)) + b'{"photo": "d"')
    assert list(rows_in(path)) == rows and errors_in(tmp_path) == (3, 2)
    for wrong in ({"photo": 1, "error": None}, {"photo": "a"}, ["photo", "error"]):
        path.write_bytes(json.dumps(wrong).encode() + b"\n")
        with pytest.raises(RunError, match="no rows of a run"):
            list(rows_in(path))


def test_what_is_written_in_part_is_written_on():
    written = []

    def some(data):
        written.append(bytes(data[:3]))
        return min(len(data), 3)

    put(SimpleNamespace(write=some), b"abcdefgh")
    assert written == [b"abc", b"def", b"gh"]
    with pytest.raises(OSError) as error:
        put(SimpleNamespace(write=lambda data: 0), b"a")
    assert error.value.errno == errno.ENOSPC


def test_a_folder_that_began_with_photos_that_failed(tmp_path, monkeypatch):
    """The arrays come with the first map, and have a place for those before it; who goes on finds them."""
    asked = {"maps": {"dtype": "float16"}, "methods": ["a/b", "c"]}

    def ok(n):
        maps = {"a/b": np.full((1, 2), n), "c": np.full((1, 3), -n)}
        return Explained(n, f"{n}", record.empty(f"{n}"), maps, times={"read": 0.1234567})

    def failed(n):
        return Explained(n, f"{n}", {**record.empty(f"{n}"), "error": "no"})

    folder = Folder(tmp_path, asked, 0, 4)
    folder.add(failed(0)), folder.add(failed(1))
    assert (folder.done, folder.errors, folder.arrays) == (2, 2, {})
    folder.close()
    folder = Folder(tmp_path, asked, 0, 4)
    assert (folder.done, folder.errors, folder.arrays) == (2, 2, {})
    folder.add(ok(2))
    folder.close()
    folder = Folder(tmp_path, asked, 0, 4)
    assert (folder.done, folder.errors, set(folder.arrays)) == (3, 2, {"a/b", "c"})
    folder.add(ok(3))
    folder.close()
    assert map_file("a/b") == "a%2Fb.npy" and folder.rows.closed and folder.arrays["c"].file.closed
    first, second = (np.load(tmp_path / "maps" / map_file(m)) for m in ("a/b", "c"))
    assert first.shape == (4, 1, 2) and second.shape == (4, 1, 3) and first.dtype == np.float16
    assert (
        np.isnan(first[:2]).all() and first[2:, 0, 0].tolist() == [2, 3] and second[3, 0].tolist() == [-3] * 3
    )
    times = [json.loads(line) for line in (tmp_path / "timings.jsonl").read_text().splitlines()]
    assert times[0] == {"photo": "0"} and times[3] == {"photo": "3", "read": 0.123457}
    (tmp_path / "settings.json").write_bytes(settings.written(asked | {"photos": {}, "shard": None}))
    run = read_run(tmp_path)
    assert list(run.maps) == ["2", "3"] and len(run.maps) == 2
    assert repr(run) == f"<Run {tmp_path}: 4 photos, 2 failed; a/b, c>"
    assert np.array_equal(run.array("a/b"), first, equal_nan=True) and run.maps["3"]["c"].tolist() == [
        [-3] * 3
    ]
    monkeypatch.setattr(reading, "find_spec", lambda name: None)  # without pandas
    assert [line["photo"] for line in run.table] == ["0", "1", "2", "3"]
    with pytest.raises(KeyError, match="no photo is called '9'; there is 0, say"):
        run.maps["9"]
    with pytest.raises(KeyError, match="no photo is called 'x/3'; there is 3, say"):
        run.maps["x/3"]


def test_a_folder_of_rows_alone(tmp_path):
    """Where no maps are asked for, as of measures, there is none, and who goes on looks for none."""
    for n in (0, 1):
        folder = Folder(tmp_path, {"maps": None, "methods": ["m"]}, 0, 2)
        assert (folder.done, folder.errors, folder.arrays) == (n, 0, {})
        folder.add(Explained(n, f"{n}", record.empty(f"{n}")))
        folder.close()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["rows.jsonl", "timings.jsonl"]


# --- photos, panels, order


def test_words_that_may_mean_several_photos(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a[1].png", "@b.png", "c.png"):
        (tmp_path / name).write_bytes(b"-")
    assert [several([w]) for w in ("c.png", "a[1].png", "gone.png")] == [False] * 3
    assert [several([w]) for w in ("-", "@list", ".", "*.png", "a[2].png", "?.png")] == [True] * 6
    assert several(["c.png", "c.png"]) and find(["a[1].png", "@b.png"]) == ["a[1].png", "@b.png"]
    (tmp_path / "list").write_bytes(b"\xef\xbb\xbfc.png\n")
    assert find(["@list"]) == ["c.png"]


def test_strips_of_panels(monkeypatch):
    """A row for each class, 192 pixels wide pictures, 4 white ones between them."""
    shades = {(1, 0): 0.0, (1, 1): 0.25, (6, 0): 0.5, (6, 1): 0.75}
    flat = lambda v: np.full((10, 20, 3), v)  # noqa: E731
    row = lambda e, c, photo, card: [SimpleNamespace(picture=flat(shades[c, k])) for k in (0, 1)]  # noqa: E731
    monkeypatch.setattr(panels.tiles, "row", row)
    page = np.asarray(Image.open(io.BytesIO(panels.strips(explanation(), None))))
    assert page.shape == (2 * 96 + 4, 2 * 192 + 4, 3)
    middles = [[int(page[top + 48, left + 96, 0]) for left in (0, 196)] for top in (0, 100)]
    assert np.abs(np.array(middles) - [[0, 64], [128, 191]]).max() <= 2
    assert page[97:99, :, 1].min() > 225 and page[48, 193:195, 1].min() > 225
    assert panels.name_of(0) == "panels/000001.jpg"
    half = panels._small(np.array([[[0.0, 0.5, 2.0], [-1.0, 0.5, 1.0]]]))
    assert half.shape == (96, 192, 3) and half[0, 0].tolist() == [0, 128, 255]
    assert panels._small(np.zeros((1, 1000, 3), np.uint8)).shape == (1, 192, 3)


def test_at_most_so_many_are_in_work():
    """What was asked first comes first, and nothing is asked long before its turn."""
    asked = []

    def submit(n):
        asked.append(n)
        done = Future()
        done.set_result(10 * n)
        return done

    found = in_order(submit, ((n,) for n in range(5)), 2)
    assert (next(found), asked) == (0, [0, 1]) and (next(found), asked) == (10, [0, 1, 2])
    assert list(found) == [20, 30, 40]


def test_what_is_kept_of_a_map():
    x = np.zeros((1, 3, 4, 4))
    small = np.arange(4.0).reshape(2, 2)
    assert task()._kept(small, x).tolist() == small.tolist()
    assert task(size="photo")._kept(small, x)[0].tolist() == [0, 0.25, 0.75, 1]
    assert task(dtype="float16")._kept(small * 21834, x).dtype == np.float16
    assert task(dtype="float16")._kept(np.array([[65504.0]]), x)[0, 0] == 65504, "its largest"
    for wrong, words in (({"size": "large"}, "layer, photo"), ({"dtype": "f4"}, "float32, float16")):
        with pytest.raises(AskError, match=f"is one of {words}, not "):
            task(**wrong)
    for large in (small * 21850, -small * 21850):
        with pytest.raises(RunError, match=r"a map reaches 6.56e\+04, more than float16 can hold"):
            task(dtype="float16")._kept(large, x)


def test_without_joblib_it_is_named(monkeypatch):
    monkeypatch.setattr(backends, "find_spec", lambda name: None)
    with pytest.raises(RunError, match="this needs the package joblib: pip install"):
        next(iter(backends.by_joblib([], None)))


@pytest.mark.parametrize("shard", [None, [1, 2]])
def test_a_run_is_finished_once_when_all_are_there_and_a_part_of_it_never(tmp_path, shard):
    asked, finished = {"maps": {"dtype": "f2"}, "methods": ["c"], "photos": "2", "shard": shard}, []
    for n in range(2):
        with opened(tmp_path, asked, 0, 2, lambda *given: finished.append(given)) as folder:
            folder.add(Explained(n, f"{n}", {**record.empty(f"{n}"), "error": "no"}))
        assert finished == ([(tmp_path, asked)] if n and not shard else [])
