"""One lesson's page, from its executed notebook."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field

from lessons.course import Lesson
from lessons.notebook import complete
from lessons.site.code import printed, python
from lessons.site.text import Text, words

OPTIONS = re.compile(r"<ul>\s*<li>a\) .*?</ul>", re.DOTALL)
TOUCH = re.compile(r'<p class="touch"><a href="([^"]+)">')
LETTER = re.compile(r"<li>[a-f]\) ")
BEHIND_A_CLICK = '<details class="outcome"><summary>What comes out</summary>'
NOTHING = re.compile(r"\(?(None(, )?)+\)?")  # what a cell of checks returns


@dataclass
class Page:
    """address: relative; body: HTML; headings: [(level, anchor, words)]; images: {file
    name: bytes}; unnamed: those without words.
    """

    lesson: object
    address: str
    body: str = ""
    headings: list = field(default_factory=list)
    images: dict = field(default_factory=dict)
    unnamed: list = field(default_factory=list)

    @property
    def goal(self) -> str:
        """What the lesson says that one learns from it, as HTML."""
        return self._said("learn")

    @property
    def figure(self) -> str:
        """The lesson's first picture, as HTML."""
        found = re.search(r'<figure class="picture.*?</figure>', self.body, re.DOTALL)
        return found.group() if found else ""

    def _said(self, verb):
        found = re.search(
            rf"<p><strong>What you will {verb}\.</strong>(.*?)</p>",
            self.body,
            re.DOTALL,
        )
        return found.group(1).strip() if found else ""

    def sections(self) -> list[tuple[str, str, str]]:
        """[(anchor, heading, words)] of the page, for searching."""
        parts = re.split(r'<h[1-6] [^>]*?id="([^"]*)"[^>]*>', self.body)[1:]
        found = zip(self.headings, parts[::2], parts[1::2], strict=True)
        return [
            (anchor, heading, words(text.partition(">")[2]))
            for (_, _, heading), anchor, text in found
        ]


def page(lesson: Lesson, addresses: dict[int, str]) -> Page:
    """addresses: {lesson's number: page}.  -> Page"""
    made, text, parts = Page(lesson, addresses[lesson.number]), Text(addresses), []
    for cell in complete(lesson)["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(text(source))
        else:
            parts.append(f'<div class="cell">{python(source)}')
            shown = [
                _output(output, source, made, cell["metadata"].get("alt", ""))
                for output in _joined(cell["outputs"])
            ]
            if any(shown) and cell["metadata"].get("withheld"):
                shown = [BEHIND_A_CLICK, *shown, "</details>"]
            parts += shown
            parts.append("</div>")
    made.headings, made.body = text.headings, _front("\n".join(parts), lesson)
    return made


def _front(body, lesson):
    """The lesson's number above its title, its time in smaller letters."""
    body = re.sub(
        r"(<h1[^>]*>)\d+\. ",
        rf'<p class="eyebrow">Lesson {lesson.number}</p>\n\1',
        body,
        count=1,
    )
    body = re.sub(
        r"<p>(<em>Runs in about \d+ seconds?)", r'<p class="about">\1', body, count=1
    )
    return OPTIONS.sub(lambda found: _options(found.group()), body)


def _options(text):
    """- a) one, - b) two: a list whose letters are its own"""
    inside = LETTER.sub("<li>", text.removeprefix("<ul>").removesuffix("</ul>"))
    return f'<ol class="options" type="a">{inside}</ol>'


def _joined(outputs):
    """What was printed in one go, and was recorded in pieces, in one piece."""
    joined = []
    for output in outputs:
        if (
            joined
            and output["output_type"] == joined[-1]["output_type"] == "stream"
            and output["name"] == joined[-1]["name"]
        ):
            joined[-1] = joined[-1] | {
                "text": ["".join(joined[-1]["text"]), "".join(output["text"])]
            }
        else:
            joined.append(output)
    return joined


def _output(output, code, made, alternative):
    """One output of a code cell -> HTML; a picture goes into a file of its own."""
    if output["output_type"] == "stream":
        return printed("".join(output["text"]), code)
    data = output.get("data", {})
    if "image/png" in data:
        name = f"{made.lesson.source.stem}-{len(made.images) + 1}.png"
        made.images[name] = base64.b64decode("".join(data["image/png"]))
        if not alternative:
            made.unnamed.append(name)
        width, height = (
            int.from_bytes(made.images[name][at : at + 4], "big") for at in (16, 20)
        )  # of PNG's header
        words = (
            alternative or f"figure {len(made.images)} of lesson {made.lesson.number}"
        ).replace('"', "&quot;")
        kind = "picture broad" if width > 2 * height else "picture"
        return (
            f'<figure class="{kind}"><img src="figures/{name}" alt="{words}" '
            f'width="{width}" height="{height}"></figure>'
        )
    if "text/html" in data:
        shown = "".join(data["text/html"])
        if slice := TOUCH.search(shown):
            frame = (
                f'<iframe class="slice" src="{slice[1]}" title="The Explorer"></iframe>'
            )
            return f"{shown}\n{frame}"
        return f'<div class="wide">{shown}</div>'
    text = "".join(data.get("text/plain", ""))
    return "" if NOTHING.fullmatch(text) else printed(text, code)
