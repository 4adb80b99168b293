"""What comes from files and people stands in HTML as text, wherever it stands."""

import re

import numpy as np
import pytest

from gradcam.explore.writing import _escaped, _inside, assembled
from gradcam.verify.report.html import as_html
from gradcam.verify.report.verdict import Cause, Compared, Verdict
from gradcam.verify.rounding.differences import Difference
from minicnn import Tensor
from minicnn.layer import ConvLayer, Sequential

EVIL = """<script>alert("&'")</script>"""
SAID = "&lt;script&gt;alert(&quot;&amp;&#x27;&quot;)&lt;/script&gt;"
DIFFERENCE = Difference(1.0, 1.0, 1.0, (0,))


def cause(**evil):
    said = {
        "names": ("name",),
        "details": ("",),
        "stage": "stage",
        "theory": "theory",
        "fixes": ("fix",),
    } | evil
    return Cause(**said, kind="mistake", residual=0.0, kinds=("mistake",), said=("said",))


def verdict(**evil):
    made = Verdict("differs", "asked", "reason")
    made.causes, made.stage = [cause()], "stage"
    for name, value in evil.items():
        setattr(made, name, value)
    return made


def compared(**evil):
    made = Compared("stage", DIFFERENCE, 0.1)
    for name, value in evil.items():
        setattr(made, name, value)
    return made


PLACES = {
    "question": verdict(question=EVIL),
    "where": verdict(located=EVIL),
    "note": verdict(notes=["harmless", EVIL]),
    "confidence": verdict(confidence=EVIL),
    "stage of a cause": verdict(causes=[cause(names=(EVIL,))]),
    "detail": verdict(causes=[cause(details=(EVIL,))]),
    "theory": verdict(causes=[cause(theory=EVIL)]),
    "fix": verdict(causes=[cause(fixes=(EVIL,))]),
    "second cause": verdict(causes=[cause(), cause(names=(EVIL,))]),
    "compared": verdict(compared=[compared(stage=EVIL)]),
    "mark": verdict(compared=[compared(mark=EVIL)]),
    "ruled out": verdict(ruled_out=[(EVIL, 1.0)]),
    "reason": verdict(kind="refused", causes=[], reason=EVIL),
    "reason, where it is located": verdict(kind="located", causes=[], located="x", reason=EVIL),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_verdicts_page(place):
    page = as_html(PLACES[place])
    assert "<script" not in page and SAID in page


def test_a_network_and_a_tensor_in_a_notebook():
    class Titled(Sequential):
        title = EVIL

    net = Titled(ConvLayer(EVIL, 3, 2, 3))
    shown = net._repr_html_()
    assert "<script" not in shown and shown.count(SAID) == 2
    shown = Tensor(np.zeros((1, 3, 4, 4)), EVIL)._repr_html_()
    assert "<script" not in shown and shown.count(SAID) == 3  # its name, and twice at the picture
    assert re.search(f'alt="picture 0 of {re.escape(SAID)}, black', shown)


def test_the_explorers_page():
    assert _escaped(EVIL) == EVIL.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    assert _inside("a = '</script>'") == "a = '<\\/script>'"
    page = assembled({"title": EVIL, "more": EVIL}, {EVIL: np.zeros((2, 2, 3), np.uint8)}, address=EVIL)
    assert "<script>alert" not in page and page.count("\\u003cscript>alert") == 4
    assert _escaped(EVIL) in page
    for policy in re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page):
        assert "'self'" in policy
