"""The site in a real browser, from the file system: no errors, nothing missing, nothing fetched, readable on
a phone.
"""

import inspect
import re
from pathlib import Path

import pytest

from lessons.course import Lesson, LessonError, lessons
from lessons.notebook import alternatives
from lessons.site import build_site
from lessons.site.code import engine_lines, printed
from lessons.site.mathml import mathml
from lessons.site.page import _joined
from lessons.site.questions import QUESTIONS
from lessons.site.text import Text, words
from tests.support.browser import NO_BROWSER, found

for needed in ("jinja2", "markdown_it", "mdit_py_plugins", "latex2mathml", "pygments"):
    pytest.importorskip(needed, reason=f"the site needs {needed}: pip install 'minicnn-gradcam[lessons]'")

ROOT = Path(__file__).parents[2]
PHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 900}
BUILT = [each for each in lessons() if each.notebook.is_file()]
PROSE = (
    "(m => (m.querySelectorAll('pre, code').forEach(e => e.remove()), m.textContent))"
    "(document.querySelector('main').cloneNode(true))"
)
PAGES = [
    "index.html",
    "glossary.html",
    "teaching.html",
    "verdicts.html",
    *(f"{each.source.stem}.html" for each in BUILT),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site with a space")
    built = build_site(folder)
    assert built.pages == len(PAGES)
    return folder


@pytest.fixture(scope="module")
def browser():
    """A headless Chromium that is there already: MINICNN_BROWSER, or on the path."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="the browser test needs playwright: pip install -e '.[dev]'"
    )
    if (program := found()) is None:
        pytest.skip(NO_BROWSER)
    with playwright.sync_playwright() as driver:
        open_browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield open_browser
        open_browser.close()


@pytest.fixture(scope="module")
def visit(browser, site):
    """visit(name, **options) -> (page, complaints); complaints: errors of the console, of scripts, of
    requests, and requests elsewhere.
    """
    contexts = {}

    def go(name, **options):
        if str(options) not in contexts:
            contexts[str(options)] = browser.new_context(**{"viewport": DESK} | options)
        page, complaints = contexts[str(options)].new_page(), []
        page.on(
            "console",
            lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None,
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("requestfailed", lambda request: complaints.append(f"failed: {request.url}"))
        page.on(
            "request",
            lambda request: (
                request.url.startswith(("file:", "blob:null/"))  # the latter: the Explorer's own worker
                or complaints.append(f"left the folder: {request.url}")
            ),
        )
        page.goto((site / name).as_uri())
        return page, complaints

    yield go
    for context in contexts.values():
        context.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_in_the_browser(visit, name):
    page, complaints = visit(name)
    images = page.eval_on_selector_all(
        "img", "all => all.map(i => [i.getAttribute('src'), i.complete && i.naturalWidth > 0, i.alt])"
    )
    assert [src for src, loaded, _ in images if not loaded] == []
    assert [src for src, _, alt in images if not alt] == []
    page.eval_on_selector_all("details", "all => all.forEach(d => d.open = true)")
    sizes = page.eval_on_selector_all(
        "math", "all => all.map(m => [m.getBoundingClientRect().width, m.getBoundingClientRect().height])"
    )
    assert all(width > 2 and height > 2 for width, height in sizes)
    assert page.evaluate(
        "[...document.querySelectorAll('math')].every(m => m.namespaceURI.endsWith('MathML'))"
    )
    assert "$" not in page.evaluate(PROSE), "an equation was left as it was"
    ids = page.eval_on_selector_all("[id]", "all => all.map(e => e.id)")
    assert len(ids) == len(set(ids))
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], (
        "the page runs off a phone"
    )
    assert complaints == []


def test_lessons_have_pictures_equations_and_folded_answers(visit):
    page, _ = visit("10_cam_and_grad_cam.html")
    assert page.locator("article img").count() >= 1
    assert page.locator("article math").count() >= 10
    assert page.locator("article .equation math[display=block]").first.bounding_box()["height"] > 20
    page, _ = visit("09_negative_pixels.html")
    answer = page.locator("article details:not(.outcome)").first
    assert not answer.locator("p").first.is_visible()
    answer.locator("summary").click()
    assert answer.locator("p").first.is_visible()
    assert "minicnn/ops/relu.py, line" in page.locator("figure.source figcaption").first.inner_text()


def test_on_a_phone(visit):
    page, complaints = visit("09_negative_pixels.html", viewport=PHONE, has_touch=True, is_mobile=True)
    assert page.evaluate("[visualViewport.scale, visualViewport.width]") == [1, PHONE["width"]]
    assert not page.locator("nav.course ol").is_visible()
    page.tap("nav.course summary")
    assert page.locator("nav.course ol").is_visible()
    page.fill("#search", "gate")
    assert page.locator("figure.broad img").first.bounding_box()["width"] > 600, (
        "a row of pictures is not shrunk to stamps, it scrolls"
    )
    found = page.locator("#found").bounding_box()
    assert found["x"] >= 0 and found["x"] + found["width"] <= PHONE["width"] and found["height"] > 100
    assert complaints == []


@pytest.mark.parametrize(
    ("typed", "leads_to"),
    [
        ("switches", "03_max_pool.html"),
        ("NEGATIVE pixels", "09_negative_pixels.html"),
        ("softmax gradi", "04_scores.html"),
    ],
)
def test_search_finds_and_leads_there(visit, typed, leads_to):
    page, complaints = visit("index.html")
    page.keyboard.press("/")
    page.keyboard.type(typed)
    hits = page.eval_on_selector_all("#found a", "all => all.map(a => a.getAttribute('href'))")
    assert hits[0].startswith(leads_to)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{leads_to}*")
    assert page.evaluate("document.getElementById(decodeURIComponent(location.hash.slice(1))) !== null")
    assert complaints == []


def test_search_says_when_there_is_nothing(visit):
    page, _ = visit("index.html")
    page.fill("#search", "zyxwv")
    assert page.locator("#found").inner_text() == "Nothing was found."
    assert page.locator("#found a").count() == 0


def test_light_and_dark(visit):
    def paper(page):
        return page.evaluate("getComputedStyle(document.body).backgroundColor")

    light, dark = (visit("index.html", color_scheme=scheme)[0] for scheme in ("light", "dark"))
    assert paper(light) != paper(dark)
    light.click("#theme")
    assert paper(light) == paper(dark)
    light.goto(light.url.replace("index", "01_one_neuron"))
    assert paper(light) == paper(dark), "the choice is remembered"
    light.click("#theme")
    assert paper(light) != paper(dark)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_the_paper(visit, scheme):
    """Contrast of WCAG 2 (1.4.3): at least 4.5 between text and what is behind it."""
    page, _ = visit("08_three_rules.html", color_scheme=scheme)
    colours = page.evaluate(
        "['--paper', '--raised', '--ink', '--faint', '--link', '--accent', "
        "'--keyword', '--name', '--string', '--number', '--comment']"
        ".map(name => getComputedStyle(document.documentElement).getPropertyValue(name).trim())"
    )
    paper, raised, *inks = map(luminance, colours)
    for ink in inks:
        for behind in (paper, raised):
            assert (max(ink, behind) + 0.05) / (min(ink, behind) + 0.05) >= 4.5


def luminance(colour):
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_link_leads_somewhere(site):
    pages = {path.name: path.read_text("utf-8") for path in site.glob("*.html")}
    anchors = {name: set(re.findall(r'\bid="([^"]+)"', text)) for name, text in pages.items()}
    index = re.findall(r'"([\w.]+\.html#[^"]+)"', (site / "search-index.js").read_text("utf-8"))
    assert len(index) > 5 * len(BUILT)
    links = [
        (name, link) for name, text in pages.items() for link in re.findall(r'(?:href|src)="([^"]+)"', text)
    ]
    for name, link in [*links, *(("search", link) for link in index)]:
        if re.match("https?:", link):
            continue
        target, _, anchor = link.partition("#")
        if card := re.match("only=([a-z]+)", anchor):  # a place in the Explorer: the card is there
            anchor = f"h-{card[1]}"
        assert (site / (target or name)).is_file(), f"{name}: {link}"
        assert not anchor or anchor in anchors[target or name], f"{name}: {link}"


def test_the_explorer_is_there_and_lessons_show_a_slice_of_it(visit, site):
    slices = {name: (site / name).read_text("utf-8").count('src="explorer.html#only=') for name in PAGES}
    assert (site / "index.html").read_text("utf-8").count('href="explorer.html"') == 1
    assert {int(name[:2]) for name, count in slices.items() if count} == {4, 8, 9, 11, 14, 15}
    page, complaints = visit("11_shifted_zero.html")
    page.locator("iframe.slice").scroll_into_view_if_needed()
    frame = page.frame_locator("iframe.slice")
    frame.locator("body[data-ready]").wait_for()
    frame.locator("#cam-shift").fill("0.4")
    frame.locator("#cam-kept-say:has-text('Zero moved')").wait_for()
    assert not frame.locator("#h-why").is_visible()
    assert complaints == []


def test_the_questions_are_on_the_first_page_and_in_the_readme(site):
    index, readme = (site / "index.html").read_text("utf-8"), (ROOT / "README.md").read_text("utf-8")
    rows = re.findall(r"^\| (.+\?) \| \[(\d+)\]\(lessons/(\w+)\.ipynb\) \|$", readme, re.M)
    assert {4, 9, 11, 12, 14, 15} <= set(QUESTIONS), "the questions that readers ask in public"
    assert {int(number): question for question, number, _ in rows} == QUESTIONS
    for question, number, stem in rows:
        assert f'<li><a href="{stem}.html">{question}</a> <span>Lesson {number}</span></li>' in index


def test_a_time_under_a_title_is_that_of_running(site):
    for each in BUILT:
        assert f'<p class="about"><em>Runs in about {each.seconds} second' in (
            site / f"{each.source.stem}.html"
        ).read_text("utf-8")


def test_every_figure_is_described_in_words(site):
    assert build_site(site).unnamed == []
    described = [text for each in BUILT for text in alternatives(each)]
    assert len(set(described)) == len(described) and min(map(len, described)) >= 30


def test_two_builds_are_the_same(site, tmp_path):
    build_site(tmp_path)
    assert {p.relative_to(site) for p in site.rglob("*")} == {
        p.relative_to(tmp_path) for p in tmp_path.rglob("*")
    }
    assert all(
        (tmp_path / p.relative_to(site)).read_bytes() == p.read_bytes()
        for p in site.rglob("*")
        if p.is_file()
    )


def test_equations():
    assert mathml(r"\frac{a}{b}").startswith('<math alttext="\\frac{a}{b}" xmlns=') and "<mfrac>" in mathml(
        r"\frac{a}{b}"
    )
    assert 'display="block"' in mathml("x", display=True)
    assert 'stretchy="true"' in mathml(r"\underbrace{a + b}_{c}")
    for wrong in (r"\nosuchthing x", r"\begin{aligned} a &= b \end{aligned}", r"a \left( b"):
        with pytest.raises(LessonError, match="cannot be typeset"):
            mathml(wrong)


def test_text():
    text = Text({3: "three.html", 8: "eight.html"})
    page = text(
        "## Predict\n\nAs lessons 3 and 8 say, not lesson 77 nor `lesson 3`; $a<b$.\n\n"
        "## Predict\n\n| a |\n|---|\n| b |\n"
    )
    assert text.headings == [(2, "predict", "Predict"), (2, "predict-2", "Predict")]
    assert page.count('href="three.html"') == page.count('href="eight.html"') == 1 and "77</a>" not in page
    assert '<div class="wide"><table>' in page
    assert "a<b" in words(page) and "mrow" not in words(page)
    assert words("<h2>One</h2><p>t<em>w</em>o</p><pre><span>f</span>(x)</pre>") == "One two f(x)"


def test_pieces_of_one_output_are_joined():
    said = [("stdout", ["a\n"]), ("stdout", "b\n"), ("stderr", "c\n")]
    out = [{"output_type": "stream", "name": name, "text": text} for name, text in said]
    assert ["".join(o["text"]) for o in _joined(out)] == ["a\nb\n", "c\n"]
    assert out[0]["text"] == ["a\n"], "the notebook is not changed"


def test_the_engines_lines_are_found_where_they_stand():
    file = ROOT / "minicnn/ops/relu.py"
    source = file.read_text("utf-8").split("\n")
    first = next(n for n, line in enumerate(source, start=1) if "def guided" in line)
    lines = source[first - 1 : first + 1]
    assert engine_lines([*lines, "", "and then a number: 3"]) == ("minicnn/ops/relu.py", first, 2)
    assert engine_lines(["def nothing_like_it():", "    pass"]) is None
    decorated = inspect.getsource(Lesson.text.func)
    assert (
        decorated.lstrip().startswith("@")
        and "lessons/course.py, line" in printed(decorated).partition("cached_property")[0]
    )
    shown = printed("before\n" + "\n".join(lines) + "\n\n3 < 4\n")
    assert shown.index("before") < shown.index(f"relu.py, line {first}") < shown.index("3 &lt; 4")
