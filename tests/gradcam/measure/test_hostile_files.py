"""Truths, rows and results that are not what they should be: one sentence each."""

import json

import numpy as np
import pytest
from PIL import Image

import gradcam
from gradcam.measure import DataError
from gradcam.measure.own.objects import mask_in
from gradcam.measure.own.results import Results
from gradcam.measure.own.truths import Truths
from gradcam.measure.study import rows_file
from gradcam.runs.errors import RunError
from gradcam.runs.lines import rows_in
from weights.described import card_for
from weights.errors import WeightsError

DEEP = "[" * 100_000
IMAGE = {"id": 1, "file_name": "p.png", "width": 8, "height": 8}
NOTE = {"id": 1, "image_id": 1, "category_id": 1, "segmentation": [[1, 1, 5, 1, 5, 5]], "bbox": [1, 1, 4, 4]}


def coco(tmp_path, *notes):
    path = tmp_path / "truth.json"
    kinds = [{"id": 1, "name": "a"}]
    path.write_text(json.dumps({"images": [IMAGE], "annotations": notes, "categories": kinds}))
    return path


def test_a_polygon_is_drawn(tmp_path):
    (objects,) = Truths(coco(tmp_path, NOTE))["p.png"]
    assert objects.masks((8, 8))[0].sum() == 15


@pytest.mark.parametrize(
    "polygon", [[], [1, 2], [1, 2, 3, 4], [1e300] * 6, [float("nan")] * 6, [2**21] * 6, [1] * 7]
)
def test_what_is_no_polygon(tmp_path, polygon):
    with pytest.raises(DataError):
        Truths(coco(tmp_path, NOTE | {"segmentation": [polygon]}))


@pytest.mark.parametrize("note", [3, None, NOTE | {"segmentation": None, "bbox": [10**400, 1, 1, 1]}])
def test_what_is_no_annotation(tmp_path, note):
    with pytest.raises(DataError, match="no COCO file"):
        Truths(coco(tmp_path, note))


def test_a_field_of_a_table_that_is_too_long(tmp_path):
    long = '"' + "a" * 200_000 + '"'
    for text in (f"photo,x0,y0,x1,y1\n{long},1,1,2,2\n", f"photo,{long}\n"):
        (tmp_path / "truth.csv").write_text(text)
        with pytest.raises(DataError, match=r"line \d: field larger"):
            Truths(tmp_path / "truth.csv")


def test_a_masks_size_is_asked_before_it_is_decoded(tmp_path, monkeypatch):
    Image.fromarray(np.zeros((5, 4), np.uint8)).save(tmp_path / "m.png")
    assert mask_in(tmp_path / "m.png", (4, 5)).shape == (5, 4)
    monkeypatch.setattr(Image.Image, "load", lambda self: 1 / 0)
    with pytest.raises(DataError, match="4 x 5, and not as large"):
        mask_in(tmp_path / "m.png", (5, 4))


def test_rows_nested_without_end(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text(f"{{}}\n{DEEP}\n")
    for door in (rows_file.read, lambda path: rows_file.opened(path, {})):
        with pytest.raises(DataError, match="no file of measured rows"):
            door(path)


@pytest.mark.parametrize(
    "line", [DEEP, "3", "{}", '{"photo": 3, "error": null}', '{"photo": "a"}', "NaN", "\0"]
)
def test_a_run_whose_rows_are_none(tmp_path, line):
    settings = {"methods": ["grad_cam"], "photos": {}, "shard": None, "maps": {}}
    (tmp_path / "settings.json").write_text(json.dumps(settings))
    (tmp_path / "rows.jsonl").write_text('{"photo": "a", "error": null}\n')
    assert len(list(rows_in(tmp_path / "rows.jsonl"))) == len(gradcam.read_run(tmp_path).rows) == 1
    (tmp_path / "rows.jsonl").write_text(line + "\n")
    for door in (gradcam.read_run, Results, lambda path: list(rows_in(path / "rows.jsonl"))):
        with pytest.raises(RunError, match="no rows of a run"):
            door(tmp_path)
    (tmp_path / "settings.json").write_text(DEEP)
    with pytest.raises(RunError, match="no folder of results"):
        gradcam.read_run(tmp_path)


def test_a_description_whose_key_has_a_thousand_parts(tmp_path):
    path = tmp_path / "model.toml"
    for text in ("a." * 5000 + "b = 1", '"a".' * 5000 + "b = 1", "x = {" + "a." * 5000 + "b = 1}"):
        path.write_text(text)
        with pytest.raises(WeightsError, match="a key of more than 200 parts"):
            card_for(path)
