"""The Explorer in a notebook: a frame, and messages to an engine in the kernel; in a real browser, with a
stand-in for the notebook's front end, which hands messages over.
"""

import base64
import json
import sys

import numpy as np
import pytest

import weights
from gradcam.explore import ExploreError, widget
from gradcam.explore.bundle import text
from tests.gradcam.explore.cases import network, picture
from tests.support.browser import NO_BROWSER, found, opened

FRONT_END = """async ([esm, page]) => {
  const module = URL.createObjectURL(new Blob([esm], { type: "text/javascript" }));
  const { default: { render } } = await import(module);
  const heard = [], model = {
    get: (name) => ({ page, height: 900 })[name],
    on: (_, listener) => heard.push(listener),
    off: (_, listener) => heard.splice(heard.indexOf(listener), 1),
    send: async (asked) => {
      const { said, bytes } = await kernel(asked);
      const view = (one) => new DataView(Uint8Array.from(atob(one), (c) => c.charCodeAt(0)).buffer);
      const buffers = bytes.map(view);
      heard.forEach((listener) => listener(said, buffers));
    },
  };
  globalThis.close = render({ model, el: document.body });
  globalThis.heard = heard;
}"""


@pytest.fixture
def frames():
    pytest.importorskip("anywidget", reason="the widget needs anywidget: pip install -e '.[notebook]'")
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="the browser test needs playwright: pip install -e '.[dev]'"
    )
    if (program := found()) is None:
        pytest.skip(NO_BROWSER)
    with playwright.sync_playwright() as driver:
        browser = opened(driver, program)
        yield browser.new_context(viewport={"width": 1100, "height": 1000})
        browser.close()


def shown(context, made):
    """The page of a widget in its frame; every message goes through Python, as with a kernel."""
    page, complaints, said = context.new_page(), [], []
    page.set_default_timeout(60_000)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("request", lambda r: r.url.startswith(("blob:", "about:")) or complaints.append(r.url))
    made.send = lambda content, buffers=(): said.append(
        (content, [base64.b64encode(b).decode() for b in buffers])
    )

    def kernel(asked):
        made.answer(asked)
        content, buffers = said.pop()
        return {"said": content, "bytes": buffers}

    page.expose_function("kernel", kernel)
    page.evaluate(FRONT_END, [text("notebook.mjs"), made.page])
    page.wait_for_selector("iframe")
    frame = page.frame_locator("iframe")
    frame.locator("body[data-ready]:not(.busy)").wait_for()
    return page, frame, complaints


def test_in_a_frame_it_is_the_explorer(frames):
    net, (one, two) = weights.load("shapes"), (picture("shapes", 22), picture("shapes", 7))
    page, frame, complaints = shown(frames, widget(net, {"one": one, "two": two}))
    before = frame.locator("#told").inner_text()
    frame.locator("#classes button:nth-child(2)").click()
    frame.locator("#told").filter(has_not_text=before).wait_for()
    frame.locator("#negative").click()
    frame.locator("#number .value span.down").wait_for()
    frame.locator("#own").fill("x > 0 ? g : 0")
    frame.locator("#own-run").click()
    frame.locator('[data-row="own"][data-column="x"]:not(.empty)').wait_for()
    assert frame.locator("#link").is_hidden() and complaints == []
    assert page.evaluate("(close(), heard.length)") == 0


def test_a_place_is_a_slice(frames):
    net, _ = network("tiny")
    _, frame, complaints = shown(frames, widget(net, picture("tiny", 3), "only=cam&zero=0.4"))
    assert [card.inner_text() for card in frame.locator(".card h2").all() if card.is_visible()] == [
        "Grad-CAM, built up"
    ]
    assert "Zero moved by" in frame.locator("#cam-kept-say").inner_text() and complaints == []
    frame.locator("#whole").click()
    frame.locator("#h-why").wait_for()


def test_what_is_no_question_is_answered_in_a_sentence():
    pytest.importorskip("anywidget", reason="the widget needs anywidget: pip install -e '.[notebook]'")
    net, _ = network("tiny")
    made, said = widget(net, picture("tiny", 3)), []
    made.send = lambda content, buffers=(): said.append((content, len(buffers)))
    look = ["look", {"pixels": {"bytes": base64.b64encode(picture("tiny", 3).tobytes()).decode()}}]
    for asked in ("{", json.dumps({"session": "abcd", "questions": [["counts", {}]]}),
                  json.dumps({"session": "abcd", "questions": [look, ["nosuch", {}]]}),
                  json.dumps({"session": "abcd", "questions": [look]})):  # fmt: skip
        made.answer({"id": "abcd 1", "questions": asked})
    assert [bool(content.get("error")) for content, _ in said] == [True, True, True, False]
    assert said[1][0]["gone"] and said[3][1] == 1


def test_what_it_needs_is_said(monkeypatch):
    net, _ = network("tiny")
    with pytest.raises(ExploreError, match=r"set net\.card"):
        widget(lambda x: x, np.zeros((48, 48, 3), np.uint8))
    from gradcam.explore import notebook

    notebook._frame.cache_clear()
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(ExploreError, match=r"pip install 'minicnn-gradcam\[notebook\]'"):
        widget(net, picture("tiny", 3))
    notebook._frame.cache_clear()
