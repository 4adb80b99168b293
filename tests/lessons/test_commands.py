"""python -m lessons: what it lists, what it writes, what it never overwrites, and how it grades."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from lessons import notebook
from lessons.__main__ import main
from lessons.build import LIMIT
from lessons.course import Lesson, LessonError, lesson, lessons
from lessons.figures.export import export
from lessons.notebook import alternatives, cells, of_source


def test_listing_names_every_lesson(capsys):
    assert main([]) == 0
    printed = capsys.readouterr().out
    for each in lessons():
        assert each.title in printed
    assert [each.number for each in lessons()] == sorted({each.number for each in lessons()})


def test_an_unknown_lesson_says_which_there_are(capsys):
    assert main(["new", "77"]) == 2
    assert "there is no lesson 77; there is 1, 2" in capsys.readouterr().err


def test_new_gives_a_clean_copy_and_never_overwrites(tmp_path, capsys):
    assert main(["new", "1", "--to", str(tmp_path / "work")]) == 0
    copy = tmp_path / "work" / lesson(1).notebook.name
    code = [c for c in json.loads(copy.read_text("utf-8"))["cells"] if c["cell_type"] == "code"]
    assert all(c["outputs"] == [] and c["execution_count"] is None for c in code)
    assert cells(copy) == cells(lesson(1).source)
    copy.write_text("my work")
    assert main(["new", "01", "--to", str(tmp_path / "work")]) == 2
    assert copy.read_text() == "my work"
    assert "may hold your work" in capsys.readouterr().err


def test_the_list_says_time_and_what_comes_before(capsys):
    assert main(["list"]) == 0
    line = next(line for line in capsys.readouterr().out.split("\n") if line.startswith(" 9 "))
    assert line.split()[1] == str(lesson(9).seconds) and line.endswith("(after 8)")


def test_open_makes_a_copy_once(tmp_path, monkeypatch, capsys):
    opened = []
    monkeypatch.setattr("lessons.copies.shutil.which", lambda name: f"/somewhere/{name}")
    monkeypatch.setattr(
        "lessons.copies.subprocess.run",
        lambda command: opened.append(command) or subprocess.CompletedProcess(command, 0),
    )
    copy = tmp_path / lesson(2).notebook.name
    assert main(["open", "2", "--to", str(tmp_path)]) == 0
    assert copy.read_text("utf-8") == lesson(2).notebook.read_text("utf-8")
    copy.write_text("my work")
    assert main(["open", "2", "--to", str(tmp_path)]) == 0
    assert copy.read_text() == "my work"
    assert opened == [["/somewhere/jupyter-lab", str(copy)]] * 2


def test_open_without_jupyter_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr("lessons.copies.shutil.which", lambda name: None)
    assert main(["open", "2"]) == 2
    assert "pip install 'minicnn-gradcam[lessons]'" in capsys.readouterr().err


def test_the_site_without_what_it_needs_says_what_to_install(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "latex2mathml", None)
    monkeypatch.delitem(sys.modules, "latex2mathml.converter", raising=False)
    assert main(["build", "--only", "site", "--site", str(tmp_path)]) == 2
    assert "pip install 'minicnn-gradcam[lessons]'" in capsys.readouterr().err


def undescribed(notebook):
    for cell in notebook["cells"]:
        cell["metadata"].pop("alt", None)
    return notebook


def test_a_figure_without_words_fails_the_build(monkeypatch, tmp_path, capsys):
    pytest.importorskip(
        "markdown_it", reason="the site needs markdown_it: pip install 'minicnn-gradcam[lessons]'"
    )
    assert main(["build", "--only", "site", "--site", str(tmp_path)]) == 0
    complete = notebook.complete
    monkeypatch.setattr("lessons.site.page.complete", lambda given: undescribed(complete(given)))
    assert main(["build", "--only", "site", "--site", str(tmp_path)]) == 1
    assert (
        "01_one_neuron-1.png has no text alternative: say what it shows in lessons/figures/alternatives.toml"
        in capsys.readouterr().out
    )


def test_figures_as_vectors_and_pixels(tmp_path, capsys):
    assert main(["figures", "3", "--out", str(tmp_path / "slides")]) == 0
    assert sorted(path.name for path in (tmp_path / "slides").iterdir()) == [
        "03_max_pool-1.png",
        "03_max_pool-1.svg",
    ]
    vectors = (tmp_path / "slides" / "03_max_pool-1.svg").read_bytes()
    assert b"<svg" in vectors and b"<path" in vectors
    with Image.open(tmp_path / "slides" / "03_max_pool-1.png") as pixels:
        assert pixels.width >= 1600 and pixels.getextrema()[0] != (255, 255)
    main(["figures", "3", "--out", str(tmp_path / "slides")])
    assert (tmp_path / "slides" / "03_max_pool-1.svg").read_bytes() == vectors


def test_figures_of_a_lesson_that_fails(tmp_path):
    source = tmp_path / "98_fails.py"
    source.write_text("raise SystemExit('no data')\n")
    with pytest.raises(LessonError, match="did not run to its end: no data"):
        export(Lesson(source), tmp_path / "out")
    source.write_text("print(3)\n")
    with pytest.raises(LessonError, match="drew no figure"):
        export(Lesson(source), tmp_path / "out")


def test_words_of_figures():
    assert alternatives(lesson(1))[0].startswith("A neuron with its numbers")
    assert alternatives(Lesson(Path("99_nothing.py"))) == []


def test_a_lesson_without_its_first_lines_is_refused(tmp_path):
    source = tmp_path / "99_nothing.py"
    source.write_text("# %% [markdown]\n# # 99. A title\n")
    assert Lesson(source).title == "A title"
    with pytest.raises(LessonError, match="must say in its first cell"):
        _ = Lesson(source).seconds


def test_cells_of_a_source():
    assert of_source("# %% [markdown]\n# # Title\n#\n# words\n\n# %%\nx = 1\n") == [
        ("markdown", "# Title\n\nwords"),
        ("code", "x = 1"),
    ]


def test_course_needs_no_jupyter():
    """Listing, copying, grading and running import nothing of Jupyter."""
    imports = (
        "import sys, lessons.__main__, lessons.copies, lessons.grading, lessons.run, lessons.figures.export\n"
    )
    code = imports + "print([m for m in sys.modules if m[:2] == 'nb' or m[:4] == 'jupy'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert LIMIT == 300_000


SMALL = '''# %% [markdown]
# # 7. Twice
#
# *Runs in about 1 second. Before this: nothing.*
#
# ## Predict
#
# What is twice two?
#
# - a) four
# - b) five

# %%
print(2 + 2)

# %% [markdown]
# <details><summary>Explain</summary>
#
# a). </details>

# %%
from lessons.exercises import check


def twice(x):
    """Twice x."""


check("7.1", twice)
'''
ITS_CHECK = """from lessons.exercises import exercise

@exercise("7.1", "twice", "x + x")
def twice(f, random):
    x = random.normal(size=3)
    yield "y", f(x), x + x
"""


@pytest.fixture
def others(tmp_path):
    """A folder of other lessons: one, with a check of its own."""
    folder = tmp_path / "others"
    (folder / "checks").mkdir(parents=True)
    (folder / "07_twice.py").write_text(SMALL)
    (folder / "checks" / "lesson_07.py").write_text(ITS_CHECK)
    return folder


def test_lessons_of_another_folder(others, capsys):
    assert main(["--lessons", str(others)]) == 0
    printed = capsys.readouterr().out
    assert "Twice" in printed and lesson(1).title not in printed
    assert main(["--lessons", str(others), "run"]) == 0
    assert "ok" in capsys.readouterr().out
    assert len(lessons()) > 20, "the choice ends with the command"


def test_an_exercise_of_another_folder(others, tmp_path, capsys):
    for needed in ("nbclient", "ipykernel"):
        pytest.importorskip(needed, reason=f"checking needs {needed}: pip install 'minicnn-gradcam[lessons]'")
    (tmp_path / "mine.py").write_text(SMALL.replace('    """Twice x."""', "    return 2 * x"))
    assert main(["--lessons", str(others), "check", str(tmp_path / "mine.py")]) == 0
    assert "7.1  twice  right" in capsys.readouterr().out


def test_notebooks_of_another_folder(others, capsys):
    for needed in ("jupytext", "nbclient", "ipykernel"):
        pytest.importorskip(needed, reason=f"building needs {needed}: pip install 'minicnn-gradcam[lessons]'")
    assert main(["--lessons", str(others), "build", "7", "--only", "notebooks"]) == 0
    notebook = json.loads((others / "07_twice.ipynb").read_text("utf-8"))
    assert next(cell["outputs"] for cell in notebook["cells"] if cell["cell_type"] == "code") == []
    assert "4" in (others / "withheld" / "07_twice.json").read_text("utf-8")
    assert main(["--lessons", str(others), "new", "7", "--to", str(others / "work")]) == 0
    assert (others / "work" / "07_twice.ipynb").is_file()


def test_a_folder_without_lessons_is_said_to_be_one(tmp_path, capsys):
    assert main(["--lessons", str(tmp_path), "run"]) == 2
    assert f"there are no lessons in {tmp_path}: they are called NN_slug.py" in capsys.readouterr().err
