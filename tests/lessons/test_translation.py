"""The course in another language: its code is the English course's, and every text is translated."""

import ast
import json
import re
import string

import pytest

from lessons import translation
from lessons.__main__ import main, parser
from lessons.capstone.milestones import hint, milestone, milestones
from lessons.course import HERE, Lesson, LessonError, beside, lesson, lessons
from lessons.exercises import examine, exercises
from lessons.notebook import alternatives, cells, figures
from lessons.texts import ENGLISH, language, languages, said, speaking, table

OTHERS = [each for each in languages() if each != ENGLISH]
TRANSLATED = [Lesson(path) for each in OTHERS for path in sorted((HERE / each).glob("[0-9][0-9]_*.py"))]
each_translated = pytest.mark.parametrize("given", TRANSLATED, ids=lambda each: each.source.stem)
each_language = pytest.mark.parametrize("spoken", OTHERS)
HAN = re.compile(r"[\u4e00-\u9fff]")


def names(text):
    """What is filled in, with its format."""
    return sorted((name, form) for _, name, form, _ in string.Formatter().parse(text) if name)


def test_lessons_8_to_10_are_there_in_chinese():
    assert [each.number for each in TRANSLATED if each.source.parent.name == "zh"] == [8, 9, 10]


@each_translated
def test_its_code_is_the_english_lessons(given):
    english = translation.of_english(given)
    assert [(kind, text) for kind, text in cells(given.source) if kind == "code"] == [
        (kind, text) for kind, text in cells(english.source) if kind == "code"
    ]
    assert [kind for kind, _ in cells(given.source)] == [kind for kind, _ in cells(english.source)]


@each_translated
def test_its_texts_are_those_of_the_english_lesson_of_now(given):
    assert translation.stale(given) == [], (
        f"translate these texts of {given.source} anew, then: python -m lessons --lang "
        f"{given.source.parent.name} build {given.number} --only notebooks --accept"
    )


def pieces(text):
    """Code and formulas, in any order: a translation may turn a sentence round."""
    found = re.findall(r"```.+?```|`[^`]+`|\$\$.+?\$\$|\$[^$]+\$", text, re.S)
    return sorted(" ".join(each.split()) for each in found)


@pytest.mark.parametrize("number", [each.number for each in milestones()])
def test_the_capstone_is_there_in_chinese(number):
    ours = milestone(number)
    with speaking("zh"):
        theirs = milestone(number)
        assert HAN.search(theirs.title) and HAN.search(hint(number, next(iter(theirs.hints))))
    assert theirs.file == ours.file and theirs.path != ours.path
    texts = ours.path.read_text("utf-8"), theirs.path.read_text("utf-8")
    assert pieces(texts[0]) == pieces(texts[1]), "translate lessons/zh/capstone anew"
    assert texts[0].count("\n|") == texts[1].count("\n|")
    assert {name: [*steps] for name, steps in ours.hints.items()} == {
        name: [*steps] for name, steps in theirs.hints.items()
    }
    words = re.sub(r"```.+?```|\$\$.+?\$\$", "", theirs.text, flags=re.S)
    untold = [part for part in words.split("\n\n") if part.strip() and not HAN.search(part)]
    assert not untold, untold


@each_translated
def test_every_text_is_translated_with_its_formulas_links_and_names(given):
    pairs = zip(cells(given.source), cells(translation.of_english(given).source), strict=True)
    for (kind, theirs), (_, ours) in pairs:
        if kind == "code":
            continue
        assert HAN.search(theirs), theirs
        code = [
            re.sub(r"\s+", " ", each) for each in re.findall(r"`[^`]+`", ours) if "pip install" not in each
        ]
        found = [re.sub(r"\s+", " ", each) for each in re.findall(r"`[^`]+`", theirs)]
        assert {each for each in code if "lessons open" not in each} <= set(found), theirs
        for pattern in (r"\$\$.+?\$\$", r"\]\((.+?)\)", r"^#+ ", r"<details>", r"^\|", r"^- [a-f]\)"):
            a, b = (re.findall(pattern, text, re.M | re.S) for text in (ours, theirs))
            assert [" ".join(each.split()) for each in a] == [" ".join(each.split()) for each in b], pattern
        numbers = [set(re.findall(r"\d+(?:[.,]\d+)*", text)) for text in (ours, theirs)]
        assert {n for n in numbers[0] if len(n) > 1} <= numbers[1], theirs


@each_translated
def test_its_notebook_is_the_english_one_with_its_texts(given):
    assert given.notebook.read_text("utf-8") == translation.notebook(given)
    theirs = json.loads(given.notebook.read_text("utf-8"))
    ours = json.loads(translation.of_english(given).notebook.read_text("utf-8"))
    assert cells(given.notebook) == cells(given.source)
    for a, b in zip(ours["cells"], theirs["cells"], strict=True):
        assert a.get("outputs") == b.get("outputs")
    assert all(HAN.search(cell["metadata"].get("alt", "图")) for cell in figures(theirs))
    words = alternatives(given)
    assert len(words) == len(alternatives(translation.of_english(given)))
    assert all(HAN.search(each) for each in words)


@each_language
def test_every_text_of_the_machinery_is_translated(spoken):
    ours, theirs = table(ENGLISH), table(spoken)
    more = {key for key in theirs if not key.startswith("exercises.")}
    assert more == ours.keys()
    for key, text in ours.items():
        if key not in ("teaching.columns", "capstone.readme"):
            assert names(text) == names(theirs[key]), key
        assert HAN.search(theirs[key]) or key in ("grading.of", "exercise.of_what", "help.stop"), key


@each_translated
def test_its_exercises_are_translated(given):
    spoken = table(given.source.parent.name)
    for number in exercises(given.number):
        assert HAN.search(spoken[f"exercises.{number}.hint"]) and spoken[f"exercises.{number}.title"]


def test_every_text_that_the_machinery_says_is_in_the_table():
    known, asked = table(ENGLISH), set()
    for path in sorted(HERE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "said":
                keys = [each.value for each in ast.walk(node.args[0]) if isinstance(each, ast.Constant)]
                asked |= {key for key in keys if isinstance(key, str) and re.fullmatch(r"\w+\.\w+", key)}
    assert asked <= known.keys()
    indirect = {key for key in known if key.startswith(("state.", "help."))} | {"teaching.question"}
    shown = {"capstone.given", "capstone.expected", "capstone.yours"}
    assert known.keys() - asked - indirect - shown == set()


def test_every_word_of_every_help_is_in_the_table(monkeypatch):
    asked = set()

    def recorded(key, **values):
        asked.add(key)
        return said(key, **values)

    monkeypatch.setattr("lessons.arguments.said", recorded)
    monkeypatch.setattr("lessons.__main__.said", recorded)
    parser()
    assert asked == {key for key in table(ENGLISH) if key.startswith("help.")}


@each_language
def test_its_glossary_has_the_same_words(spoken):
    ids = [
        re.findall(r'<a id="([\w-]+)">.*?lesson (\d+) \|$|<a id="([\w-]+)">.*?第 (\d+) 课 \|$', text, re.M)
        for text in ((folder / "glossary.md").read_text("utf-8") for folder in (HERE, HERE / spoken))
    ]
    ours, theirs = ([tuple(filter(None, each)) for each in found] for found in ids)
    assert ours == theirs and len(ours) > 60
    with speaking(spoken):
        assert beside("glossary.md") == HERE / spoken / "glossary.md"


def test_speaking_chinese(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["--lang", "zh", "new", "8"]) == 0
    assert "已写入" in capsys.readouterr().out
    assert "一个 ReLU，三条规则" in (tmp_path / "08_three_rules.ipynb").read_text("utf-8")
    assert (tmp_path / "glossary.md").read_text("utf-8").startswith("# 词汇表")
    with pytest.raises(SystemExit):
        main(["--lang=zh", "check", "--help"])
    assert "按学生和练习写出分数" in capsys.readouterr().out
    assert main(["--lang", "zh", "new", "77"]) == 2
    assert "没有第 77 课" in capsys.readouterr().err
    with speaking("zh"):
        assert lesson(8).title == "一个 ReLU，三条规则" and lesson(8).needs == [3, 5]
        assert lesson(1).title == "One neuron by hand"  # not translated yet
        outcome = examine("8.4", lambda x, gy, tau: gy * (x * gy > 0))
        assert outcome.state == "wrong" and "提示：门只是一次比较" in outcome.message
        assert examine("8.4", lambda *_: None).message == "8.4 还没有写（函数什么也没有返回）"
    assert language() == ENGLISH and said("exercise.sign") == "The sign is turned. "
    assert [each.source.parent for each in lessons()] == [HERE] * len(lessons())


def test_a_language_that_is_not_there_is_english(monkeypatch):
    monkeypatch.setenv("MINICNN_LANG", "xx")
    assert language() == ENGLISH


def test_a_translation_follows_the_english_code_and_notices_a_changed_text(tmp_path):
    english = tmp_path / "98_new.py"
    english.write_text("# %% [markdown]\n# # 98. New\n#\n# Words.\n\n# %%\nx = 1\n", "utf-8")
    notebook = {"cells": [], "nbformat": 4, "metadata": {}}
    for kind, text in cells(english):
        notebook["cells"].append({"cell_type": kind, "source": text, "metadata": {}, "outputs": []})
    english.with_suffix(".ipynb").write_text(json.dumps(notebook), "utf-8")
    (tmp_path / "zh").mkdir()
    source = tmp_path / "zh" / english.name
    source.write_text("# %% [markdown]\n# # 98. 新课\n#\n# 文字。\n\n# %%\nold = 0\n", "utf-8")
    with pytest.raises(LessonError, match="texts 1 has changed"):
        translation.build(Lesson(source))
    translation.build(Lesson(source), accepted=True)
    assert cells(source) == [("markdown", "# 98. 新课\n\n文字。"), ("code", "x = 1")]
    assert cells(source.with_suffix(".ipynb")) == cells(source)
    english.write_text(english.read_text("utf-8").replace("Words.", "Other words."), "utf-8")
    assert translation.stale(Lesson(source)) == [1]
    source.write_text("# %%\nx = 1\n", "utf-8")
    with pytest.raises(LessonError, match="the cells of the English lesson"):
        translation.build(Lesson(source), accepted=True)
