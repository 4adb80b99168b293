"""The Explorer, measured: `python -m tests.gradcam.explore.measured` writes tests/results/explorer.md.

From click to picture: from the click's own time stamp to the first frame in which the maps of all rules are
drawn.  A frame of tiny: its engine (forward, three signals back, the maps as colours) and the drawing.  And
200 random (network, picture, unit, rule), in a browser, beside our engine.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from gradcam.cli import main as gradcam
from lessons.explorer import explorer
from tests.gradcam.explore.cases import given, node, picture
from tests.support.browser import found, opened

RESULTS = Path(__file__).parents[2] / "results" / "explorer.md"
CLICKS, FRAMES = 30, 200
WAYS = [
    ("tiny", "page"),
    ("shapes", "page"),
    ("shapes", "server"),
    ("squeezenet", "server"),
    ("squeezenet", "page"),
]
TWO_HUNDRED = {"tiny": (15, 4), "shapes": (10, 6), "mini_vgg": (5, 6), "squeezenet": (10, 5)}
STAMPED = """() => {
  window.times = [];
  let begin = null;
  addEventListener("click", ({ timeStamp }) => { begin = timeStamp; }, true);
  new MutationObserver(() => {
    if (begin === null) return;
    const from = begin;
    begin = null;
    requestAnimationFrame(() => setTimeout(() => times.push(performance.now() - from)));
  }).observe(document.body, { attributes: true, attributeFilter: ["data-ms"] });
}"""
FRAME = Path(__file__).with_name("frame.mjs")


def settled(page, done):
    """Do something, and wait until what it changes is drawn and told."""
    before = page.get_attribute("body", "data-ready")
    done()
    page.wait_for_selector(f"body[data-ready]:not([data-ready='{before}']):not(.busy)")


@contextlib.contextmanager
def addressed(name, way, folder):
    """Where a network's page is: in a file, or served by a program of its own."""
    if way == "page":
        file = folder / f"{name}.html"
        if name == "tiny":
            file.write_text(explorer(), "utf-8")
        elif not file.exists():
            gradcam(["explore", "--network", name, "--out", str(file)])
        yield file.as_uri()
        return
    command = [sys.executable, "-m", "gradcam", "explore", "--network", name, "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        try:
            program.stdout.readline()
            yield program.stdout.readline().strip()
        finally:
            program.kill()


def clicks(browser, address, count):
    """Milliseconds of each click on another class."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    with contextlib.closing(context):
        page = context.new_page()
        page.set_default_timeout(120_000)
        page.goto(address)
        page.wait_for_selector("body[data-ready]:not(.busy)")
        page.evaluate(STAMPED)
        for n in range(count):
            several = page.locator("#classes button").count()
            settled(
                page, lambda n=n, several=several: page.click(f"#classes button:nth-child({1 + n % several})")
            )
        page.wait_for_timeout(300)
        return page.evaluate("times")


def strokes(browser, address, count):
    """Milliseconds of each frame while a brush goes over the picture: engine, messages and drawing."""
    with contextlib.closing(browser.new_context(viewport={"width": 1280, "height": 900})) as context:
        page = context.new_page()
        page.goto(address)
        page.wait_for_selector("body[data-ready]:not(.busy)")
        page.evaluate(STROKED)
        page.check("#draw")
        box = page.locator('[data-row="forward"][data-column="x"] canvas').bounding_box()
        page.mouse.move(box["x"] + 9, box["y"] + 9)
        page.mouse.down()
        while len(page.evaluate("times")) < count:
            for n in range(100):
                page.mouse.move(box["x"] + 9 + n, box["y"] + 9 + (37 * n) % 100)
        page.mouse.up()
        return page.evaluate("times")


STROKED = """() => {
  window.times = [];
  const body = document.body;
  new MutationObserver(() => times.push(Number(body.dataset.ms)))
    .observe(body, { attributes: true, attributeFilter: ["data-ms"] });
}"""


def node_frames(name, folder, count):
    """Milliseconds of each frame in Node.js."""
    talk = given(name, [["look", {"pixels": picture(name, n)}] for n in range(8)])
    model = {
        "model": talk["model"],
        "weights": talk["weights"],
        "looks": [q["pixels"] for _, q in talk["talk"]],
    }
    model["start"] = {"tensor": talk["model"]["steps"][-1]["name"], "region": [1, 0, 0, 0, 0]}
    (folder / "frame.json").write_text(json.dumps(model))
    done = subprocess.run(
        [node(), FRAME, folder / "frame.json", str(count)], check=True, capture_output=True, text=True
    )
    return json.loads(done.stdout)


def speed(browser, folder):
    """Lines of the table."""
    for name, way in WAYS:
        with addressed(name, way, folder) as address:
            times = clicks(browser, address, CLICKS)
        yield f"{name}, {'the page alone' if way == 'page' else 'served'}: click to picture", times
    with addressed("tiny", "page", folder) as address:
        yield "tiny: a frame of a stroke, engine, messages and drawing", strokes(browser, address, FRAMES)
    yield "tiny: a frame in Node.js, engine and drawing", node_frames("tiny", folder, FRAMES)


def main() -> None:
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="*", default=[])
    parser.parse_args()
    with sync_playwright() as driver, tempfile.TemporaryDirectory() as folder:
        browser = opened(driver, found())
        for what, times in speed(browser, Path(folder)):
            load = os.getloadavg()[0]
            print(f"{what}: median {median(times):.1f}, best {min(times):.1f}, load {load:.1f}", flush=True)
        browser.close()


if __name__ == "__main__":
    main()
