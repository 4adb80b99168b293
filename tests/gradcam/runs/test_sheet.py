"""The contact sheet: it opens from its folder, asks no other place, and takes no name for HTML."""

import io
import json
import os
import re
import shutil

import numpy as np
import pytest
from PIL import Image

import weights
from gradcam.runs import Task, explain_into
from gradcam.runs.photos import find
from gradcam.runs.sheet import write_sheet
from tests.gradcam.runs.conftest import BROKEN, COUNT
from tests.support.browser import NO_BROWSER, found

HOSTILE = (
    "</script><script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">&lt;.png"
)


@pytest.fixture(scope="module")
def folder(photos):
    """A run with panels of the first dozen photos, one of which has a name that is HTML."""
    place = photos.parent / "sheet"
    (place / "photos").mkdir(parents=True)
    hostile = place / "photos" / HOSTILE.replace("/", "∕")  # the only sign that no name can have
    shutil.copy(photos / "03.png", hostile)
    task = Task(weights.load("shapes"), ("grad_cam", "deconvnet"), panels=12)
    explain_into(place / "run", task, find([hostile, photos]))
    return place / "run"


def data_in(page):
    (text,) = re.findall(r'<script id="run" type="application/json">(.*?)</script>', page, re.DOTALL)
    assert not re.search("[<>&]", text)
    return json.loads(text)


def test_it_holds_what_the_rows_say(folder):
    rows = [json.loads(line) for line in (folder / "rows.jsonl").read_text().splitlines()]
    found = data_in((folder / "index.html").read_text("utf-8"))
    assert found["methods"] == ["Grad-CAM", "Deconvnet"] and len(found["photos"]) == len(rows) == COUNT + 1
    for row, photo in zip(rows, found["photos"]):
        assert (photo["photo"], photo["error"], photo["panel"]) == (row["photo"], row["error"], row["panel"])
        assert [c["p"] for c in photo["classes"]] == [c["probability"] for c in row["explained"]]
    assert found["photos"][0]["photo"].endswith(HOSTILE.replace("/", "∕"))


def test_panels_are_of_the_first_photos_only(folder):
    names = {row["panel"] for row in data_in((folder / "index.html").read_text("utf-8"))["photos"]} - {None}
    failed = sum(k < 11 for k in BROKEN)
    assert names == {f"panels/{name}" for name in os.listdir(folder / "panels")} and len(names) == 12 - failed
    strip = np.asarray(Image.open(io.BytesIO((folder / "panels/000001.jpg").read_bytes())))
    assert strip.shape == (192, 3 * 192 + 2 * 4, 3)
    photo = np.asarray(Image.open(find([folder.parent / "photos"])[0]).convert("RGB").resize((192, 192)), int)
    assert np.abs(strip[:, :192] - photo).mean() < 8 < np.abs(strip[:, 196:388] - photo).mean()


def test_every_word_in_it_is_data(folder, tmp_path):
    """Names of networks, classes, methods and errors as well: whatever a file of labels holds."""
    settings = json.loads((folder / "settings.json").read_text())
    settings["network"]["title"] = settings["layer"] = HOSTILE
    row = json.loads((folder / "rows.jsonl").read_text().splitlines()[0])
    row["error"] = row["top"][0]["name"] = row["explained"][0]["name"] = HOSTILE
    page = write_sheet(tmp_path, settings, [row]).read_text("utf-8")
    assert data_in(page)["photos"][0]["seen"] == HOSTILE and page.count("<script") == 2
    assert "innerHTML" not in page and not re.search(r"(https?:)?//\w+\.", page)


@pytest.mark.skipif(not found(), reason=NO_BROWSER)
def test_in_a_browser_it_sorts_and_filters_offline(folder):
    playwright = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
    rows = [json.loads(line) for line in (folder / "rows.jsonl").read_text().splitlines()]
    probability = lambda row: row["explained"][0]["probability"]  # noqa: E731
    unsure = sorted((row for row in rows if not row["error"]), key=probability)
    middle = probability(unsure[len(unsure) // 2]) - 1e-9
    said, asked = [], []
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=found(), args=["--no-sandbox"])
        page = chromium.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto((folder / "index.html").as_uri(), wait_until="load")
        items = page.locator("#sheet > li")
        assert items.count() == COUNT + 1 and page.title() == "Contact sheet"
        page.wait_for_function("[...document.images].slice(0, 3).every(i => i.complete && i.naturalWidth)")
        apart = "i => [i.width - i.naturalWidth, i.height - i.naturalHeight]"
        found_apart = page.evaluate(f"[...document.images].slice(0, 3).flatMap({apart})")
        assert not any(found_apart), "panels that are not loaded yet have the place that they will take"
        page.select_option("[name=only]", "errors")
        assert items.count() == len(BROKEN) and page.locator("#count").inner_text().startswith("2 of 25")
        page.select_option("[name=only]", "maps")
        page.select_option("[name=order]", "least sure")
        assert page.locator("#sheet .name").all_inner_texts() == [row["photo"] for row in unsure]
        page.fill("[name=name]", "ONERROR")
        assert items.count() == 1 and "<script>" in items.inner_text()
        page.fill("[name=name]", "")
        page.select_option("[name=seen]", "star")
        assert 0 < items.count() < COUNT and all("star" in t for t in items.all_inner_texts())
        page.select_option("[name=seen]", "")
        page.fill("[name=most]", str(100 * middle))
        assert items.count() == sum(probability(row) <= middle for row in unsure) < len(unsure)
        chromium.close()
    assert said == [] and all(url.startswith("file://") for url in asked)
