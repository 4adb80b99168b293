"""A user's matplotlibrc changes no picture of ours, and our pictures change no setting of theirs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("matplotlib")
HOSTILE = """
image.origin: lower
image.interpolation: none
image.cmap: jet
text.usetex: True
text.color: red
font.family: serif
font.size: 40
axes.facecolor: black
axes.unicode_minus: False
axes.titlesize: 60
figure.facecolor: green
figure.dpi: 33
figure.constrained_layout.use: True
savefig.bbox: tight
savefig.facecolor: blue
savefig.transparent: True
savefig.dpi: 17
savefig.format: pdf
patch.antialiased: False
text.antialiased: False
path.sketch: 5, 100, 2
"""
DRAW = """
import sys
import numpy as np
from matplotlib import rcParams
before = dict(rcParams)
from gradcam.show import panel, save
from gradcam.show.notebook import png
from gradcam.show.regions import regions_panel
from gradcam.language.regions import Region
from tests.gradcam.show.test_show import EIGHT, PHOTO, made_up

e = made_up([0, 1], EIGHT)
save(panel(e, PHOTO), sys.argv[1] + "/panel.png")
open(sys.argv[1] + "/notebook.png", "wb").write(png(panel(e, PHOTO)))
region = Region(np.array([2.0, 3, 20, 30]), 0.9, np.arange(3), -0.5, np.eye(4))
save(regions_panel(PHOTO, [region], ["a red disk"]), sys.argv[1] + "/regions.png")
assert dict(rcParams) == before
"""
PICTURES = ("panel.png", "notebook.png", "regions.png")


def drawn(folder, settings):
    folder.mkdir()
    (folder / "matplotlibrc").write_text(settings)
    environment = {**os.environ, "MATPLOTLIBRC": str(folder / "matplotlibrc"), "PYTHONPATH": os.getcwd()}
    subprocess.run([sys.executable, "-c", DRAW, str(folder)], check=True, env=environment)
    return [(Path(folder) / name).read_bytes() for name in PICTURES]


def test_a_hostile_matplotlibrc_changes_no_pixel(tmp_path):
    plain, hostile = drawn(tmp_path / "plain", ""), drawn(tmp_path / "hostile", HOSTILE)
    for name, one, other in zip(PICTURES, plain, hostile):
        assert one == other, name


def test_the_users_settings_return_even_after_an_error():
    import matplotlib

    from gradcam.show.settings import own_settings

    with matplotlib.rc_context({"image.origin": "lower", "font.size": 31.0}):
        with pytest.raises(ZeroDivisionError), own_settings():
            assert matplotlib.rcParams["image.origin"] == "upper"
            raise ZeroDivisionError
        assert (matplotlib.rcParams["image.origin"], matplotlib.rcParams["font.size"]) == ("lower", 31.0)
