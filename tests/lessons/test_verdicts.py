"""What the verdicts and the lessons quote agrees with the committed tables and with what lessons print."""

import ast
import importlib
import re
import tomllib

import pytest

from lessons.course import HERE, lesson, lessons
from lessons.notebook import complete
from lessons.site.questions import QUESTIONS
from lessons.site.verdicts import COLUMNS, interval, read

VERDICTS = tomllib.loads((HERE / "verdicts.toml").read_text("utf-8"))["verdict"]
MEASURED = HERE / "measured"
NUMBER = re.compile(r"(?<![\w.-])[-+]?\d+(?:\.\d+)?(?:e[-+]\d+)?%?(?![\w-])")
each_verdict = pytest.mark.parametrize("verdict", VERDICTS, ids=lambda each: each["question"][:40])


def flat(text):
    return " ".join(text.split())


def source(name):
    """A committed table, or everything that a lesson says and prints."""
    if not name.startswith("lesson "):
        return flat((MEASURED / name).read_text("utf-8"))
    parts = []
    for cell in complete(lesson(name.removeprefix("lesson ")))["cells"]:
        parts += ["".join(cell["source"])]
        parts += ["".join(out.get("text", "")) for out in cell.get("outputs", [])]
    return flat("\n".join(parts))


@each_verdict
def test_every_number_stands_in_a_table_or_is_printed(verdict):
    lines = []
    for each in verdict["says"]:
        text = source(each["in"])
        for line in each["lines"]:
            assert flat(line) in text, f"{each['in']} no longer says: {line}"
            lines.append(flat(line))
    known = {number.lstrip("+") for line in lines for number in NUMBER.findall(line)}
    told = {number.lstrip("+") for number in NUMBER.findall(verdict["number"])}
    assert told and told <= known, f"not in the lines quoted: {told - known}"
    if "share" in verdict:
        shares = {f"{verdict['share']:.0%}", f"{verdict['share'] * verdict['of']:.0f}"}
        assert shares & known, shares
        assert str(verdict["of"]) in verdict["n"]
    else:
        assert {n.lstrip("+") for n in NUMBER.findall(verdict["interval"])} <= known | {"95"}


@each_verdict
def test_a_verdict_is_complete(verdict):
    assert all(str(verdict[key]).strip() for key in COLUMNS if key != "interval") and interval(verdict)
    assert re.match("https://", verdict["thread"]) and re.match(r"10\.\d{4,}/", verdict["doi"])
    sentences = re.findall(r"[.:!?](?:\s|$)", verdict["answer"])
    assert 3 <= len(sentences) <= 6, "three sentences, or nearly"
    asked = QUESTIONS.get(verdict["lesson"])
    same = [each for each in VERDICTS if each["lesson"] == verdict["lesson"]]
    assert asked is None or asked in {each["question"] for each in same}


def test_the_public_questions_have_one():
    assert {4, 9, 11, 12, 13, 14, 15, 16, 17} <= {each["lesson"] for each in VERDICTS}
    assert len({each["question"] for each in VERDICTS}) == len(VERDICTS) == len(read())
    assert any("gradients at all" in each["question"] for each in VERDICTS)


TABLES = sorted(path.name for path in MEASURED.glob("*.txt"))


@pytest.mark.parametrize("name", TABLES)
def test_a_table_says_how_it_was_made_and_a_lesson_quotes_it(name):
    said = (MEASURED / name).read_text("utf-8").splitlines()
    commands = [line for line in said if line.startswith("run by: ")]
    module = importlib.import_module(f"lessons.measured.{name.removesuffix('.txt')}")
    assert commands[0] in said[:2] and commands[0] == f"run by: {module.COMMAND}"
    assert all(line.startswith(f"run by: {module.COMMAND} --") for line in commands[1:])
    quotes = [
        each.number
        for each in lessons()
        for node in ast.walk(ast.parse(each.text))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "quoted" and node.args[0].value == name
    ]
    assert quotes, f"no lesson quotes {name}"
    table = flat((MEASURED / name).read_text("utf-8"))
    for number in quotes:
        printed = source(f"lesson {number}")
        tail = flat("\n".join((MEASURED / name).read_text("utf-8").splitlines()[-2:]))
        assert table in printed or tail in printed, f"stale: python -m lessons build {number}"
