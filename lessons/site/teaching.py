"""The instructor's page: its Markdown is in lessons/instructor/, one file per lesson
after the general one.
"""

from dataclasses import dataclass
from pathlib import Path

from lessons.site.text import Text

GUIDE = Path(__file__).parents[1] / "instructor"


@dataclass
class Guide:
    body: str
    headings: list


def teaching(chosen, addresses):
    """-> Guide, None if there is nothing written"""
    files = [GUIDE / "README.md", *(guide(each) for each in chosen)]
    text = Text(addresses)
    body = "\n".join(
        f"<section>{text(file.read_text('utf-8'))}</section>"
        for file in files
        if file.is_file()
    )
    return Guide(body, text.headings) if body else None


def guide(lesson):
    """The file of a lesson's guide."""
    return GUIDE / f"{lesson.source.stem}.md"
