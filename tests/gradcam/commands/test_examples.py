"""Every example line of every --help is run as it is printed, if it needs no foreign file."""

import re
import shlex
import shutil

import numpy as np
import pytest
from PIL import Image

import weights
from gradcam.cli import main
from gradcam.commands import commands

FOREIGN = (
    "squeezenet",
    "weights get",
    "vgg16",
    "photos.npz",
    " model.onnx",
    " model.keras",
    " model.toml",
    " segmentation.onnx",
    "...",
)  # files that nobody has at hand
# these have tests of their own
SLOW = ("verify kit", "methods --seconds", "weights check", "gradcam merge", "--shard")
DOUBLE = " \\\n"  # a line that goes on


def examples(command, capsys):
    """The lines of a command's help that begin with its name."""
    with pytest.raises(SystemExit):
        main([*command.split(), "--help"])
    said = capsys.readouterr().out.replace(DOUBLE, " ")
    return re.findall(r"^  (gradcam .*)$", said, re.MULTILINE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("examples")
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (90, 120, 3), dtype=np.uint8)).save(
        folder / "photo.jpg"
    )
    (folder / "photos").mkdir()
    shutil.copy(folder / "photo.jpg", folder / "photos")
    return folder


@pytest.mark.parametrize("command", commands())
def test_examples_run_as_they_are_printed(command, folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    lines = [line for line in examples(command, capsys) if not any(word in line for word in FOREIGN)]
    mine = [
        line for line in lines if line.startswith(f"gradcam {command}") and not any(s in line for s in SLOW)
    ]
    if command == "explore":  # without --out it serves until it is interrupted
        mine = [line for line in mine if "--out" in line]
    if command == "verify":
        from gradcam.verify.kit.writing import write_kit

        write_kit("kit")
    assert mine or command in ("merge", "describe")  # of a run, of a network: they have tests of their own
    for line in mine:
        _, *words = shlex.split(line)
        assert main(words) == 0, line
    capsys.readouterr()


@pytest.mark.parametrize("command", commands())
def test_examples_with_foreign_files_are_understood(command, capsys):
    """Words that the command knows, networks and methods that there are."""
    from gradcam.cli import parsed
    from gradcam.commands._methods import method_named

    for line in examples(command, capsys):
        args = parsed([word for word in shlex.split(line)[1:] if word != "..."])
        if getattr(args, "network", None):
            assert args.network in weights.available(), line
        for method in getattr(args, "methods", None) or []:
            assert method_named(method.partition("@")[0]), line


@pytest.mark.parametrize(
    "command", [*commands(), *(f"weights {a}" for a in ("list", "get", "where", "show", "check"))]
)
def test_help_speaks_the_fields_language(command, capsys):
    with pytest.raises(SystemExit):
        main([*command.split(), "--help"])
    said = capsys.readouterr().out
    assert not re.search(r"hold .* against|way back|on the way|in use|who waits|dear one", said)
    assert max(map(len, said.splitlines())) <= 120
