"""A lesson taken apart: its sections, its questions with their options, its explanations, its
figures and what was printed.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field

from lessons.course import Lesson
from lessons.notebook import complete
from lessons.texts import languages, said, table

HEADING = re.compile(r"^(#{1,3}) (.+)$", re.M)
FOLDED = re.compile(r"<details><summary>(.+?)</summary>(.+?)</details>", re.S)
OPTION = re.compile(r"^(?:- )?([a-f])\) (.+?)(?=^(?:- )?[a-f]\) |\n\n|\Z)", re.M | re.S)
QUESTION = [table(each)["teaching.question"] for each in languages()]  # a section's heading
LINK = re.compile(r"\[([^\]]+)\]\([^)]+\)")


@dataclass
class Part:
    """kind: "text", "question", "answer", "figure", "printed" or "code"; title: the section's
    heading; text: Markdown, or what was printed; options: of a question, [(letter, words)];
    picture: PNG.
    """

    kind: str
    title: str
    text: str = ""
    options: list[tuple[str, str]] = field(default_factory=list)
    picture: bytes = b""


def parts(lesson: Lesson) -> list[Part]:
    """Everything in the lesson, in its order."""
    found, title = [], lesson.title
    for cell in complete(lesson)["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            title = _texts(source, title, found)
        else:
            found += _outputs(cell, title, source)
    return found


def questions(lesson: Lesson) -> list[Part]:
    """What the class predicts, in order."""
    return [each for each in parts(lesson) if each.kind == "question"]


def sentences(text: str, n: int) -> str:
    """The first n sentences of a paragraph, on one line; formulas stay whole."""
    line = " ".join(LINK.sub(r"\1", text).split())
    ends = [found.end() for found in re.finditer(r"(?<=[a-z\)*`$\d\"])[.?!](?= [A-Z*`$\"]|$)|[。？！]", line)]
    ends = [end for end in ends if _whole(line[:end])]
    return line[: ends[n - 1]] if len(ends) >= n else line


def _whole(text):
    """No formula and no parenthesis is open at its end."""
    return (
        text.count("$") % 2 == 0
        and text.count("(") <= text.count(")")
        and text.count("（") == text.count("）")
    )


def _texts(source, title, found):
    """Adds a Markdown cell's parts -> the heading that holds after it."""
    for piece in _sections(source):
        heading = HEADING.match(piece)
        if heading:
            title = re.sub(r"^\d+\. ", "", heading.group(2))
            piece = piece[heading.end() :]
        for number, text in enumerate(FOLDED.split(piece)):
            text = text.strip()
            if number % 3 == 2:
                found.append(Part("answer", title, text))
                title = said("teaching.answer") if title in QUESTION else title
            elif number % 3 == 0 and text:
                asked = heading and not number and title in QUESTION
                found.append(_question(title, text) if asked else Part("text", title, text))
    return title


def _sections(source):
    starts = [0, *(found.start() for found in HEADING.finditer(source) if found.start())]
    return [source[a:b] for a, b in zip(starts, [*starts[1:], len(source)])]


def _question(title, text):
    options = [(letter, " ".join(words.split())) for letter, words in OPTION.findall(text)]
    text = text[: OPTION.search(text).start()] if options else text
    return Part("question", title, LINK.sub(r"\1", text).strip(), options)


def _outputs(cell, title, source):
    for output in cell.get("outputs", []):
        if output["output_type"] == "stream":
            kind = "code" if "getsource" in source else "printed"
            yield Part(kind, title, "".join(output["text"]).rstrip())
        elif "image/png" in output.get("data", {}):
            picture = base64.b64decode("".join(output["data"]["image/png"]))
            yield Part("figure", title, cell["metadata"].get("alt", ""), picture=picture)
