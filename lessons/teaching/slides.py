"""A lesson's slides: Markdown in Marp's format, which is readable as it stands, and its figures
beside it.

A slide says one thing: a section's first sentences, a question, a figure, what came out.  The
whole text is in the speaker's notes, which Marp keeps in comments.
"""

from __future__ import annotations

import re
from pathlib import Path

from lessons.course import Lesson
from lessons.files import staged
from lessons.teaching.parts import Part, parts, sentences
from lessons.texts import said

LINES = 18  # of code or print on a slide
FRONT = "---\nmarp: true\npaginate: true\nmath: katex\ntitle: {title}\n---\n\n# {title}\n\n{goal}\n"
GOAL = re.compile(r"\*\*(?:What you will learn\.|要学什么。)\*\*(.+?)(?=\n\n|\Z)", re.S)


def write_slides(lesson: Lesson, out: Path) -> Path:
    """Write NN_slug.md and its figures into the folder `out` -> the file."""
    name, every = lesson.source.stem, parts(lesson)
    pictures = [each.picture for each in every if each.kind == "figure"]
    with staged(out) as stage:
        (stage / f"{name}.md").write_text(slides(lesson, every), "utf-8")
        for n, picture in enumerate(pictures, 1):
            (stage / f"{name}-{n}.png").write_bytes(picture)
    return out / f"{name}.md"


def slides(lesson: Lesson, every: list[Part] | None = None) -> str:
    """The text of all slides."""
    every = parts(lesson) if every is None else every
    goal = GOAL.search(every[0].text)
    made = [
        FRONT.format(
            title=f"{lesson.number}. {lesson.title}", goal=sentences(goal.group(1), 2) if goal else ""
        )
    ]
    drawn = 0
    for part in every[1:]:
        drawn += part.kind == "figure"
        slide = _slide(part, f"{lesson.source.stem}-{drawn}.png")
        if slide:
            made.append(slide)
    return "\n---\n\n".join(made)


def _slide(part, file):
    head = f"## {part.title}\n\n"
    if part.kind == "question":
        options = "\n".join(f"- **{letter})** {words}" for letter, words in part.options)
        return f"{head}{part.text}\n\n{options}\n"
    if part.kind == "figure":
        return f"![bg fit]({file})\n\n<!-- {part.text} -->\n"
    if part.kind in ("code", "printed"):
        lines = [line for line in part.text.splitlines() if "not written yet" not in line]
        if not lines:
            return ""
        shown = "\n".join(lines[:LINES] + (["..."] if len(lines) > LINES else []))
        return f"{head}```{'python' if part.kind == 'code' else 'text'}\n{shown}\n```\n"
    if part.kind == "answer":
        head = f"## {said('teaching.answer')}\n\n"
    return f"{head}{_brief(part.text)}\n\n<!--\n{part.text.replace('-->', '->')}\n-->\n"


def _brief(text):
    """Of each paragraph the first sentence; tables, lists and formulas as they are."""
    kept = []
    for block in re.split(r"\n\n+", text):
        whole = block.lstrip().startswith(("|", "- ", "$$", "```"))
        letter = re.match(r"[a-f]\)[.。]", block)  # of the right option
        kept.append(block if whole else sentences(block, 2 if letter else 1))
    return "\n\n".join(kept)
