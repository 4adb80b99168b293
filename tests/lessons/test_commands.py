"""python -m lessons: what it lists, what it writes, what it never overwrites, and how it grades."""

import json
import subprocess
import sys

import pytest

from lessons.__main__ import main
from lessons.build import LIMIT
from lessons.course import Lesson, LessonError, lesson, lessons
from lessons.exercises import exercises
from lessons.grade import grade, table
from lessons.notebook import cells, of_source

RIGHT = {
    "neuron_gx": "    return gy * (w @ x + b > 0) * w",
    "neuron_gw_gb": "    g = gy * (w @ x + b > 0)\n    return g * x, g",
    "two_layers_gw": "    return gy * w",  # wrong, of the right shape
}


def solved(text):
    """Lesson 1's source with some of its stubs filled in."""
    lines = []
    for line in text.split("\n"):
        lines.append(line)
        name = next((n for n in RIGHT if lines[-2:][0].startswith(f"def {n}(")), None)
        if name and line.strip().startswith('"""'):
            lines.append(RIGHT[name])
    return "\n".join(lines)


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


def test_an_untouched_copy_is_graded_as_not_written(tmp_path):
    main(["new", "1", "--to", str(tmp_path)])
    outcomes, problems = grade(tmp_path / lesson(1).notebook.name)
    assert [o.number for o in outcomes] == list(exercises(1))
    assert {o.state for o in outcomes} == {"not written yet"} and problems == []


def test_a_students_script_is_graded(tmp_path, capsys):
    student = tmp_path / "mine.py"
    student.write_text(solved(lesson(1).text), "utf-8")
    assert main(["check", str(student)]) == 1
    printed = capsys.readouterr().out
    outcomes, _ = grade(student)
    assert [o.state for o in outcomes] == ["right", "right", "wrong", "not written yet"]
    assert "2 of 4 exercises are right" in printed
    assert exercises(1)["1.3"].hint in printed


def test_a_cell_that_fails_does_not_hide_the_others(tmp_path):
    student = tmp_path / "mine.py"
    student.write_text(solved(lesson(1).text).replace('check("1.1", neuron_gx)', 'boom\ncheck("1.1", neuron_gx)'), "utf-8")
    outcomes, problems = grade(student)
    assert [o.state for o in outcomes] == ["missing", "missing", "wrong", "not written yet"]
    assert "NameError: name 'boom' is not defined" in problems[0]
    assert any("NameError" in line for line in table(outcomes, problems))


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("mine.txt", "", "neither a notebook"),
        ("mine.ipynb", "{", "not a notebook that can be read"),
        ("mine.py", "# %%\nx = 1\n", "must hold the exercises of one lesson"),
        ("mine.py", '# %%\ncheck("1.1", f)\ncheck("2.1", f)\n', "it holds those of 2"),
    ],
)
def test_files_that_cannot_be_graded(tmp_path, name, text, words):
    (tmp_path / name).write_text(text)
    with pytest.raises(LessonError, match=words):
        grade(tmp_path / name)


def test_a_lesson_without_its_first_lines_is_refused(tmp_path):
    source = tmp_path / "99_nothing.py"
    source.write_text("# %% [markdown]\n# # 99. A title\n")
    assert Lesson(source).title == "A title"
    with pytest.raises(LessonError, match="must say in its first cell"):
        _ = Lesson(source).seconds


def test_cells_of_a_source():
    assert of_source("# %% [markdown]\n# # Title\n#\n# words\n\n# %%\nx = 1\n") == [("markdown", "# Title\n\nwords"), ("code", "x = 1")]


def test_course_needs_no_jupyter():
    """Listing, copying, grading and running import nothing of Jupyter."""
    imports = "import sys, lessons.__main__, lessons.copies, lessons.grade, lessons.run\n"
    code = imports + "print([m for m in sys.modules if m[:2] == 'nb' or m[:4] == 'jupy'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert LIMIT == 300_000
