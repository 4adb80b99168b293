"""The Explorer, measured: `python -m tests.gradcam.explore.measured` writes tests/results/explorer.md.

From click to picture: from the click's own time stamp to the first frame in which the maps of all rules are
drawn.  A frame of tiny, while a brush goes over its picture: engine (in its worker: forward, three signals
back, the maps as colours) and drawing; the same with the messages between page and worker, from the question
to the last map on its canvas; and from the brush's own time stamp to the frame that shows it, which waits for
the browser's next frame twice.  And 200 random (network, picture, unit, rule), in a browser, beside our
engine.

On a busy machine the wall times say how busy it was.  The column CPU is what one click, or one frame, costs,
in every process of browser and server: the picture, and everything that is told after it (counts, Grad-CAM,
switches).
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path
from statistics import median

import numpy as np

import weights
from gradcam.cli import main as gradcam
from gradcam.explore.bundle import text
from gradcam.explore.model import shape_of, steps
from gradcam.explore.signals import RULES
from gradcam.image import as_input
from gradcam.outputs import chosen, scores
from lessons.explorer import explorer
from minicnn import ReLU, Tensor, backward
from tests.gradcam.explore.cases import conversation, differences, given, in_page, node, picture, reference
from tests.support.browser import found, opened

RESULTS = Path(__file__).parents[2] / "results" / "explorer.md"
CLICKS, FRAMES = 14, 200
WARM = 20  # frames, before any counts: the browser compiles
WAYS = [
    ("tiny", "page"),
    ("shapes", "page"),
    ("shapes", "server"),
    ("squeezenet", "server"),
]
TWO_HUNDRED = {"tiny": (15, 4), "shapes": (10, 8), "mini_vgg": (6, 6), "squeezenet": (4, 6)}
OF_SERVER = {"shapes": (5, 4), "squeezenet": (5, 4)}
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
        begin = cpu()
        for n in range(count):
            several = page.locator("#classes button").count()
            settled(
                page, lambda n=n, several=several: page.click(f"#classes button:nth-child({1 + n % several})")
            )
        page.wait_for_timeout(300)
        return page.evaluate("times"), 1000 * (cpu() - begin) / count


def cpu():
    """CPU seconds that the browser and the server took so far: our descendants but the driver."""
    parents, seconds, names = {}, {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            pid, (name, rest) = int(stat.parent.name), stat.read_text().split("(", 1)[1].rsplit(")", 1)
            numbers = rest.split()
            parents[pid], names[pid] = int(numbers[1]), name
            seconds[pid] = sum(map(int, numbers[11:13])) / os.sysconf("SC_CLK_TCK")

    def ours(pid):
        return pid == os.getpid() or (pid in parents and ours(parents[pid]))

    return sum(seconds[pid] for pid in parents if pid != os.getpid() and ours(pid) and names[pid] != "node")


def strokes(browser, address, count):
    """Milliseconds of each frame while a brush goes over the picture: from the question to the last map; the
    engine's and the drawing's part of it; from the brush to what is seen; and CPU milliseconds of one.
    """
    with contextlib.closing(browser.new_context(viewport={"width": 1280, "height": 900})) as context:
        page = context.new_page()
        page.goto(address)
        page.wait_for_selector("body[data-ready]:not(.busy)")
        page.evaluate(STROKED)
        page.check("#draw")
        box = page.locator('[data-row="forward"][data-column="x"] canvas').bounding_box()
        page.mouse.move(box["x"] + 9, box["y"] + 9)
        page.mouse.down()
        begin = cpu()
        while len(page.evaluate("times")) < WARM + count:
            for n in range(100):
                page.mouse.move(box["x"] + 9 + n, box["y"] + 9 + (37 * n) % 100)
        page.mouse.up()
        times, seen = page.evaluate("[times, seen]")
        frames, alone = zip(*times[WARM:])
        return frames, alone, seen[WARM:], 1000 * (cpu() - begin) / len(times)


STROKED = """() => {
  Object.assign(window, { times: [], seen: [] });
  const body = document.body;
  let stroke = null;
  addEventListener("pointermove", ({ timeStamp }) => { stroke ??= timeStamp; }, true);
  new MutationObserver(() => {
    const from = stroke;
    stroke = null;
    times.push([Number(body.dataset.ms), Number(body.dataset.engine) + Number(body.dataset.drawing)]);
    if (from !== null) requestAnimationFrame(() => setTimeout(() => seen.push(performance.now() - from)));
  }).observe(body, { attributes: true, attributeFilter: ["data-ms"] });
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
    """Rows of the table of times."""
    for row in speed_rows(timed(browser, folder)):
        print(row, flush=True)
        yield row


def timed(browser, folder):
    for name, way in WAYS:
        with addressed(name, way, folder) as address:
            times, cost = clicks(browser, address, CLICKS)
        yield f"{name}, {'the page alone' if way == 'page' else 'served'}: click to picture", times, cost
    with addressed("tiny", "page", folder) as address:
        frames, alone, seen, cost = strokes(browser, address, FRAMES)
    yield "tiny: a frame of a stroke, engine and drawing", alone, None
    yield "tiny: a frame of a stroke, messages between page and worker included", frames, cost
    yield "tiny: from the brush to what is seen", seen, None
    yield "tiny: a frame in Node.js, engine and drawing", node_frames("tiny", folder, FRAMES), None


def alike(page, name, pictures, each):
    """-> (how many (unit, rule), how many answers were compared, where they part)"""
    talk = conversation(name, pictures, each, seed=1)
    ours, theirs = reference(name, talk), in_page(page, name, talk)
    apart = [d for (q, _), a, b in zip(talk, ours, theirs) for d in differences(a, b, q)]
    return sum(question == "trace" for question, _ in talk), len(talk), apart


SERVED = """async ([pixels, start, rule]) => {
  const bytes = Uint8Array.from(atob(pixels), (c) => c.charCodeAt(0));
  const client = new Explorer.FromServer(location.pathname + "ask"), look = ["look", { pixels: bytes }];
  const questions = [look, ["trace", { start, rules: [rule] }], ["values", { tensor: "x", what: rule }]];
  return [...(await client.ask(questions))[2]];
}"""


def served_alike(page, name, pictures, each):
    """The same through the server: what a browser gets, beside `minicnn.backward` in float32 itself."""
    net, random, apart, count = weights.load(name), np.random.default_rng(2), [], 0
    page.add_script_tag(content="var Explorer = (() => {" + client() + "return { FromServer }; })();")
    for n in range(pictures):
        seen = picture(name, n)
        x = Tensor(as_input(seen, net.card.preprocessing), "x")
        y = scores(chosen(net(x)))
        found = {k: t for k, t in steps(y, x).items() if k != "x"}
        for _ in range(each):
            tensor = y if random.random() < 0.3 else found[random.choice(list(found))]
            at = next(k for k, t in found.items() if t is tensor)
            on = np.argwhere(tensor.data[0] > 0)
            unit = ([*random.choice(on).tolist(), 0, 0] if len(on) else [0, 0, 0])[:3]
            rule = str(random.choice(list(RULES)))
            signal = np.zeros_like(tensor.data)
            signal.reshape(1, *shape_of(tensor))[0, unit[0], unit[1], unit[2]] = 1
            first = signal * tensor.data if rule.startswith("lrp") else signal
            ours = backward(tensor, first, x, RULES[rule], allow=ReLU).ravel()
            pixels = base64.b64encode(seen.tobytes()).decode()
            start = {"tensor": at, "region": [*unit, *unit[1:]]}
            theirs = np.array(page.evaluate(SERVED, [pixels, start, rule]))
            count += 1
            most, largest = np.abs(ours - theirs).max(), np.abs(ours).max()
            if most > 1e-5 * largest:
                apart.append(f"{at} {unit} {rule}: {most:.1e} of {largest:.1e}")
    return count, count, apart


def client():
    """The page's own client of a server, as a script."""
    return re.sub(r"^export ", "", text("page/client.mjs"), flags=re.M)


def main() -> None:
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["speed", "values"], help="which part of the results to make anew")
    what = parser.parse_args().what
    with sync_playwright() as driver, tempfile.TemporaryDirectory() as folder:
        browser = opened(driver, found())
        about = f"{browser.browser_type.name.capitalize()} {browser.version}, {date.today()}"
        rows = (speed if what == "speed" else values)(browser, Path(folder))
        lines = [*HEADS[what], *rows]
        browser.close()
    write(what, f"{about}, {os.cpu_count()} cores.", lines)


HEADS = {
    "speed": ["| what | median, ms | best | CPU, ms | times | load |", "|---|---|---|---|---|---|"],
    "values": [
        "| network | answered by | (picture, unit, rule) | answers compared | apart by more than 1e-5 |",
        "|---|---|---|---|---|",
    ],
}
ABOUT = """# The Explorer, measured

`python -m tests.gradcam.explore.measured speed`, `values`: its docstring says what is measured.

A frame of a stroke on tiny, messages included, the load small, six runs at ordinary priority: 11.2 to 13.0;
engine and drawing alone, two of them: 10.0 and 11.7.  At a real-time priority (`chrt -r 1`) 6.6 to 9.9 ms,
messages included, whatever the load; so, one after the other, before and after convolutions went two numbers
at a time, maps were no longer sorted, and a stroke no longer laid the page out anew: 9.6 ms, then 6.0.  At a
load of 10 to 18, without that priority, 9 to 14 ms.  Waiting for the browser's next frame, twice, is no part
of it: "from the brush to what is seen" has it.

Sizes: the page of tiny 0.24 MB, of shapes 0.80 MB, of SqueezeNet 2.10 MB.

Firefox: every test of the page (36, of which 31 in the browser) and of the notebook (4) passed in Debian's
Firefox 153 ESR, widths, light and dark and a finger's tap included, 2026-11-30, with
`MINICNN_BROWSER=firefox-esr`.  Playwright 1.65 asks it for `emulation.setMediaFeaturesOverride`, which it
does not know, and its tap does nothing there: in a copy of Playwright that call was taken out (dark was set
as a preference of Firefox), and a tap sent as an action of WebDriver BiDi.

JupyterLab 4.6.6 (anywidget 0.11.0, ipykernel 7.4.0, headless Chromium 156, 2026-11-30): a notebook whose
cells are `widget(network(), pictures())` and `touch(11)`, run; another class, a unit of relu3, a rule of
one's own, a stroke: the maps followed each, a click's in 0.6 s at a load of 15; no error on the console.
"""


def speed_rows(found):
    for what, times, cost in found:
        load, spent = os.getloadavg()[0], "" if cost is None else f"{cost:.0f}"
        yield f"| {what} | {median(times):.1f} | {min(times):.1f} | {spent} | {len(times)} | {load:.1f} |"


def values(browser, folder):
    """Rows of the table of values."""
    page = browser.new_context().new_page()
    with addressed("tiny", "page", folder) as address:
        page.goto(address)
        for name, (pictures, each) in TWO_HUNDRED.items():
            count, compared, apart = alike(page, name, pictures, each)
            print(name, count, compared, apart[:3], flush=True)
            yield f"| {name} | the page | {count} | {compared} | {len(apart)} |"
    for name, (pictures, each) in OF_SERVER.items():
        with addressed(name, "server", folder) as address:
            page = browser.new_context(bypass_csp=True).new_page()
            page.goto(address)
            count, compared, apart = served_alike(page, name, pictures, each)
            print(name, count, apart[:3], flush=True)
            yield f"| {name} | the server | {count} | {compared} | {len(apart)} |"


def write(what, about, lines):
    """Put a part of the results in its place, and leave the others."""
    parts = dict(PART.findall(RESULTS.read_text("utf-8"))) if RESULTS.exists() else {}
    parts[what] = "\n".join([about, "", *lines])
    whole = [ABOUT]
    for name in HEADS:
        if name in parts:
            whole += [f"## {name}", "", parts[name].strip(), ""]
    RESULTS.write_text("\n".join(whole), "utf-8")


PART = re.compile(r"^## (\w+)\n(.*?)(?=^## |\Z)", re.M | re.S)


if __name__ == "__main__":
    main()
