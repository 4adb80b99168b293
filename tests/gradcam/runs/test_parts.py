"""A run in parts, and reading a run back."""

import json
import os
import shutil

import numpy as np
import pytest

import gradcam
import weights
from gradcam.runs import Manner, RunError, Task, explain_into
from gradcam.runs.merging import merge
from gradcam.runs.photos import find
from gradcam.runs.table import lines
from tests.gradcam.runs.conftest import BROKEN, COUNT, METHODS, contents, explain


@pytest.fixture(scope="module")
def parts(photos):
    """Four shards, made in any order."""
    place, task = photos.parent / "parts", Task(weights.load("shapes"), METHODS)
    for k in (3, 1, 4, 2):
        explain_into(place, task, find([photos]), Manner(shard=(k, 4)))
    return place


def test_four_shards_merged_are_the_whole(whole, parts):
    assert not contents(parts)
    assert merge([parts]) == parts and contents(parts) == contents(whole)
    assert merge([parts]) == parts and contents(parts) == contents(whole)
    timings = [json.loads(line)["photo"] for line in (parts / "timings.jsonl").read_text().splitlines()]
    assert len(timings) == len(set(timings)) == COUNT


def test_shards_from_several_folders(whole, parts, tmp_path):
    for k, folder in [(1, "a"), (2, "b"), (3, "a"), (4, "a")]:
        shutil.copytree(parts / "shards" / f"{k}-of-4", tmp_path / folder / "shards" / f"{k}-of-4")
    found = merge([tmp_path / "a", tmp_path / "b"], tmp_path / "out")
    assert contents(found) == contents(whole)
    with pytest.raises(RunError, match="missing: 2/4"):
        merge([tmp_path / "a"])
    with pytest.raises(RunError, match="both shard 1 of 4"):
        merge([tmp_path / "a", parts], tmp_path / "out")
    rows = tmp_path / "b" / "shards" / "2-of-4" / "rows.jsonl"
    rows.write_bytes(rows.read_bytes()[:-9])
    with pytest.raises(RunError, match="5 of 6 photos are done: let it go on first, with --shard 2/4"):
        merge([tmp_path / "a", tmp_path / "b"], tmp_path / "out")


def test_a_shard_of_which_every_photo_failed_is_nothing_but_nan(photos, tmp_path):
    paths = [str(tmp_path / f"{k}.png") for k in range(4)]
    shutil.copy(photos / "03.png", paths[3])
    task = Task(weights.load("shapes"), ("grad_cam",), panels=4)
    explain_into(tmp_path / "whole", task, paths)
    for k in (1, 2):
        explain_into(tmp_path / "parts", task, paths, Manner(shard=(k, 2)))
    assert contents(merge([tmp_path / "parts"])) == contents(tmp_path / "whole")
    maps = np.load(tmp_path / "parts" / "maps" / "grad_cam.npy")
    assert np.isnan(maps[:3]).all() and maps[3].max() > 0


def test_a_run_is_read_back(photos, whole):
    run, net = gradcam.read_run(whole), weights.load("shapes")
    alone = list(gradcam.explain_many(net, photos, METHODS))
    assert len(run.maps) == COUNT - len(BROKEN) and run.methods == list(METHODS)
    for e in alone:
        if e.error:
            with pytest.raises(RunError, match="there is no map of it"):
                run.maps[e.photo]
            assert e.photo not in run.maps
        else:
            assert all(np.array_equal(run.maps[e.photo][m], e.maps[m]) for m in METHODS)
    assert run.array("grad_cam").shape == (COUNT, 1, 12, 12) and isinstance(run.array("grad_cam"), np.memmap)
    assert run.rows == [e.row for e in alone]
    with pytest.raises(RunError, match="no maps of 'lrp'"):
        run.array("lrp")
    with pytest.raises(KeyError, match=rf"no photo is called '03.png'; there is {alone[3].photo}, say"):
        run.maps["03.png"]
    with pytest.raises(KeyError, match="no maps of 'lrp'; there is grad_cam"):
        run.maps[alone[3].photo]["lrp"]


def test_its_table_has_a_line_for_each_photo_and_class(photos, tmp_path):
    explain_into(tmp_path, Task(weights.load("shapes"), ("grad_cam",), (4, 1)), find([photos])[:3])
    table = gradcam.read_run(tmp_path).table
    table = table if isinstance(table, list) else table.to_dict("records")
    assert [line["class"] for line in table][1:] == [4, 1, 4, 1] and "not a picture" in table[0]["error"]
    row = gradcam.read_run(tmp_path).rows[1]
    assert table[2]["grad_cam_max"] == row["explained"][1]["maps"]["grad_cam"]["max"]
    assert table[2]["seen_name"] == row["top"][0]["name"]


def test_an_unfinished_run_is_read_too(photos, whole, tmp_path):
    paths = find([photos])

    def five(task, todo):
        yield from (task(*one) for _, one in zip(range(5), todo))
        raise RunError("enough")

    with pytest.raises(RunError, match="enough"):
        explain_into(tmp_path, Task(weights.load("shapes"), METHODS), paths, Manner(by=five))
    run = gradcam.read_run(tmp_path)
    assert len(run.rows) == 5 and run.array("saliency").shape[0] == 5
    assert np.array_equal(run.maps[paths[3]]["saliency"], gradcam.read_run(whole).maps[paths[3]]["saliency"])


def test_rows_as_parquet(photos, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet", reason="pip install 'minicnn-gradcam[tables]'")
    odd = os.fsdecode(os.fsencode(tmp_path) + b"/\xff.png")  # a name that is no text
    explain_into(tmp_path, Task(weights.load("shapes"), ("grad_cam",)), [*find([photos])[:4], odd])
    found = parquet.read_table(tmp_path / "rows.parquet").to_pylist()
    assert found == list(lines(gradcam.read_run(tmp_path).rows, ["grad_cam"]))
    assert {line["photo"] for line in found} >= {str(photos / "03.png"), f"{tmp_path}/\\udcff.png"}
    assert len(found) == 5 and found[3]["grad_cam_zero"] is False and found[0]["grad_cam_max"] is None


def test_what_is_no_run_is_said(tmp_path):
    with pytest.raises(RunError, match="no folder of results"):
        gradcam.read_run(tmp_path)
    with pytest.raises(RunError, match="there are no shards in it"):
        merge([tmp_path])
    status, said = explain(tmp_path / "none.png", "--out", f"{tmp_path}/")
    assert status == 2 and "no such file or folder" in said
