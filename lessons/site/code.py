"""Code, coloured; and which of the printed lines are the engine's own."""

from __future__ import annotations

import html
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("minicnn", "gradcam", "weights", "lessons")
BEGINS = re.compile(r"\s*(class |def |@)\w")


def python(text: str) -> str:
    """Source -> HTML, each kind of word with a class of its own (static/style.css gives
    the colours).
    """
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    coloured = highlight(
        text.strip("\n"), PythonLexer(stripnl=False), HtmlFormatter(nowrap=True)
    ).rstrip("\n")
    return f'<pre class="code" tabindex="0"><code>{coloured}</code></pre>'


def printed(text: str, code: str = "") -> str:
    """What a cell printed -> HTML.  Lines that stand in the engine's files are shown as
    source, with the file and the line.
    """
    parts, lines, at = [], text.rstrip("\n").split("\n"), 0
    plain = []
    while at < len(lines):
        found = engine_lines(lines[at:], code) if BEGINS.match(lines[at]) else None
        if found:
            path, first, count = found
            parts += [
                _output(plain),
                _source("\n".join(lines[at : at + count]), path, first),
            ]
            plain, at = [], at + count
        else:
            plain.append(lines[at])
            at += 1
    return "\n".join(filter(None, [*parts, _output(plain)]))


def engine_lines(lines: list[str], code: str = "") -> tuple[str, int, int] | None:
    """-> (file, line there, how many lines of `lines` stand there), the longest such
    run of at least two; None if there is none.

    Of files that hold the same lines, the one that `code`, the cell's own text, speaks
    of.
    """
    best, code = None, code.lower()
    for path, theirs in _files().items():
        for start in (k for k, line in enumerate(theirs) if line == lines[0].rstrip()):
            pairs = list(zip(lines, theirs[start:]))
            count = next(
                (n for n, (a, b) in enumerate(pairs) if a.rstrip() != b), len(pairs)
            )
            while count and not lines[count - 1].strip():
                count -= 1
            rank = (count, Path(path).stem.replace("_", "") in code)
            if count > 1 and (best is None or rank > best[0]):
                best = rank, (path, start + 1, count)
    return best and best[1]


@cache
def _files():
    paths = sorted(
        path for package in PACKAGES for path in (ROOT / package).rglob("*.py")
    )
    return {
        path.relative_to(ROOT).as_posix(): [
            line.rstrip() for line in path.read_text("utf-8").split("\n")
        ]
        for path in paths
    }


def _source(text, path, line):
    return (
        f'<figure class="source"><figcaption>{path}, line '
        f"{line}</figcaption>{python(text)}</figure>"
    )


def _output(lines):
    text = "\n".join(lines).strip("\n")
    return (
        f'<pre class="output" tabindex="0">{html.escape(text, quote=False)}</pre>'
        if text.strip()
        else ""
    )
