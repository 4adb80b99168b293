"""What `python -m lessons` writes: whole or not at all, never into an installed course, and one line says why
not.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lessons import build
from lessons.__main__ import main
from lessons.course import HERE, Lesson, LessonError
from lessons.files import staged, write

ROOT = Path(__file__).parents[2]
SITE = ("jinja2", "markdown_it", "mdit_py_plugins", "latex2mathml", "pygments")


def run(*words, cwd, limit=None, path=ROOT):
    """python -m lessons ... -> CompletedProcess; limit: bytes of a file at which the disk counts as full"""
    resource = pytest.importorskip("resource", reason="a full disk is played by a limit that only Unix has")
    full = None if limit is None else lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    environment = os.environ | {"PYTHONPATH": str(path), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "lessons", *words]
    return subprocess.run(command, cwd=cwd, preexec_fn=full, env=environment, capture_output=True, text=True)


def one_line(done):
    return done.returncode == 2 and done.stderr.startswith("lessons: ") and done.stderr.count("\n") == 1


def everything(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_a_copy_on_a_full_disk_is_not_begun(tmp_path):
    done = run("new", "2", cwd=tmp_path, limit=4096)
    assert one_line(done) and "02_convolution.ipynb cannot be written: File too large" in done.stderr
    assert everything(tmp_path) == {}
    assert main(["new", "2", "--to", str(tmp_path)]) == 0, "and it can be made afterwards"


def test_figures_on_a_full_disk_leave_those_that_were_there(tmp_path):
    (tmp_path / "slides").mkdir()
    (tmp_path / "slides" / "03_max_pool-1.svg").write_text("the old one")
    done = run("figures", "3", "--out", "slides", cwd=tmp_path, limit=4096)
    assert one_line(done) and "File too large" in done.stderr
    assert everything(tmp_path) == {"slides/03_max_pool-1.svg": b"the old one"}


def test_the_site_on_a_full_disk_leaves_the_one_that_was_there(tmp_path):
    for needed in SITE:
        pytest.importorskip(needed, reason=f"the site needs {needed}: pip install 'minicnn-gradcam[lessons]'")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("the old one")
    done = run("build", "--only", "site", "--site", "site", cwd=tmp_path, limit=60_000)
    assert one_line(done) and "site cannot be written: File too large" in done.stderr
    assert everything(tmp_path) == {"site/index.html": b"the old one"}


@pytest.mark.parametrize(
    "words",
    [
        ("new", "1", "--to"),
        ("build", "--only", "site", "--site"),
        ("build", "1", "--site"),
        ("figures", "3", "--out"),
    ],
    ids=" ".join,
)
def test_a_file_where_a_folder_should_be(tmp_path, capsys, words):
    taken = tmp_path / "bad.ipynb"
    taken.write_text("mine")
    assert main([*words, str(taken)]) == 2
    assert capsys.readouterr().err == f"lessons: {taken} is a file; name a folder\n"
    assert main([*words, str(taken / "in")]) == 2
    assert capsys.readouterr().err == f"lessons: {taken / 'in'} cannot be written: Not a directory\n"
    assert everything(tmp_path) == {"bad.ipynb": b"mine"}


@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="who is root may write everywhere")
def test_a_folder_that_may_not_be_written(tmp_path, capsys):
    tmp_path.chmod(0o500)
    assert main(["new", "9", "--to", str(tmp_path)]) == 2
    assert capsys.readouterr().err.endswith("09_negative_pixels.ipynb cannot be written: Permission denied\n")


def test_an_interrupted_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.ipynb"
    assert write("old", path).read_text() == "old"

    def fails(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("lessons.files.os.replace", fails)
    with pytest.raises(LessonError, match=r"a\.ipynb cannot be written: No space left on device"):
        write("new", path)
    with pytest.raises(ZeroDivisionError), staged(tmp_path / "site") as stage:
        (stage / "index.html").write_text("half")
        raise ZeroDivisionError
    assert everything(tmp_path) == {"a.ipynb": b"old"}


def test_an_installed_course_is_not_rewritten(tmp_path):
    installed = tmp_path / "site-packages" / "lessons"
    shutil.copytree(HERE, installed, ignore=shutil.ignore_patterns("__pycache__"))
    before = everything(installed)
    done = run("build", "1", "--only", "notebooks", cwd=tmp_path, path=installed.parent)
    assert one_line(done) and "notebooks are built in a checkout" in done.stderr
    assert everything(installed) == before


def test_building_is_silent(tmp_path, capfd):
    for needed in ("jupytext", "nbclient", "ipykernel"):
        pytest.importorskip(needed, reason=f"building needs {needed}: pip install 'minicnn-gradcam[lessons]'")
    source = tmp_path / "99_small.py"
    source.write_text("# %%\nprint(6 * 7)\n")
    build.build(Lesson(source))
    assert "42" in source.with_suffix(".ipynb").read_text("utf-8")
    assert capfd.readouterr() == ("", "")


def test_an_unknown_command_says_which_there_are(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["bogus"])
    said = capsys.readouterr().err
    assert stopped.value.code == 2 and said.count("\n") == 1
    assert said.startswith("python -m lessons: there is no command 'bogus'; there is list, open, new, check")
    with pytest.raises(SystemExit):
        main(["new"])
    said = (
        "python -m lessons new: the following arguments are required: number "
        "(see: python -m lessons new --help)\n"
    )
    assert capsys.readouterr().err == said


def test_a_file_that_is_no_text_cannot_be_graded(tmp_path, capsys):
    (tmp_path / "mine.py").write_bytes(b"\xff\xfe\x00")
    assert main(["check", str(tmp_path / "mine.py")]) == 2
    assert capsys.readouterr().err.startswith("lessons: mine.py cannot be read: ")
