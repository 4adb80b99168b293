"""Every fraction and percentage that a lesson or its guide tells is a number of its code, is printed by it,
or stands in a committed table that it names; a paper's numbers are listed here, by what they mean.
"""

import re
from functools import cache

import pytest

from lessons.course import HERE, lessons
from lessons.notebook import complete
from lessons.site.teaching import guide

each_lesson = pytest.mark.parametrize("lesson", lessons(), ids=lambda each: each.source.stem)
PER_CENT = r" ?(?:%|per cent)"
FRACTION, SHARE = r"\d+\.\d+(?:e[-+]?\d+)?|\d+e[-+]?\d+", rf"\d+(?={PER_CENT}|(?: to| and) \d+{PER_CENT})"
TOLD = re.compile(rf"(?<![\w.\-/])({FRACTION}|{SHARE})(?![\w.]?\d)")
KNOWN = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?")
NO_MEASUREMENT = re.compile(
    r"\$\$[^$]+\$\$|\$[^$]+\$"  # formulas
    r"|(?:[Ee]xercises?|secs?\.|eqs?\.|figs?\.|PyTorch)\s\d+(?:\.\d+)?"
    r"|^#+ .*$|\]\([^)]*\)",
    re.M,
)
TABLE = re.compile(r"tests/results/[\w.]+|(?<=quoted\(\")[\w.]+")
PAPERS = {
    # Selvaraju et al. 2020, table 3: localisation error of Grad-CAM; without its ReLU; with absolute
    # gradients; with the largest gradient; with the ReLU of deconvnet, of guided backprop
    12: {59.65, 74.98, 58.19, 59.96, 83.95, 59.14},
    # Selvaraju et al. 2017, sec. 5.3: rank correlation with occlusion of Guided Grad-CAM, Grad-CAM, CAM and
    # guided backprop
    14: {0.261, 0.254, 0.208, 0.168},
}


def value(number):
    return float(number.replace(",", ""))


def told(text):
    return {value(number) for number in TOLD.findall(NO_MEASUREMENT.sub(" ", text.partition("## Papers")[0]))}


@cache
def known(lesson):
    """The numbers of its code, of what it prints, and of tables that it names; shares also in per cent."""
    texts = []
    for cell in complete(lesson)["cells"]:
        code = cell["cell_type"] == "code"
        source = "".join(cell["source"])
        texts += [source] if code else []
        texts += ["".join(out.get("text", "")) for out in cell.get("outputs", [])]
        for name in TABLE.findall(source):
            places = HERE.parent / name, HERE / "measured" / name, HERE.parent / "tests" / "results" / name
            texts.append(next(path for path in places if path.is_file()).read_text("utf-8"))
    found = {value(number) for text in texts for number in KNOWN.findall(text)}
    return found | {round(100 * number, 6) for number in found} | PAPERS.get(lesson.number, set())


@each_lesson
def test_what_a_lesson_tells_is_printed_or_stands_in_a_table(lesson):
    words = [c for c in complete(lesson)["cells"] if c["cell_type"] == "markdown"]
    numbers = set().union(*(told("".join(cell["source"])) for cell in words))
    assert numbers <= known(lesson), numbers - known(lesson)
    assert PAPERS.get(lesson.number, set()) <= numbers


@each_lesson
def test_what_its_guide_tells_is_the_lessons(lesson):
    text = re.sub(rf"\b{lesson.number}\.\d\b", "", guide(lesson).read_text("utf-8"))  # exercises
    assert told(text) <= known(lesson), told(text) - known(lesson)


def test_an_old_number_would_be_found():
    assert told("falls from 68 to 43 per cent, by 0.25 (sec. 4.2, exercise 5.4) or 12 %") == {
        68,
        43,
        0.25,
        12,
    }
    assert told("## 3.1 of $x = 0.5$\n\nin 2017, 60 scenes\n\n## Papers\n- 0.9") == set()
    assert 83.7 not in known(lessons()[13]) and 0.251 not in known(lessons()[13])
