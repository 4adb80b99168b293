"""The page: its size, what it may reach; and, in a real browser, everything that one can do with it."""

import http.server
import json
import re
import threading
from collections import Counter
from urllib.parse import quote

import numpy as np
import pytest

import weights
from gradcam.cli import main
from gradcam.explore import ExploreError, Server, Session, page
from gradcam.explore.bundle import bundle, names
from lessons.explorer import explorer
from tests.gradcam.explore.cases import conversation, differences, in_page, network, picture, reference
from tests.support.browser import NO_BROWSER, found, opened
from weights.zoo import network as published

DESK, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 740}
LIMITS = {"tiny": 1e6, "shapes": 1e6, "squeezenet": 6e6}  # bytes


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages with a space")
    (folder / "tiny.html").write_text(explorer(), "utf-8")
    for name in ("shapes", "squeezenet"):
        assert main(["explore", "--network", name, "--out", str(folder / f"{name}.html")]) == 0
    return folder


def test_pages_are_small_whole_and_the_same_each_time(pages):
    for name, most in LIMITS.items():
        text = (pages / f"{name}.html").read_text("utf-8")
        assert 100_000 < len(text.encode()) < most
        assert not re.search(r'(src|href)="(?!#)', text), "nothing is loaded from elsewhere"
        assert text.count("</script>") == 3 and text.count("<script") == 3
        assert "connect-src 'none'" in text and "'unsafe-eval'" not in text
    assert explorer() == (pages / "tiny.html").read_text("utf-8")


@pytest.mark.parametrize("entry", ["page/main.mjs", "engine/worker.mjs"])
def test_modules_share_one_scope_without_quarrel(entry):
    assert [name for name, times in Counter(names(entry)).items() if times > 1] == []
    assert not re.search(r"^(import|export) ", bundle(entry), re.M)


def test_weights_are_stored_to_the_last_digit_and_names_are_no_markup():
    net, _ = network("tiny")
    net.card.__dict__["title"] = before = net.card.title
    text = page(net, {"</script><script>alert(1)</script>": picture("tiny", 0)})
    assert "<script>alert" not in text and json.loads(re.search(r'id="data">(.*?)</script>', text)[1])
    assert net.card.title == before


def test_an_operation_that_the_page_lacks_is_said():
    net = published("resnet18").build()
    net.card = weights.card("resnet18")
    with pytest.raises(ExploreError, match="the page alone cannot compute BatchNorm"):
        page(net, {"grey": np.full((224, 224, 3), 127, np.uint8)})


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="the browser test needs playwright: pip install -e '.[dev]'"
    )
    if (program := found()) is None:
        pytest.skip(NO_BROWSER)
    with playwright.sync_playwright() as driver:
        browser = opened(driver, program)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser, pages):
    """visit(name, hash) -> (page, complaints): errors, and requests to anywhere but the file itself."""
    contexts = []

    def go(name="tiny", hash="", **options):
        contexts.append(browser.new_context(**{"viewport": DESK} | options))
        page, complaints = contexts[-1].new_page(), []
        page.set_default_timeout(120_000)
        page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda r: r.url.startswith(("file:", "blob:")) or complaints.append(r.url))
        page.on("dialog", lambda dialog: (complaints.append(dialog.message), dialog.dismiss()))
        page.goto((pages / f"{name}.html").as_uri() + hash)
        page.wait_for_selector("body[data-ready]")
        return page, complaints

    yield go
    for context in contexts:
        context.close()


def test_the_served_page_asks_the_program_and_nobody_else(browser):
    shown = {"scene 22": picture("shapes", 22), "scene 7": picture("shapes", 7)}
    server = Server(Session(weights.load("shapes")), shown)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    context, asked, complaints = browser.new_context(viewport=DESK), [], []
    try:
        page = context.new_page()
        page.set_default_timeout(120_000)
        page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(server.address)
        page.wait_for_selector("body[data-ready]")
        settled(page, lambda: page.click("#classes button:nth-child(2)"))
        settled(page, lambda: page.click("#thumbs button:nth-child(2)"))
        page.click("#negative")
        page.wait_for_selector("#number .value span.down")
        server.readers.kept.clear()  # another tab took this one's place
        settled(page, lambda: page.click("#classes button:nth-child(3)"))
        page.fill("#own", "x > 0 && g > 0 ? g : 0")
        settled(page, lambda: page.click("#own-run"))
        page.wait_for_selector('[data-row="own"][data-column="x"]:not(.empty)')
        same = [pixels_of(page, f'[data-row="{row}"][data-column="x"] canvas') for row in ("own", "guided")]
        assert same[0] == same[1], "that is guided backprop"
        server.readers.kept.clear()
        settled(page, lambda: page.click("#classes button:nth-child(2)"))
        assert page.locator('[data-row="own"][data-column="x"]:not(.empty)').count() == 1
        page.fill("#own", "fetch(g)")
        page.click("#own-run")
        page.wait_for_selector("#own-say:has-text(\"'fetch' is not understood\")")
    finally:
        context.close()
        server.shutdown()
        thread.join()
        server.close()
    assert {url for url in asked if "/favicon" not in url} == {server.address, server.address + "ask"}
    expected = ("410", "400", "favicon", "willReadFrequently")
    assert [text for text in complaints if not any(word in text for word in expected)] == []


def settled(page, done):
    """Do something, and wait until what it changes is drawn."""
    before = page.get_attribute("body", "data-ready")
    done()
    page.wait_for_selector(f"body[data-ready]:not([data-ready='{before}']):not(.busy)")


@pytest.mark.parametrize("name, pictures, each", [("tiny", 6, 4), ("shapes", 2, 5), ("squeezenet", 1, 3)])
def test_some_of_the_two_hundred_signals_in_the_browser(visit, name, pictures, each):
    page, complaints = visit()
    talk = conversation(name, pictures, each, seed=1)
    ours, theirs = reference(name, talk), in_page(page, name, talk)
    assert [d for (q, _), a, b in zip(talk, ours, theirs) for d in differences(a, b, q)] == []
    assert complaints == []


def test_choose_a_class_a_unit_and_step_back(visit):
    page, complaints = visit()
    settled(page, lambda: page.click("#classes button:nth-child(2)"))
    assert page.get_attribute("#classes button:nth-child(2)", "aria-pressed") == "true"
    settled(
        page,
        lambda: page.click('[data-row="forward"][data-column="relu3"] canvas', position={"x": 20, "y": 20}),
    )
    assert "of relu3" in page.inner_text("#told") and "at=relu3" in page.url
    assert page.locator('[data-row="guided"][data-column="relu4"].empty').count() == 1, "no signal goes up"
    settled(page, lambda: page.check("#after"))
    page.hover('[data-row="guided"][data-column="relu2"] canvas', position={"x": 20, "y": 20})
    page.wait_for_selector("#number small:has-text('of conv2')")
    assert "after the gate" in page.inner_text("#stage") and "before" not in page.inner_text("#stage")
    settled(page, lambda: page.uncheck("#after"))
    page.click("#again")
    assert page.locator('[data-row="guided"][data-column="x"].hidden').count() == 1
    for _ in range(3):
        page.click("#back")
    assert page.locator("#stage .hidden").count() == 0 and "back at the pixels" in page.inner_text("#told")
    settled(page, lambda: page.click("#undo"))
    assert page.locator('[data-row="guided"][data-column="x"].hidden').count() == 1
    assert complaints == []


def test_a_region_is_dragged_with_the_mouse_or_by_keys(visit):
    page, complaints = visit()
    box = page.locator('[data-row="forward"][data-column="relu2"] canvas').bounding_box()
    page.mouse.move(box["x"] + 4, box["y"] + 4)
    page.mouse.down()
    page.mouse.move(box["x"] + 12, box["y"] + 14, steps=4)
    assert page.locator("#stage .span").count() == 1
    settled(page, page.mouse.up)
    assert "rows " in page.inner_text("#told") and page.locator("#stage .span").count() == 0
    page.locator('[data-row="forward"][data-column="relu3"] canvas').focus()
    for key in ("ArrowRight", "Shift+ArrowRight", "Shift+ArrowDown"):
        page.keyboard.press(key)
    settled(page, lambda: page.keyboard.press("Enter"))
    assert "rows 0 to 1, columns 1 to 2" in page.inner_text("#told") and complaints == []


def test_from_a_number_to_those_that_made_it_and_the_switches_of_a_pool(visit):
    page, complaints = visit(hash="#see=forward~relu2~3~4~4")
    page.wait_for_selector("#number small:has-text('of relu2')")
    for there in ("conv2", "pool1", "relu1", "conv1", "pixel"):
        page.click("#number button.go >> nth=0")
        page.wait_for_selector(f"#number small:has-text('{there}')")
    before = page.inner_text("#pool-say")
    page.fill("#pool-map", "3")
    page.wait_for_selector("#pool-say:has-text('Map 3 of')")
    won = np.reshape(pixels_of(page, "#pool-input"), (-1, 4))
    back = np.reshape(pixels_of(page, "#pool-back"), (-1, 4))
    assert before != page.inner_text("#pool-say") and len(won) == len(back) > 16
    assert [text for text in complaints if "willReadFrequently" not in text] == []


def test_what_is_drawn_and_how_grad_cam_stands_is_in_the_address(visit):
    page, complaints = visit()
    page.check("#draw")
    box = page.locator('[data-row="forward"][data-column="x"] canvas').bounding_box()
    page.mouse.move(box["x"] + 30, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + 90, box["y"] + 60, steps=6)
    settled(page, page.mouse.up)
    page.fill("#cam-count", "5")
    page.uncheck("#cam-relu")
    page.fill("#cam-shift", "0.2")
    settled(page, lambda: page.check('.also[value="lrp_zplus"]'))
    page.select_option("#cam-layer", "relu3")
    page.wait_for_selector("#cam-say:has-text('at relu3')")
    again, more = visit(hash=page.url[page.url.index("#") :])
    for place in ("#classes", "#told", "#cam-say", "#cam-kept-say"):
        assert again.inner_text(place) == page.inner_text(place)
    picture = '[data-row="forward"][data-column="x"] canvas'
    assert pixels_of(again, picture) == pixels_of(page, picture), "place by place, and all at once"
    assert again.url[again.url.index("#") :] == page.url[page.url.index("#") :] and "ink=" in page.url
    assert complaints == more == []


def test_the_chart_of_signs_keeps_the_size_of_its_words(visit):
    page, complaints = visit()
    for width in (1280, 480, 900):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function(SIGNS_FIT)
    assert complaints == []


SIGNS_FIT = """() => {
  const { clientWidth } = document.getElementById("signs");
  const { width } = document.querySelector("#signs svg").viewBox.baseVal;
  return width === Math.max(280, Math.min(640, clientWidth));
}"""


def test_a_number_with_its_equation_and_its_gates(visit):
    page, complaints = visit(hash="#p=2")
    page.click("#negative")
    page.wait_for_selector("#number .value span.down")
    assert "guided" in page.inner_text("#number") and "=" in page.inner_text("#number .equation")
    assert page.locator("#number tbody tr").count() > 4 and page.locator("#number .gate").count() > 2
    shown = [row.inner_text() for row in page.locator("#number tbody tr td:nth-child(3)").all()]
    assert not any(text.startswith("−") for text in shown), (
        "what comes to a pixel has passed a gate: none is negative"
    )
    address = page.url
    page.hover('[data-row="backprop"][data-column="relu2"] canvas', position={"x": 30, "y": 30})
    page.wait_for_selector("#number small:has-text('relu2')")
    again, more = visit(hash=address[address.index("#") :])
    again.wait_for_selector("#number .value span.down")
    assert again.inner_text("#number small").startswith("Signal under guided backprop at pixel")
    assert complaints == more == []


def test_gates_and_colours_are_in_the_address_and_can_be_undone(visit):
    page, complaints = visit("shapes")
    seen = '[data-row="backprop"][data-column="x"] canvas'
    before, maps = pixels_of(page, seen), '[data-row="guided"][data-column="relu3_2"] canvas'
    arrived = pixels_of(page, maps)
    settled(page, lambda: page.check("#after"))
    page.uncheck("#colours")
    assert "after=1" in page.url and "colours=0" in page.url
    again, more = visit("shapes", page.url[page.url.index("#") :])
    assert again.is_checked("#after") and not again.is_checked("#colours")
    for canvas in (seen, maps):
        assert pixels_of(again, canvas) == pixels_of(page, canvas)
    assert pixels_of(page, seen) != before and pixels_of(page, maps) != arrived
    for _ in range(2):
        settled(page, lambda: page.click("#undo"))
    assert (page.is_checked("#after"), page.is_checked("#colours")) == (False, True)
    assert pixels_of(page, seen) == before and pixels_of(page, maps) == arrived
    assert "after" not in page.url and "colours" not in page.url
    assert [text for text in complaints + more if "willReadFrequently" not in text] == []


def test_who_overtakes_a_picture_that_is_not_there_yet_and_lifts_no_pen(visit):
    page, complaints = visit()
    maps = [f'[data-row="{row}"][data-column="relu1"] canvas' for row in ("forward", "guided")]
    click = "(...those) => those.forEach((one) => document.querySelector(one).click())"
    overtaken = ["#thumbs button:nth-child(4)", "#classes button:nth-child(2)"]
    settled(page, lambda: page.evaluate(f"those => ({click})(...those)", overtaken))
    page.wait_for_selector("body:not(.busy)")
    again, more = visit(hash=page.url[page.url.index("#") :])
    assert page.inner_text("#classes") == again.inner_text("#classes")
    assert [pixels_of(page, one) for one in maps] == [pixels_of(again, one) for one in maps]
    page.evaluate(f"those => ({click})(...those)", ["#thumbs button:nth-child(2)", "#occluder-sweep"])
    page.wait_for_selector("#occluder-say:has-text('Drag across')")
    before = page.inner_text("#classes")
    page.check("#draw")
    assert page.input_value("#brush-colour") == "#c0c0c0", "the network's pictures are grey"
    box = page.locator('[data-row="forward"][data-column="x"] canvas').bounding_box()
    page.mouse.move(box["x"] + 30, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + 90, box["y"] + 60, steps=4)
    page.evaluate("document.getElementById('draw').click()")
    settled(page, page.mouse.up)
    assert page.inner_text("#classes") != before and "ink=" in page.url
    assert [text for text in complaints + more if "willReadFrequently" not in text] == []


def test_by_keyboard_alone(visit):
    page, complaints = visit()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.locator('[data-row="forward"][data-column="relu2"] canvas').focus()
    for key in ("ArrowRight", "ArrowDown", "PageDown"):
        page.keyboard.press(key)
    page.wait_for_selector("#said:has-text('of relu2, row 1, column 1: activation')", state="attached")
    settled(page, lambda: page.keyboard.press("Enter"))
    assert "of relu2" in page.inner_text("#told")
    page.evaluate("document.activeElement.blur()")
    settled(page, lambda: page.keyboard.press("Control+z"))
    assert "of relu2" not in page.inner_text("#told")
    unnamed = page.eval_on_selector_all(
        "button, input, select, canvas[tabindex], [role=img]",
        "all => all.filter(e => !(e.ariaLabel || e.textContent.trim() || e.labels?.length || e.title))"
        ".map(e => e.outerHTML.slice(0, 80))",
    )
    assert unnamed == [] and complaints == []


def test_draw_on_the_picture(visit):
    page, complaints = visit()
    before = page.inner_text("#classes")
    page.check("#draw")
    assert page.input_value("#brush-colour") == "#c0c0c0", "the network's pictures are grey"
    box = page.locator('[data-row="forward"][data-column="x"] canvas').bounding_box()
    page.mouse.move(box["x"] + 30, box["y"] + 30)
    page.mouse.down()
    for n in range(8):
        page.mouse.move(box["x"] + 30 + 12 * n, box["y"] + 40)
    settled(page, page.mouse.up)
    page.wait_for_timeout(300)
    assert page.inner_text("#classes") != before
    settled(page, lambda: page.click("#undo"))
    assert page.inner_text("#classes") == before and complaints == []


def test_cam_sureness_random_layers_and_the_occluder(visit):
    page, complaints = visit()
    whole, kept = page.inner_text("#cam-say"), pixels_of(page, "#cam-kept")
    moved = pixels_of(page, "#cam-map")
    page.fill("#cam-shift", "0.4")
    assert page.inner_text("#cam-say") != whole and pixels_of(page, "#cam-map") != moved
    assert np.abs(np.subtract(pixels_of(page, "#cam-kept"), kept)).max() <= 1, "map + b/Z stays"
    page.fill("#cam-count", "3")
    assert "the first 3 of 32 maps" in page.inner_text("#cam-say")
    settled(page, lambda: page.check('[name="by"][value="probability"]'))
    assert "by=probability" in page.url
    settled(page, lambda: page.fill("#random", "2") or page.dispatch_event("#random", "change"))
    assert "fc, conv4" in page.inner_text("#random-say")
    settled(page, lambda: page.click("#undo"))
    page.click("#occluder-sweep")
    page.wait_for_selector("#occluder-say:has-text('places: red')")
    assert [text for text in complaints if "willReadFrequently" not in text] == []  # this test's own reading


def pixels_of(page, canvas):
    script = "c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]"
    return page.eval_on_selector(canvas, script)


def test_a_rule_of_ones_own_runs_after_a_click_and_reaches_nothing(visit):
    heard = []

    class Listener(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            heard.append(self.path)

        do_POST = do_GET

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener) as listener:
        threading.Thread(target=listener.serve_forever, daemon=True).start()
        there = f"http://127.0.0.1:{listener.server_port}/"
        reach = (
            f"(() => {{ try {{ (async () => {{}}).constructor('return fetch(`{there}a`)')() }} catch {{}}"
            f"try {{ fetch('{there}b') }} catch {{}} try {{ new WebSocket('ws{there[4:]}c') }} catch {{}}"
            f"return g }})()"
        )
        page, _ = visit(hash=f"#own={quote(reach)}")
        page.wait_for_timeout(500)
        assert page.locator('[data-row="own"]').count() == 0 and "came with the address" in page.inner_text(
            "#own-say"
        )
        page.fill("#own", reach[:200])
        page.click("#own-run")
        page.wait_for_selector("#own-say:not(:has-text('runs only')):not(:has-text('It runs'))")
        page.wait_for_timeout(500)
        listener.shutdown()
    assert heard == []


def test_a_rule_of_ones_own_is_a_row_and_endless_ones_are_stopped(visit):
    page, complaints = visit()
    page.fill("#own", "x > 0 && g > 0 ? g : 0")
    settled(page, lambda: page.click("#own-run"))
    page.wait_for_selector('[data-row="own"][data-column="x"]:not(.empty)')
    assert pixels_of(page, '[data-row="own"][data-column="x"] canvas') == pixels_of(
        page, '[data-row="guided"][data-column="x"] canvas'
    ), "that is guided backprop"
    page.fill("#own", "(() => { for (;;); })()")
    page.click("#own-run")
    page.wait_for_selector("#own-say:has-text('longer than ten seconds')")
    page.fill("#own", "g +")
    page.click("#own-run")
    page.wait_for_selector("#own-say:has-text('could not run')")
    settled(page, lambda: page.click("#classes button:nth-child(2)"))
    assert page.locator('[data-row="own"]').count() == 0
    assert [text for text in complaints if "SyntaxError" not in text] == []


ATTACKS = [
    "#p=999999&at=relu4~999~0~0&step=-1&see=own~x~0~0~0",
    "#at=__proto__~0~0~0&see=constructor~relu4~0~0~0&also=toString,lrp_x",
    "#at=<img src=x onerror=alert(1)>~0~0~0&own=<script>alert(1)</script>",
    "#own=alert(1)&random=99999&sure=1e999&by=%00&layer=..%2f..%2fetc",
    "#own=" + "(" * 100_000,
    "#%E0%A4%A&p=%ZZ&at=relu4~1e3~0~0~0~0~0",
    "#at=relu4~0~5~5~2~2&at=x~0~0~0",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_address_does_nothing_but_show(visit, attack):
    page, complaints = visit(hash=attack)
    assert page.locator("#classes [aria-pressed=true]").count() == 1 and complaints == []
    assert page.locator("img, iframe, object").count() == 0


@pytest.mark.parametrize("width", [360, 820, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_in_every_width(visit, width, scheme):
    page, complaints = visit(
        "shapes", viewport={"width": width, "height": 800}, color_scheme=scheme, has_touch=width < 500
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.click("#theme")
    assert page.evaluate("document.documentElement.dataset.theme") == (
        "light" if scheme == "dark" else "dark"
    )
    if width < 500:
        settled(
            page,
            lambda: page.tap('[data-row="forward"][data-column="relu4_2"] canvas', position={"x": 9, "y": 9}),
        )
        assert "of relu4_2" in page.inner_text("#told")
    assert complaints == []


def test_squeezenet_in_the_page(visit):
    page, complaints = visit("squeezenet")
    assert "military uniform" in page.inner_text("#classes")
    page.locator("#class-search input").press_sequentially("bow tie")
    settled(page, lambda: page.press("#class-search input", "Enter"))
    assert "bow tie" in page.inner_text("#told") and complaints == []
