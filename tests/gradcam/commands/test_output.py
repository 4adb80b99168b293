"""What a command prints and writes: on any stream, whatever names are made of, over nothing of the user's."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gradcam.cli import main
from gradcam.commands._places import LONGEST, name_of
from gradcam.commands._printing import say, say_json, say_table
from minicnn.errors import plain

EVIL = "a\x1b[31mred\x07\r\nnext\u202efdp\x9b2J"  # colours, a bell, a new line, text that runs to the left
POSIX = pytest.mark.skipif(os.name == "nt", reason="shells and devices of POSIX")


def typed(words, folder, **environment):
    """What a process that runs a command in a shell prints and ends with; $G: gradcam."""
    command = words.replace("$G", f"'{sys.executable}' -m gradcam")
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])} | environment
    return subprocess.run(
        ["sh", "-c", command], cwd=folder, capture_output=True, env=environment, timeout=300
    )


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (48, 64, 3), dtype=np.uint8)).save("photo.png")
    return tmp_path


# --- streams


@POSIX
@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_every_table_is_printed_in_every_encoding(tmp_path, encoding):
    """What a table of figures is made of: arrows, dashes, names of authors."""
    measure = "$G measure pointing_game --network shapes --world shapes --n 1 --method saliency"
    done = typed(f"$G measure --help && {measure}", tmp_path, PYTHONIOENCODING=encoding)
    said = done.stdout.decode(encoding)
    assert (done.returncode, done.stderr) == (0, b"") and "| saliency" in said
    assert ("Böhle" if encoding != "ascii" else "B\\xf6hle") in said
    assert ("↑" if encoding == "utf-8" else "\\u2191") in said


@POSIX
@pytest.mark.parametrize("command", ["--help", "explain --help", "methods", "--version", "weights list"])
def test_a_full_disk_is_one_line(tmp_path, command):
    if not os.path.exists("/dev/full"):
        pytest.skip("there is no /dev/full")
    done = typed(f"$G {command} > /dev/full", tmp_path)
    assert done.returncode == 2
    assert done.stderr == b"gradcam: standard output cannot be written: No space left on device\n"


@POSIX
def test_a_closed_output_is_said_before_any_work(here):
    done = typed("$G explain >&-", here)
    assert done.returncode == 2 and done.stderr.startswith(b"gradcam: standard output is closed; ")
    assert done.stderr.count(b"\n") == 1 and not (here / "shapes_explained.png").exists()


@POSIX
def test_nobody_need_hear_of_progress(here):
    done = typed("$G explain --network shapes --method score_cam 2>&-", here)
    assert done.returncode == 0 and b"The panel of star and ring" in done.stdout


@POSIX
def test_a_reader_who_has_enough_is_no_error(tmp_path):
    done = typed("($G methods; echo $? >&2) | head -1", tmp_path)
    assert done.stdout.count(b"\n") == 1 and done.stderr == b"0\n"


def test_json_is_ascii_that_every_reader_takes(capsys):
    found = {"name": EVIL + "é\x7f"}
    say_json(found)
    said = capsys.readouterr().out
    assert said.isascii() and all(c.isprintable() or c == "\n" for c in said) and json.loads(said) == found


def test_a_backend_that_does_not_exist_is_of_no_concern(here):
    done = typed("$G explain --method saliency", here, MPLBACKEND="nonsense")
    assert (done.returncode, done.stderr) == (0, b"")


# --- names


def test_what_cannot_be_shown_is_escaped(capsys):
    assert plain(EVIL) == r"a\x1b[31mred\x07\r\nnext\u202efdp\x9b2J"
    assert plain("café 猫 \U0001f408 a-b") == "café 猫 \U0001f408 a-b" and plain("\udcff") == r"\udcff"
    say("one\ntwo", "three\x1b[31m")
    say("\x1b[1;31mdiffers\x1b[0m \x1b[2J", coloured=True)
    assert capsys.readouterr().out == "one\ntwo\nthree\\x1b[31m\n\x1b[1;31mdiffers\x1b[0m \\x1b[2J\n"


def test_a_cell_cannot_break_its_row(capsys):
    say_table([("a\nb", "1"), ("c", "1000", "more")], right=(1,))
    assert capsys.readouterr().out == "a\\nb     1\nc     1000  more\n"


def test_names_in_a_file_of_weights_reach_no_terminal(here, capsys):
    head = json.dumps({EVIL: {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}).encode()
    Path("evil.safetensors").write_bytes(len(head).to_bytes(8, "little") + head + bytes(24))
    assert main(["weights", "show", "evil.safetensors"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith(plain(EVIL)) and all(c.isprintable() or c == "\n" for c in out) and err == ""


@POSIX
def test_a_photo_with_an_evil_name_is_explained(here, capsys):
    os.rename("photo.png", "\x1b[31m\r\u202e.png")
    assert main(["explain", "\x1b[31m\r\u202e.png", "--method", "saliency"]) == 0
    assert main(["explain", "\x1b[31m\r\u202enone.png"]) == 2
    out, err = capsys.readouterr()
    assert all(c.isprintable() or c == "\n" for c in out + err) and err.count("\n") == 1


@POSIX
def test_a_photo_whose_name_is_no_text_is_explained(here):
    if sys.platform == "darwin":
        pytest.skip("every name is text there")
    os.rename(b"photo.png", b"ph\xffto.png")
    done = typed("$G explain ph*to.png --method saliency", here)
    assert done.returncode == 0 and (b"ph\\udcffto.png, seen by" in done.stdout) and done.stderr == b""


def test_classes_are_named_in_a_file_and_shown_escaped(capsys):
    from gradcam.asking import class_index
    from minicnn import Error

    with pytest.raises(Error):
        class_index("x", (EVIL, "b"), 2)
    assert main(["explain", EVIL]) == 2
    assert all(c.isprintable() or c == "\n" for c in capsys.readouterr().err)


# --- places


def test_the_name_of_a_panel_always_fits(here, capsys):
    long = "é" * 120 + ".png"  # 244 bytes
    os.rename("photo.png", long)
    assert main(["explain", long, "--method", "saliency"]) == 0
    (panel,) = (p for p in here.iterdir() if p.name != long)
    assert panel.name == "é" * (LONGEST // 2) + "_explained.png"
    assert name_of("a/b.c.jpg", "explained") == "b.c_explained.png"


EMPTY = (
    ["explain", "--out", ""],
    ["explain", "photo.png", "--out", "", "--json"],
    ["explain", "--network="],
    ["explain", ""],
    ["ask", ""],
    ["caption", "--out= "],
)


@pytest.mark.parametrize("words", EMPTY)
def test_nothing_is_empty(here, capsys, words):
    with pytest.raises(SystemExit) as end:
        main(words)
    err = capsys.readouterr().err
    assert end.value.code == 2 and err.count("\n") == 1 and "is empty" in err
    assert {p.name for p in here.iterdir()} == {"photo.png"}


LONG = "x" * 300
UNWRITABLE = {
    "a name that is too long": f"{LONG}.png",
    "a pipe": "pipe.png",
    "a link": "link.png",
    "a link to nowhere": "nowhere.png",
    "the photo": "photo.png",
    "the photo by another path": "./folder/../photo.png",
    "a second name of the photo": "second.png",
    "a device": "/dev/null",
    "a folder": "folder.png",
}
COMMANDS = {"explain": [], "caption": [], "regions": [], "ask": ["is there a star?"]}


@POSIX
@pytest.mark.parametrize("what", UNWRITABLE)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_picture_goes_to_an_ordinary_file_of_its_own(here, capsys, command, what):
    (here / "folder").mkdir()
    (here / "folder.png").mkdir()
    os.mkfifo("pipe.png")
    os.symlink("target.png", "link.png")
    os.symlink("gone/nowhere.png", "nowhere.png")
    os.link("photo.png", "second.png")
    (here / "target.png").write_bytes(b"mine")
    before = {p.name: p.read_bytes() for p in here.iterdir() if p.is_file()}
    listed = sorted(p.name for p in here.iterdir())
    assert main([command, *COMMANDS[command], "photo.png", "--out", UNWRITABLE[what]]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("gradcam: ") and err.count("\n") == 1
    assert {p.name: p.read_bytes() for p in here.iterdir() if p.is_file()} == before
    assert sorted(p.name for p in here.iterdir()) == listed and os.path.islink("link.png")


@POSIX
@pytest.mark.parametrize(
    "html", ["x.npy", "model.onnx", "map.npy", "link.html", "pipe.html", "report.txt", "x.html"]
)
def test_a_report_of_verify_overwrites_nothing_of_the_users(here, capsys, html):
    """Nor does it follow a link or wait at a pipe; it is said before any work: these files hold nothing."""
    for name in ("x.npy", "model.onnx", "map.npy", "target.html", "x.html"):
        (here / name).write_bytes(b"mine")
    os.symlink("target.html", "link.html")
    os.mkfifo("pipe.html")
    words = [
        "verify",
        "--onnx",
        "model.onnx",
        "--input",
        "x.html" if html == "x.html" else "x.npy",
        "--class",
        "0",
    ]
    assert main([*words, "--result", "map.npy", "--html", html]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and err.startswith(f"gradcam: {html}: ")
    assert all(
        (here / name).read_bytes() == b"mine" for name in ("x.npy", "model.onnx", "map.npy", "target.html")
    )


def test_a_kit_is_written_into_no_folder_of_the_users(here, capsys):
    (here / "README.md").write_text("mine")
    (here / "file").write_text("mine")
    for folder in (".", "file", "x" * 300):
        assert main(["verify", "kit", folder]) == 2
        assert capsys.readouterr().err.count("\n") == 1
    assert {p.name for p in here.iterdir()} == {"README.md", "file", "photo.png"}
    assert (here / "README.md").read_text() == "mine"


@pytest.mark.parametrize("there", [False, True])
def test_half_a_kit_is_no_kit(here, capsys, monkeypatch, there):
    if there:
        (here / "kit").mkdir()

    def full(file, array):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    assert main(["verify", "kit", "kit"]) == 2
    assert "kit: the kit cannot be written: No space left on device" in capsys.readouterr().err
    assert (here / "kit").is_dir() == there and not (there and any((here / "kit").iterdir()))
