"""A folder of results: the same bytes however it came about."""

import json
import os
import random
import resource
import shutil
import signal
import time

import numpy as np
import pytest

import gradcam
import weights
from gradcam import image
from gradcam.runs import Manner, RunError, Task, explain_into
from gradcam.runs.photos import find
from gradcam.runs.workers import DEATHS, Processes
from tests.gradcam.runs.conftest import BROKEN, COMMAND, COUNT, METHODS, contents, explain, started


def rows_of(folder):
    return [json.loads(line) for line in (folder / "rows.jsonl").read_text().splitlines()]


def test_a_row_says_what_explain_finds(photos, whole):
    net, rows = weights.load("shapes"), rows_of(whole)
    assert [os.path.basename(row["photo"]) for row in rows] == [f"{k:02d}.png" for k in range(COUNT)]
    x = image.prepare(image.read(photos / "05.png"), net.card.preprocessing)
    e = gradcam.explain(net, x, None, METHODS)
    row, c = rows[5], e.classes[0]
    assert row["top"][0]["class"] == row["explained"][0]["class"] == c == int(e.scores.argmax())
    assert np.float32(row["top"][0]["score"]) == e.scores[0, c]
    for method in METHODS:
        kept = np.load(whole / "maps" / f"{method}.npy")
        said = row["explained"][0]["maps"][method]
        assert kept.shape == (COUNT, 1, *e[method].shape[1:])
        assert np.array_equal(kept[5, 0], e[method][0]) and kept[5].any()
        assert np.float32(said["max"]) == e[method].max() and not said["zero"]
    assert (said["layer"], rows[5]["explained"][0]["maps"]["grad_cam"]["layer"]) == (None, e.layer)


def test_a_broken_photo_is_a_row_and_no_map(whole):
    rows, maps = rows_of(whole), np.load(whole / "maps" / "grad_cam.npy")
    assert [k for k, row in enumerate(rows) if row["error"]] == list(BROKEN)
    assert "not a picture" in rows[0]["error"] and "cut off" in rows[7]["error"]
    assert [k for k, map in enumerate(maps) if np.isnan(map).any()] == list(BROKEN)


def test_killed_at_any_moment_it_ends_in_the_same_bytes(photos, whole, tmp_path):
    """kill -9, of the program and its workers, at several lengths of the file of rows."""
    out, chance, kills = tmp_path / "run", random.Random(3), 0
    rows = out / "rows.jsonl"
    for _ in range(20):  # a busy machine may see the last row too late: such a run counts for nothing
        done = chance.randrange(rows.read_bytes().count(b"\n") if rows.exists() else 0, COUNT - 1)
        process = started(photos, *COMMAND, "--out", out, "--workers", 2)
        while process.poll() is None and (not rows.exists() or rows.read_bytes().count(b"\n") <= done):
            time.sleep(0.002)
        process.kill()
        process.communicate()
        if process.returncode == -signal.SIGKILL and 0 < rows.read_bytes().count(b"\n") < COUNT:
            kills += 1
        else:
            shutil.rmtree(out)
        if kills == 3:
            break
    assert kills == 3
    with open(rows, "ab") as file:  # the beginning of a line
        file.write(b'{"photo": "')
    status, said = explain(photos, *COMMAND, "--out", out, "--workers", 2)
    assert status == 0, said
    assert contents(out) == contents(whole)
    timings = [json.loads(line)["photo"] for line in (out / "timings.jsonl").read_text().splitlines()]
    assert timings == [row["photo"] for row in rows_of(whole)]


def test_a_worker_that_is_killed_is_replaced(photos, whole, tmp_path):
    task = Task(weights.load("shapes"), METHODS)

    def unlucky(task, todo):
        with Processes(task, 2) as pool:
            for k, (number, photo) in enumerate(todo):
                found = pool.submit(number, photo)
                if k in (3, 4, 11):
                    pool.all[-1].process.kill()
                yield found.result()
            assert len(pool.all) > 2

    explain_into(tmp_path / "run", task, find([photos]), Manner(by=unlucky))
    assert contents(tmp_path / "run") == contents(whole)


class Deadly:
    """A network at whose sight processes die."""

    def __call__(self, number, photo):
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_photo_that_kills_its_workers_is_given_up():
    with Processes(Deadly(), 1) as pool:
        found = pool.submit(0, "a.png").result()
        assert "died" in found.error and found.row["photo"] == "a.png" and len(pool.all) == DEATHS
        with pytest.raises(RunError, match="died"):
            found["grad_cam"]


def test_a_changed_setting_is_refused_with_what_changed(photos, whole):
    before = contents(whole)
    for words, what in [
        (["--layer", "relu3_1"], "layer was relu4_2, and is relu3_1"),
        (["--class", "star"], "classes was the most probable, and is 4"),
        (["--dtype", "float16"], "maps dtype was float32, and is float16"),
    ]:
        status, said = explain(photos, *COMMAND, "--out", whole, *words)
        assert status == 2 and what in said and said.count("\n") == 1
    status, said = explain(photos / "03.png", *COMMAND, "--out", f"{whole}/")
    assert status == 2 and f"photos count was {COUNT}, and is 1" in said
    assert contents(whole) == before


def test_a_finished_run_is_left_as_it_is(photos, whole):
    before = contents(whole, but=())
    status, said = explain(photos, *COMMAND, "--out", whole)
    assert status == 0 and f"{COUNT} photos; {len(BROKEN)} could not" in said
    assert contents(whole, but=()) == before


def test_only_one_process_writes_into_a_folder(photos, tmp_path):
    task, paths = Task(weights.load("shapes"), METHODS), find([photos / "03.png", photos / "04.png"])

    def another(task, todo):
        with pytest.raises(RunError, match="another process"):
            explain_into(tmp_path, task, paths)
        yield from (task(*one) for one in todo)

    assert explain_into(tmp_path, task, paths, Manner(by=another)).done == 2


def test_other_folders_are_not_written_into(photos, tmp_path):
    (tmp_path / "thesis.tex").write_text("precious")
    status, said = explain(photos, *COMMAND, "--out", tmp_path)
    assert status == 2 and "there are files in this folder" in said
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]
    status, said = explain(photos, *COMMAND, "--out", tmp_path / "thesis.tex")
    assert status == 2 and "this is no folder" in said
    status, said = explain(photos, *COMMAND, "--out", "/proc/none/run")
    assert status == 2 and "results cannot be written there" in said and said.count("\n") == 1


def test_a_disk_that_fills_is_one_sentence_and_no_loss(photos, whole, tmp_path):
    """A limit on the length of files stands for it: the kernel refuses a part of a write, then all."""
    limit = (whole / "maps" / "saliency.npy").stat().st_size // 2 + 1000

    def little():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    out = tmp_path / "run"
    status, said = explain(photos, *COMMAND, "--out", out, "--workers", 1, preexec_fn=little)
    done = len(rows_of(out))
    assert status == 2 and 0 < done < COUNT and said.count("\n") == 1
    assert f"can no longer be written: File too large; {done} of {COUNT} photos are done" in said
    status, said = explain(photos, *COMMAND, "--out", out, "--workers", 1)
    assert status == 0 and contents(out) == contents(whole)


def test_rows_that_are_none_are_said(photos, tmp_path):
    task, one = Task(weights.load("shapes"), ("grad_cam",)), find([photos / "03.png"])
    explain_into(tmp_path, task, one)
    (tmp_path / "rows.jsonl").write_text("[1]\n")
    with pytest.raises(RunError, match=r"rows.jsonl: a line of it is no row of a run"):
        explain_into(tmp_path, task, one)


def test_half_precision_at_the_size_of_the_photo(photos, whole, tmp_path):
    net, one = weights.load("shapes"), find([photos / "03.png"])
    explain_into(tmp_path, Task(net, ("grad_cam",), size="photo", dtype="float16"), one)
    kept = np.load(tmp_path / "maps" / "grad_cam.npy")
    coarse = np.load(whole / "maps" / "grad_cam.npy")[3]
    assert kept.shape == (1, 1, 96, 96) and kept.dtype == np.float16
    assert np.array_equal(kept[0], gradcam.upsample(coarse, (96, 96)).astype(np.float16))


def test_a_method_that_does_not_fit_is_said_at_once(photos, tmp_path):
    words = ["--network", "squeezenet", "--method", "cam", "--out", tmp_path / "run"]
    status, said = explain(photos, *words)
    assert status == 2 and "CAM needs a network that ends in" in said and not (tmp_path / "run").exists()
