"""Maps as files, tables, pictures of their own, and on axes of the user's."""

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from gradcam import Target, explain, upsample
from gradcam.explanation.saved import rows
from gradcam.show import Style, overlay, panel, plot, save_overlays
from minicnn import Error
from tests.support.compare import assert_close
from tests.support.small_nets import picture, small_vgg
from weights import Card, Preprocessing

NET = small_vgg()
NET.card = Card("net", "A network", Preprocessing(size=12, crop=12), "relu2_1", ("a", "b", "cat", "dog", "e"))
METHODS = ["saliency", "grad_cam", "guided_backprop"]
PHOTO = np.random.default_rng(5).integers(0, 256, (12, 16, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def e():
    return explain(NET, picture().data, ["cat", Target.score("dog") - Target.score("cat")], METHODS)


def test_raw_maps(e, tmp_path):
    e.save(tmp_path / "x.npz")
    with np.load(tmp_path / "x.npz", allow_pickle=False) as found:
        assert found["grad_cam"].shape == (2, 2, 6, 8) and found["grad_cam"].dtype == np.float32
        assert_close(found["grad_cam"][1], e["grad_cam", e.classes[1]], 1e-6)
        assert found["targets"].tolist() == ["the score of cat", "the score of dog minus the score of cat"]
        assert_close(found["probabilities"], e.probabilities)
        assert found["layer"] == "relu2_1"
    e.save(tmp_path / "up.npz", upsampled=True)
    with np.load(tmp_path / "up.npz") as found:
        assert_close(found["grad_cam"][0], upsample(e["grad_cam"], (12, 16)), 1e-6)
        assert found["guided_backprop"].shape == (2, 2, 3, 12, 16)
    one = explain(NET, picture().data, 2, "grad_cam")
    assert_close(np.load(one.save(tmp_path / "x.npy")), one["grad_cam"], 1e-6)
    first = (tmp_path / "x.npz").read_bytes()
    assert e.save(tmp_path / "x.npz").read_bytes() == first


@pytest.mark.parametrize(
    "name, says", [("x.npy", "holds one map"), ("x.mat", "not as .mat"), ("x", "a bare name")]
)
def test_what_cannot_be_saved(e, tmp_path, name, says):
    with pytest.raises(Error, match=says):
        e.save(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_table(e):
    found = rows(e)
    assert (
        len(found) == 2 * 2 * 3
        and found[1]["method"] == "grad_cam"
        and found[1]["target"] == "the score of cat"
    )
    assert found[1]["score"] == pytest.approx(e.scores[0, 2]) and found[3]["score"] is None
    map = e["grad_cam"][0]
    i, j = np.unravel_index(map.argmax(), map.shape)
    assert (found[1]["peak_row"], found[1]["peak_column"]) == ((i + 0.5) / 6, (j + 0.5) / 8)


def test_a_table_of_pandas(e):
    pandas = pytest.importorskip("pandas")
    assert isinstance(e.to_pandas(), pandas.DataFrame) and len(e.to_pandas()) == 12


def test_without_pandas(e, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    with pytest.raises(Error, match="pip install pandas"):
        e.to_pandas()


def test_overlays_one_by_one(e, tmp_path):
    places = save_overlays(e, tmp_path, PHOTO)
    assert [p.name for p in places] == [f"{m}_{k}.png" for k in (0, 1) for m in METHODS]
    drawn = np.asarray(Image.open(tmp_path / "grad_cam_0.png"))
    assert np.array_equal(drawn, np.rint(255 * overlay(PHOTO, e["grad_cam"][0])).astype(np.uint8))
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "saliency_0.png").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Error, match="symbolic link"):
        save_overlays(e, tmp_path / "links", PHOTO)
    assert len(list((tmp_path / "links").iterdir())) == 1


def test_styles(e):
    map = abs(e["grad_cam"][0]) + 1e-3
    plain = overlay(PHOTO, map)
    for style in (Style(colormap="viridis"), Style(alpha=0.2), Style(threshold=0.5)):
        assert not np.array_equal(overlay(PHOTO, map, style=style), plain)
    bare = overlay(PHOTO, map, style=Style(threshold=1, alpha=1))
    grey = PHOTO @ np.array([0.299, 0.587, 0.114]) / 255
    assert (abs(bare - grey[..., None]) > 1e-12).any(axis=-1).sum() <= 4  # the peak alone is left
    opaque = overlay(PHOTO, map, style=Style(alpha=1, colormap="gray"))
    assert abs(opaque[..., 0] - upsample(map, (12, 16)) / map.max()).max() <= 1 / 255  # of 256 colours
    assert "viridis" in {a.get_cmap().name for a in panel(e, PHOTO, style=Style("viridis")).axes[0].images}
    for wrong, says in (
        (dict(colormap="virdis"), "there is viridis"),
        (dict(alpha=2), "from 0 to 1"),
        (dict(threshold=-1), "share"),
    ):
        with pytest.raises(Error, match=says):
            Style(**wrong)


def test_on_axes_of_ones_own(e):
    before = dict(matplotlib.rcParams)
    ax = Figure().subplots()
    image = plot(e["grad_cam"][0], PHOTO, ax=ax, cmap="viridis", alpha=0.3)
    assert image.get_cmap().name == "viridis" and image.get_alpha() == 0.3 and len(ax.images) == 2
    assert image.get_array().shape == (12, 16) and image.get_clim() == (0, image.get_array().max())
    signed = plot(e["guided_backprop"][0].sum(axis=0), ax=Figure().subplots())
    assert signed.get_cmap().name == "RdBu_r" and signed.get_clim()[0] == -signed.get_clim()[1]
    assert plot(e["guided_backprop"][:1], ax=Figure().subplots()).get_array().shape == (12, 16, 3)
    cut = plot(e["saliency"][0], ax=Figure().subplots(), threshold=0.5).get_array()
    assert cut.mask.any() and not cut.mask.all()
    with pytest.raises(Error, match="one picture at a time"):
        plot(e["grad_cam"], ax=ax)
    with pytest.raises(Error, match="there is viridis"):
        plot(e["grad_cam"][0], ax=ax, cmap="virdis")
    assert dict(matplotlib.rcParams) == before
