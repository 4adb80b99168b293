"""Markdown to HTML: equations typeset, headings with anchors, tables that scroll by
themselves, lessons named in the text linked.
"""

from __future__ import annotations

import html
import re
from itertools import pairwise
from typing import Any

from lessons.site.mathml import mathml

LESSON = re.compile(r"\b([Ll]essons? )(\d+)(?:(, | and | to )(\d+))?(?:( and )(\d+))?")


class Text:
    """Renders the Markdown of one page.  headings: [(level, anchor, text)] as they
    came; addresses: {lesson's number: page}
    """

    def __init__(self, addresses=None):
        from markdown_it import MarkdownIt
        from mdit_py_plugins.dollarmath import dollarmath_plugin

        self.headings, self.addresses = [], addresses or {}
        self.markdown = MarkdownIt("commonmark", {"html": True}).enable("table")
        self.markdown.use(
            dollarmath_plugin,
            renderer=lambda latex, about: mathml(latex.strip(), about["display_mode"]),
        )
        rules = self.markdown.renderer.rules
        rules["table_open"] = lambda *_: '<div class="wide"><table>\n'
        rules["table_close"] = lambda *_: "</table></div>\n"
        rules["link_open"] = lambda tokens, at, options, *_: self._to_a_page(
            tokens, at, options
        )
        rules["text"] = lambda tokens, at, *_: self._linked(tokens, at)
        rules["math_block"] = lambda tokens, at, *_: (
            f'<div class="equation">{mathml(tokens[at].content.strip(), True)}</div>\n'
        )
        rules["math_inline"] = lambda tokens, at, *_: mathml(tokens[at].content.strip())

    def __call__(self, text):
        """Markdown -> HTML"""
        tokens = self.markdown.parse(text)
        for opening, inline in pairwise(tokens):
            if opening.type == "heading_open":
                words = plain(inline)
                anchor = self._anchor(words)
                opening.attrSet("id", anchor)
                if words == "Predict":
                    opening.attrSet("class", "predict")
                self.headings.append((int(opening.tag[1]), anchor, words))
        return self.markdown.renderer.render(tokens, self.markdown.options, {})

    def _anchor(self, words):
        """An anchor that is not yet on this page."""
        anchor, taken = (
            re.sub(r"\W+", "-", words.lower()).strip("-") or "part",
            {a for _, a, _ in self.headings},
        )
        return next(
            a
            for a in [anchor, *(f"{anchor}-{n}" for n in range(2, 99))]
            if a not in taken
        )

    def _to_a_page(self, tokens, at, options):
        """A link to a Markdown file of the course leads to the page made of it."""
        tokens[at].attrs["href"] = re.sub(
            r"^(?:\.\./)?(\w+)\.md(#|$)", r"\1.html\2", tokens[at].attrs["href"]
        )
        return self.markdown.renderer.renderToken(tokens, at, options, {})

    def _linked(self, tokens, at):
        """Words, in which the numbers of lessons lead there, unless they are in a link
        already.
        """
        words = html.escape(tokens[at].content, quote=False)
        if (
            any(t.type == "link_open" for t in tokens[:at])
            and tokens[at - 1].type == "link_open"
        ):
            return words

        def link(found):
            parts = [found[k] or "" for k in range(1, 7)]
            return "".join(
                f'<a href="{self.addresses[int(p)]}">{p}</a>'
                if p.isdigit() and int(p) in self.addresses
                else p
                for p in parts
            )

        return LESSON.sub(link, words)


def plain(inline: Any) -> str:
    """The words of an inline token, without marks."""
    return "".join(
        t.content
        for t in inline.children
        if t.type in ("text", "code_inline", "math_inline")
    )


def words(page: str) -> str:
    """HTML -> its words, for searching: equations by their LaTeX."""
    page = re.sub(r'<math alttext="([^"]*)".*?</math>', r"\1", page, flags=re.DOTALL)
    page = re.sub(r"</?(?:p|pre|li|h\d|td|th|summary|figcaption)\b[^>]*>", " ", page)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", page)).split())
