"""Which photos are meant, and explaining them one after the other."""

import io
import os
import sys

import numpy as np
import pytest

import gradcam
import minicnn
import weights
from gradcam.asking import AskError
from gradcam.runs import RunError
from gradcam.runs.photos import block, find
from tests.gradcam.runs.conftest import BROKEN, explain


@pytest.fixture
def tree(tmp_path):
    for name in ("b.jpg", "a.PNG", "notes.txt", ".hidden.png", "in/c.webp", "run/panels/d.png", "odd"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"-")
    return tmp_path


def names(folder, found):
    return [os.path.relpath(path, folder) for path in found]


def test_folders_files_and_patterns_each_photo_once_in_order(tree):
    everything = ["a.PNG", "b.jpg", "in/c.webp", "run/panels/d.png"]
    assert names(tree, find([tree])) == everything
    assert names(tree, find([tree], but=tree / "run")) == everything[:3]
    assert names(tree, find([tree / "odd", f"{tree}/./b.jpg", tree], tree / "run")) == [
        "odd", "b.jpg", "a.PNG", "in/c.webp",
    ]  # fmt: skip
    assert names(tree, find([f"{tree}/**/*.[jw]*"])) == ["b.jpg", "in/c.webp"]


def test_links_that_lead_nowhere_or_back_are_photos_that_fail(tree):
    for name, to in [("self.png", "self.png"), ("gone.png", "nowhere"), ("in/up", tree)]:
        os.symlink(to, tree / name)
    found = find([tree], but=tree / "run")
    assert names(tree, found) == ["a.PNG", "b.jpg", "gone.png", "self.png", "in/c.webp"]


def test_lists_in_a_file_and_on_standard_input(tree, monkeypatch):
    (tree / "list").write_text(f"{tree}/b.jpg\r\n\n{tree}/gone.jpg\n")
    assert names(tree, find([f"@{tree}/list"])) == ["b.jpg", "gone.jpg"]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(f"{tree}/a\nb\0{tree}/b.jpg\0".encode())))
    assert names(tree, find(["-"])) == ["a\nb", "b.jpg"]


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("gone.jpg", "no such file or folder"),
        ("none*.jpg", "no file fits"),
        ("in/empty", "no picture in this folder"),
        ("@gone", "this list cannot be read"),
        ("@nothing", "is empty"),
        ("@b.jpg", "this is a picture, and no list"),
    ],
)
def test_a_word_that_means_nothing_is_said(tree, monkeypatch, word, said):
    (tree / "in/empty").mkdir()
    (tree / "nothing").write_text("\n")
    monkeypatch.chdir(tree)
    with pytest.raises(AskError, match=said):
        find([word])


def test_blocks_are_all_photos_each_once():
    for count in (0, 1, 5, 24, 1001):
        for n in (1, 3, 4):
            blocks = [block(count, (k, n)) for k in range(1, n + 1)]
            assert [i for b in blocks for i in b] == list(range(count))
            assert max(map(len, blocks)) - min(map(len, blocks)) <= 1


def test_one_after_the_other_in_this_process_and_in_two(photos):
    net = weights.load("shapes")
    alone = list(gradcam.explain_many(net, photos, "grad_cam", classes=["star", 1]))
    both = list(gradcam.explain_many(net, photos, "grad_cam", classes=["star", 1], workers=2))
    assert [k for k, e in enumerate(alone) if e.error] == list(BROKEN)
    for a, b in zip(alone, both, strict=True):
        assert (a.photo, a.row) == (b.photo, b.row)
        if a.error:
            with pytest.raises(RunError, match="no map of this photo"):
                a["grad_cam"]
            continue
        assert a.maps["grad_cam"].shape == (2, 12, 12) and a["grad_cam"].tobytes() == b["grad_cam"].tobytes()
        assert np.array_equal(a.scores, b.scores) and [c["class"] for c in a.row["explained"]] == [4, 1]


def test_an_error_of_the_task_ends_the_run(photos):
    with pytest.raises(gradcam.asking.AskError, match="there is no class 'unicorn'"):
        list(gradcam.explain_many(weights.load("shapes"), photos, "grad_cam", ["unicorn"], workers=2))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"size": "pixel"}, "size is one of layer, photo, not 'pixel'"),
        ({"dtype": "int8"}, "dtype is one of float32, float16, not 'int8'"),
        ({"workers": 0}, "workers are a number of processes, from 1, not 0"),
        ({"workers": "2"}, "workers are a number of processes, from 1, not '2'"),
        ({"photos": 5}, "photos are files, folders, patterns or lists of them, not 5"),
        ({"photos": []}, "no photo was given: name files, folders, patterns or lists of them"),
    ],
)
def test_what_cannot_be_meant_is_said_before_the_first_photo(photos, asked, said):
    with pytest.raises(minicnn.Error, match=said):
        gradcam.explain_many(weights.load("shapes"), **{"photos": photos, **asked})


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["PHOTOS"], "photos are explained into a folder: add --out"),
        (["PHOTOS/03.png", "--workers", "2"], "--workers is for many photos"),
        (["PHOTOS/03.png", "--shard", "5/4", "--out", "x/"], "a part is K/N"),
    ],
)
def test_half_of_what_is_needed_is_said(photos, words, said):
    status, told = explain(*(word.replace("PHOTOS", str(photos)) for word in words))
    assert status == 2 and said in told and told.count("\n") == 1
