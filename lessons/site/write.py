"""The pages, their pictures and the search index, written to a folder."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import NamedTuple

from lessons.course import LessonError, beside, lessons
from lessons.explorer import PAGE, explorer
from lessons.files import staged
from lessons.site.page import page
from lessons.site.questions import QUESTIONS
from lessons.site.teaching import teaching
from lessons.site.text import Text
from lessons.site.verdicts import verdicts

HERE = Path(__file__).parent
TITLE = "Explaining CNNs, from scratch"
SHOWN = 10  # the lesson whose picture stands on the first page


class Built(NamedTuple):
    """pages: how many; unnamed: pictures that are not described in words; left_out:
    numbers of lessons that have no notebook yet.
    """

    pages: int
    unnamed: list
    left_out: list


def build_site(out: str | Path) -> Built:
    """Write the whole site.  out: a folder, made if need be.  -> Built"""
    try:
        import jinja2
        import latex2mathml.converter  # noqa: F401
        import markdown_it  # noqa: F401
        import mdit_py_plugins.dollarmath  # noqa: F401
        import pygments  # noqa: F401
    except ModuleNotFoundError as missing:
        raise LessonError(
            f"the site needs {missing.name}: pip install 'minicnn-gradcam[lessons]'"
        ) from None

    out, chosen = Path(out), [each for each in lessons() if each.notebook.is_file()]
    addresses = {each.number: f"{each.source.stem}.html" for each in chosen}
    pages = [page(each, addresses) for each in chosen]
    guide = teaching(chosen, addresses)
    loader = jinja2.FileSystemLoader(HERE / "templates", encoding="utf-8")
    templates = jinja2.Environment(
        loader=loader,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    shown = next((each for each in pages if each.lesson.number == SHOWN), None)
    common = {"site": TITLE, "pages": pages, "page": None, "guide": guide}
    common |= {"explorer": PAGE, "verdicts": verdicts(addresses)}
    files = {
        "index.html": templates.get_template("index.html").render(
            common, questions=_questions(addresses), shown=shown
        )
    }
    for before, this, after in zip([None, *pages], pages, [*pages[1:], None]):
        files[this.address] = templates.get_template("lesson.html").render(
            common, page=this, before=before, after=after
        )
    files["glossary.html"] = templates.get_template("glossary.html").render(
        common, body=Text(addresses)(beside("glossary.md").read_text("utf-8"))
    )
    if guide:
        files["teaching.html"] = templates.get_template("teaching.html").render(common)
    if common["verdicts"]:
        files["verdicts.html"] = templates.get_template("verdicts.html").render(common)
    files["search-index.js"] = (
        f"window.sections = {json.dumps(_index(pages), ensure_ascii=False)};\n"
    )

    with staged(out) as stage:
        (stage / "figures").mkdir()
        for name, text in files.items():
            (stage / name).write_text(text, "utf-8")
        (stage / PAGE).write_text(explorer(), "utf-8")
        for each in pages:
            for name, picture in each.images.items():
                (stage / "figures" / name).write_bytes(picture)
        for static in sorted((HERE / "static").iterdir()):
            shutil.copyfile(static, stage / static.name)
    left_out = [each.number for each in lessons() if not each.notebook.is_file()]
    return Built(
        sum(name.endswith(".html") for name in files),
        [name for each in pages for name in each.unnamed],
        left_out,
    )


def _questions(addresses):
    """[(question, lesson's number, its page)]"""
    return [
        (question, n, addresses[n])
        for n, question in QUESTIONS.items()
        if n in addresses
    ]


def _index(pages):
    """What search looks through: [lesson's title, section's heading, address, words]"""
    return [
        [
            f"{each.lesson.number}. {each.lesson.title}",
            "" if n == 0 else heading,
            f"{each.address}#{anchor}",
            words,
        ]
        for each in pages
        for n, (anchor, heading, words) in enumerate(each.sections())
    ]
