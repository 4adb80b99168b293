"""`gradcam measure`, and the table of everything: what they print and write, and one line for what cannot be
done.
"""

import json

import numpy as np
import pytest

import weights
from gradcam.cli import main
from gradcam.measure.measures import MEASURES
from gradcam.measure.study import every_method, run
from gradcam.measure.study.plan import Subject
from tests.gradcam.measure.test_over_pictures import photos  # noqa: F401


@pytest.fixture
def small(tmp_path):
    """Random weights for a small network of ten classes."""
    net = weights.build("captum_cifar").initialise(0)
    np.savez(tmp_path / "small.npz", **{name: t.data for name, t in net.arrays().items()})
    return tmp_path / "small.npz"


def words(*more, photos, small):  # noqa: F811
    return ["measure", *more, "--network", "captum_cifar", "--weights", str(small), "--data", str(photos[0])]


def test_help_names_every_measure_and_shows_examples(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["measure", "--help"])
    out = capsys.readouterr().out
    assert all(name in out for name in MEASURES)
    assert "gradcam measure pointing_game --network squeezenet --data photos.npz" in out
    assert "box_image" in out


def test_a_table_with_baselines_and_intervals(capsys, photos, small):  # noqa: F811
    assert (
        main(
            [
                *words("pointing-game", "localisation", photos=photos, small=small),
                "--method",
                "grad-cam",
                "cam",
                "--n",
                "4",
            ]
        )
        == 0
    )
    out = capsys.readouterr().out
    assert "4 pictures, photos.npz" in out
    assert "| random point" in out and "| picture centre" in out and "| grad_cam " in out
    assert "cam: CAM needs a network that ends in global average pooling" in out
    assert out.count(" to ") >= 12


def test_all_measures_from_kept_rows_the_second_time(capsys, monkeypatch, tmp_path, photos, small):  # noqa: F811
    monkeypatch.setattr(
        run,
        "certainty",
        lambda net, data, *_: [{"number": n, "class": n, "rank": 0, "probability": 1} for n in range(8)],
    )
    options = [
        "--method",
        "grad_cam",
        "--n",
        "2",
        "--rows",
        str(tmp_path / "rows.jsonl"),
        "--out",
        str(tmp_path / "curves.png"),
    ]
    assert main([*words("all", photos=photos, small=small), *options]) == 0
    first = capsys.readouterr().out
    assert (tmp_path / "curves.png").stat().st_size > 10000
    assert {path.name for path in tmp_path.glob("rows*")} == {
        "rows_maps.jsonl",
        "rows_grid.jsonl",
        "rows_sanity.jsonl",
    }
    monkeypatch.setattr(run, "row", None)  # nothing is measured again
    assert main([*words("all", photos=photos, small=small), *options]) == 0
    assert capsys.readouterr().out == first
    for title in ("insertion, area", "grid: share in the right cell", "Spearman: one at a time"):
        assert title in first


DELETION = ["measure", "deletion", "--network", "captum_cifar"]


@pytest.mark.parametrize(("wrong", "said"), [
    (["measure", "pointing_gam", *DELETION[2:], "--world", "shapes"], "there is no measure 'pointing_gam'"),
    ([*DELETION, "--data", "nowhere.npz"], "nowhere.npz: there is no such file"),
    ([*DELETION, "--world", "shapes"], "does not know the kinds of the shapes world"),
    ([*DELETION, "--world", "shapes", "--method", "grad_cat"], "there is no method 'grad_cat'"),
    (["measure", "deletion", "--network", "captum_cifr", "--world", "shapes"], "near: captum_cifar"),
    ([*DELETION, "--world", "shapes", "--out", "c.png"], "is for the curves of sanity_check"),
    ([*DELETION, "--world", "shapes", "--method", "saliency@relu1"], "saliency looks at no layer"),
    (
        ["measure", "sanity_check", *DELETION[2:], "--world", "shapes", "--out", "x.txt"],
        "x.txt: a picture's name ends in",
    ),
])  # fmt: skip
def test_one_line_for_what_cannot_be_done(capsys, small, wrong, said):
    assert main([*wrong, "--weights", str(small)]) == 2
    err = capsys.readouterr().err
    assert said in err and err.count("\n") == 1


LAYERS = {
    "grad_cam@foo": "no layer with maps 'foo'; near: pool2",
    "grad_cam@fc1": "no map",
    "layercam@": "no layer with maps ''",
}


@pytest.mark.parametrize(("method", "said"), LAYERS.items())
def test_a_layer_is_checked_before_the_run(capsys, tmp_path, photos, small, method, said):  # noqa: F811
    assert (
        main(
            [
                *words("deletion", photos=photos, small=small),
                "--method",
                "saliency",
                method,
                "--rows",
                str(tmp_path / "rows"),
            ]
        )
        == 2
    )
    assert said in capsys.readouterr().err and not (tmp_path / "rows").exists()


def test_without_a_method_those_that_fit_the_network_are_measured(capsys, photos, small):  # noqa: F811
    assert main([*words("pointing-game", photos=photos, small=small), "--n", "2"]) == 0
    out = capsys.readouterr().out
    assert "| guided_grad_cam" in out and "| cam " not in out and "global average pooling" not in out


@pytest.mark.parametrize(("rows", "said"), [(".", "Is a directory"), ("small.npz", "left as it is")])
def test_rows_that_cannot_be_kept_are_said_in_one_line(capsys, tmp_path, photos, small, rows, said):  # noqa: F811
    before = small.read_bytes()
    assert (
        main(
            [*words("pointing-game", photos=photos, small=small), "--n", "2", "--rows", str(tmp_path / rows)]
        )
        == 2
    )
    err = capsys.readouterr().err
    assert said in err and err.count("\n") == 1 and small.read_bytes() == before


def test_a_count_is_a_number(capsys, small):
    with pytest.raises(SystemExit, match="2"):
        main([*DELETION, "--world", "shapes", "--n", "none"])
    assert "give a number from 1, not 'none'" in capsys.readouterr().err


def test_the_whole_table_by_one_command(capsys, monkeypatch, tmp_path, photos, small):  # noqa: F811
    n = {"maps": 3, "passes": 1, "grid": 2, "grid_occlusion": 1, "sanity": 1}
    subject = Subject("captum_cifar", small.name, photos[0].name, "Noise.", ("grad_cam@relu1",), n)
    monkeypatch.setattr(every_method, "SUBJECTS", (subject,))
    monkeypatch.setattr(
        run,
        "certainty",
        lambda net, data, *_: [{"number": n, "class": n, "rank": 0, "probability": 1} for n in range(8)],
    )
    words = ["--data", str(tmp_path), "--rows", str(tmp_path / "rows"), "--out", str(tmp_path / "out")]
    every_method.main([*words, "--only", "captum_cifar_maps"])
    first = (tmp_path / "out/measures.md").read_text("utf-8")
    assert "### On the object\n" in first and "Sanity" not in first
    every_method.main(words)
    page, figures = (
        (tmp_path / "out/measures.md").read_text("utf-8"),
        json.loads((tmp_path / "out/measures.json").read_text("utf-8")),
    )
    assert (tmp_path / "out/sanity_captum_cifar.png").exists()
    assert figures["captum_cifar"].keys() >= {"maps", "passes", "grid", "grid_occlusion", "sanity"}
    assert figures["captum_cifar"]["passes"]["occlusion"]["n"] == 1
    assert "grad_cam@relu1" in page and "### What takes hundreds of passes\n" in page
    (tmp_path / "rows/captum_cifar_passes.jsonl").unlink()
    every_method.main([*words, "--report"])  # what was written of rows that are gone stays
    assert (tmp_path / "out/measures.md").read_text("utf-8") == page
