"""Lessons in another language: lessons/zh/NN_slug.py, whose code is the English one's.

Only the texts are a translator's work.  `python -m lessons --lang zh build 8` takes the
code, and what it printed and drew, from the English lesson, and writes the notebook.
lessons/zh/translated.json holds a sum of each English text that was translated, so that
a text which has changed since is found.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

from lessons.course import Lesson, LessonError
from lessons.files import write
from lessons.notebook import alternatives, figures, of_source, read
from lessons.texts import said

SUMS = "translated.json"


def of_english(translation: Lesson) -> Lesson:
    """The lesson that it translates."""
    return Lesson(translation.original)


def stale(translation: Lesson) -> list[int]:
    """The texts (from 1, in the order of the lesson) whose English has changed since
    they were translated.
    """
    known, now = _sums(translation).get(translation.source.stem, []), _now(translation)
    longer = max(len(known), len(now))
    pairs = zip(known + [""] * (longer - len(known)), now + [""] * (longer - len(now)))
    return [n for n, (a, b) in enumerate(pairs, 1) if a != b]


def build(translation: Lesson, accepted: bool = False) -> int:
    """Take the code over from the English lesson, and write the notebook -> its size in
    bytes.  accepted: its texts translate the English ones as they are now.

    LessonError where it has other cells than the English lesson, or a text is stale.
    """
    if accepted:
        sums = _sums(translation) | {translation.source.stem: _now(translation)}
        text = json.dumps(sums, indent=1, sort_keys=True)
        write(text + "\n", translation.source.with_name(SUMS))
    if old := stale(translation):
        texts = ", ".join(map(str, old))
        raise LessonError(said("build.stale", file=translation.source, texts=texts))
    write(_with_english_code(translation), translation.source)
    text = notebook(Lesson(translation.source))
    write(text, translation.notebook)
    return len(text.encode())


def notebook(translation: Lesson) -> str:
    """The English notebook with the translation's texts, and its words for figures."""
    english = of_english(translation)
    made = read(english.notebook.read_text("utf-8"), english.notebook.name)
    given = of_source(translation.text)
    if [kind for kind, _ in given] != [cell["cell_type"] for cell in made["cells"]]:
        raise LessonError(said("build.cells", file=translation.source))
    for cell, (kind, text) in zip(made["cells"], given):
        if kind == "markdown":
            cell["source"] = text.splitlines(keepends=True)
    for cell, words in zip(figures(made), _words(translation)):
        cell["metadata"]["alt"] = words
    return json.dumps(made, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _words(translation):
    """Alternatives of those figures that are in the notebook, in its order: what is
    withheld has none there.
    """
    english = of_english(translation)
    shown = figures(read(english.notebook.read_text("utf-8"), english.notebook.name))
    told = dict(zip(alternatives(english), alternatives(translation)))
    return [told.get(cell["metadata"].get("alt"), "") for cell in shown]


def _with_english_code(translation):
    """The translation's source, its code cells replaced."""
    english, given = (
        of_source(of_english(translation).text),
        of_source(translation.text),
    )
    if [kind for kind, _ in english] != [kind for kind, _ in given]:
        raise LessonError(said("build.cells", file=translation.source))
    before, *parts = re.split(r"^(# %%.*\n)", of_english(translation).text, flags=re.M)
    made = before
    for marker, body, (kind, text) in zip(parts[::2], parts[1::2], given):
        if kind == "markdown":
            lines = "\n".join(f"# {line}".rstrip() for line in text.split("\n"))
            body = lines + body[len(body.rstrip("\n")) :]
        made += marker + body
    return made


def _now(translation):
    """A sum of each English text."""
    texts = [
        text for kind, text in of_source(of_english(translation).text) if kind != "code"
    ]
    return [hashlib.sha256(text.encode()).hexdigest()[:12] for text in texts]


def _sums(translation):
    path: Path = translation.source.with_name(SUMS)
    return json.loads(path.read_text("utf-8")) if path.is_file() else {}
