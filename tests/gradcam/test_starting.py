"""A file of the user's with the name of one of our packages, and an interruption while importing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def ended(folder, *words):
    """A Python process in a folder -> its exit status, its last line of standard error."""
    done = subprocess.run([sys.executable, *words], cwd=folder, capture_output=True, text=True, timeout=300,
                          env=os.environ | {"PYTHONPATH": str(ROOT)})  # fmt: skip
    return done.returncode, (done.stderr.splitlines() or [""])[-1]


@pytest.mark.parametrize(
    "name, face", [("weights", "gradcam"), ("minicnn", "gradcam"), ("minicnn", "weights")]
)
@pytest.mark.parametrize("kind", ["{}.py", "{}/__init__.py"])
@pytest.mark.parametrize("beside", ["script", "current folder"])
def test_a_file_that_shadows_a_package_is_named(tmp_path, name, face, kind, beside):
    theirs = tmp_path / kind.format(name)
    theirs.parent.mkdir(exist_ok=True)
    theirs.write_text("mine = 1\n")
    (tmp_path / "script.py").write_text(f"import {face}\n")
    words = ["script.py"] if beside == "script" else ["-c", f"import {face}"]
    status, said = ended(tmp_path, *words)
    assert (
        status == 1
        and said.startswith(f"ImportError: {theirs} would be imported in place of")
        and "rename it" in said
    )


def test_the_command_names_it_too(tmp_path):
    (tmp_path / "weights.py").write_text("")
    status, said = ended(tmp_path, "-m", "gradcam", "explain")
    assert status == 1 and said.startswith(
        f"ImportError: {tmp_path / 'weights.py'} would be imported in place of"
    )


@pytest.mark.parametrize("harmless", ["weights", "minicnn", "gradcam", "lessons"])
def test_a_folder_of_files_that_is_no_package_is_in_nobodys_way(tmp_path, harmless):
    (tmp_path / harmless).mkdir()
    (tmp_path / harmless / "vgg16.pth").write_bytes(b"")
    assert ended(tmp_path, "-c", "import gradcam, weights; weights.build('lenet')") == (0, "")


def test_lessons_of_the_users_own_are_in_nobodys_way(tmp_path):
    (tmp_path / "lessons").mkdir()
    (tmp_path / "lessons" / "__init__.py").write_text("mine = 1\n")
    assert ended(tmp_path, "-c", "import gradcam, lessons; assert lessons.mine") == (0, "")


def test_packages_that_lie_elsewhere_together_are_ours(tmp_path):
    for package in ("minicnn", "weights", "gradcam"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    program = "import gradcam; print(gradcam.__file__)"
    assert ended(tmp_path, "-c", program) == (0, "")


def test_an_interruption_while_importing_is_one_line(tmp_path):
    (tmp_path / "numpy.py").write_text("raise KeyboardInterrupt\n")  # what a slow disk gives time for
    done = subprocess.run(
        [sys.executable, "-m", "gradcam", "explain"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert done.returncode not in (0, 1) and done.stderr == "gradcam: interrupted\n"


def test_an_interruption_of_a_script_of_the_users_own_is_pythons(tmp_path):
    (tmp_path / "script.py").write_text("import gradcam\nraise KeyboardInterrupt\n")
    _, said = ended(tmp_path, "script.py")
    assert said == "KeyboardInterrupt"
