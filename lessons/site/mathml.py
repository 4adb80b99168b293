"""Equations, typeset when the site is built: LaTeX to MathML Core, which browsers draw
themselves.
"""

from __future__ import annotations

import re

from lessons.course import LessonError

BRACES = "\u23de\u23df"  # over and under: they must grow with what they embrace


def mathml(latex: str, display: bool = False) -> str:
    """LaTeX -> a <math> element that carries its LaTeX as a text alternative.
    LessonError for what cannot be typeset.
    """
    from latex2mathml.converter import convert

    try:
        typeset = convert(latex, display="block" if display else "inline")
    except Exception as error:  # of many kinds, none of them documented
        raise LessonError(
            f"the equation {latex!r} cannot be typeset: {type(error).__name__}: {error}"
        ) from None
    if left := re.search(r"<m[ino][^>]*>([^<]*\\[^<]*|&|&amp;)<", typeset):
        raise LessonError(
            f"the equation {latex!r} cannot be typeset: {left.group(1)!r} is not "
            "understood"
        )
    for brace in BRACES:
        typeset = typeset.replace(
            f"<mo>&#x{ord(brace):X};</mo>", f'<mo stretchy="true">{brace}</mo>'
        )
    return re.sub(r"<mi>(&#x0?2032;)</mi>", r"<mo>\1</mo>", typeset).replace(
        "<math ", f'<math alttext="{_quoted(latex)}" ', 1
    )


def _quoted(text):
    return (
        text.replace("&", "&amp;")
        .replace('"', "&quot;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\n", " ")
    )
