"""The README keeps its word: its program prints what it says, its links lead somewhere."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

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
