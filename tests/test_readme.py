"""The README keeps its word: its program prints what it says, its links lead somewhere."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_quickstart_prints_what_it_says():
    program = next(b for b in blocks("python") if "import gradcam" in b)
    said = blocks("text")[0]
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip() == said.strip()
    assert len(program.splitlines()) <= 8


def test_a_folder_of_photos_in_three_lines(tmp_path):
    program = next(b for b in blocks("python") if "explain_many" in b)
    reading = next(b for b in blocks("python") if "read_run" in b)
    (tmp_path / "photos").mkdir()
    for k, name in enumerate("ab"):
        pixels = np.random.default_rng(k).integers(0, 256, (60, 80, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / "photos" / f"{name}.jpg")
    run = {
        "cwd": tmp_path,
        "env": {**os.environ, "PYTHONPATH": str(ROOT)},
        "capture_output": True,
        "text": True,
    }
    ran = subprocess.run([sys.executable, "-c", program], timeout=300, check=False, **run)
    assert ran.returncode == 0, ran.stderr
    assert re.fullmatch(r"photos/a.jpg \(.*, \(13, 13\)\)\nphotos/b.jpg \(.*, \(13, 13\)\)\n", ran.stdout)
    assert len(program.splitlines()) == 3
    (command,) = re.findall(r"`gradcam (explain photos/ [^`]*--panels[^`]*)`", README)
    ran = subprocess.run([sys.executable, "-m", "gradcam", *command.split()], timeout=300, check=False, **run)
    assert ran.returncode == 0, ran.stderr
    ran = subprocess.run(
        [sys.executable, "-c", f"import gradcam\n{reading}"], timeout=300, check=False, **run
    )
    assert ran.returncode == 0, ran.stderr


def test_the_engines_own_lines_run_after_it():
    first, second = (
        next(b for b in blocks("python") if start in b) for start in ("import gradcam", "rules=DECONVNET")
    )
    ran = subprocess.run(
        [sys.executable, "-c", first + second], capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stderr


def test_the_three_rules_are_the_engines_own_lines():
    rules = next(b for b in blocks("python") if "def guided" in b)
    assert rules.strip("\n") in (ROOT / "minicnn/ops/relu.py").read_text("utf-8")


def test_the_table_of_files_names_what_it_links():
    table = re.findall(r"\| \[`([\w/.]+)`\]\(([\w/.]+)\) \|", README)
    assert len(table) >= 15
    assert all(shown == link for shown, link in table)


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(((?!http)[^)#]+)\)", README))))
def test_links_lead_somewhere(link):
    assert (ROOT / link).exists()


def test_both_commands_are_there():
    commands = "\n".join(blocks("sh"))
    assert re.search(r"^python3 -m venv .*gradcam explain", commands, re.MULTILINE)
    assert re.search(r"^python3 -m venv .*pytest", commands, re.MULTILINE)


def test_the_programs_pasted_top_to_bottom(tmp_path):
    """Up to the run that a command makes, each goes on from those before, as a reader pastes them."""
    pytest.importorskip("torch", reason="PyTorch is not installed")
    programs = [b for b in blocks("python") if "import" in b]
    (tmp_path / "photos").mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photos" / "a.jpg")
    ran = subprocess.run(
        [sys.executable, "-c", "\n".join(programs)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "agg"},
    )
    assert ran.returncode == 0, ran.stderr
    assert len(programs) == 5 and "<Explanation of the score of class" in ran.stdout
    assert (tmp_path / "panel.png").stat().st_size > 20_000
    with np.load(tmp_path / "maps.npz") as maps:
        assert maps["grad_cam@0"].shape == maps["grad_cam@1"].shape == (3, 1, 62, 62)
    assert "photos/a.jpg (" in ran.stdout
