"""The instructor's page: its Markdown is in lessons/instructor/, one file per lesson
after the general one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lessons.course import Lesson, beside
from lessons.site.text import Text


@dataclass
class Guide:
    body: str
    headings: list


def teaching(chosen: Sequence[Lesson], addresses: dict[int, str]) -> Guide | None:
    """-> Guide, None if there is nothing written"""
    files = [beside("instructor/README.md"), *(guide(each) for each in chosen)]
    text = Text(addresses)
    body = "\n".join(
        f"<section>{text(file.read_text('utf-8'))}</section>"
        for file in files
        if file.is_file()
    )
    return Guide(body, text.headings) if body else None


def guide(lesson: Lesson) -> Path:
    """The file of a lesson's guide."""
    return beside(f"instructor/{lesson.source.stem}.md")
