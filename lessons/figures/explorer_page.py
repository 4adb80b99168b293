"""The README's picture of the Explorer: scenes of the shapes world, the signal half way
back.

    python -m lessons.figures.explorer_page --browser chromium

Needs playwright, and a Chromium that is there already.
"""

import argparse
import io
import shutil
import tempfile
from pathlib import Path

from PIL import Image

from gradcam.explore import page
from gradcam.image import crop_shown
from lessons.scenes import network
from weights.recipes.shapes_world import scene

OUT = Path(__file__).with_name("explorer_page.png")
SCENES = (7, 22, 3, 11, 5)
SIZE, COLOURS = {"width": 1240, "height": 1090}, 256
PLACE = "at=fc7~1~0~0&see=guided~relu1_1~3~20~76"


def main() -> None:
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--browser", default="chromium", help="the program's name")
    program = shutil.which(parser.parse_args().browser)
    net, seen = network(), {}
    for n in SCENES:
        picture = scene(n, "test").picture
        seen[f"scene {n}"] = crop_shown(picture, net.card.preprocessing)
    with sync_playwright() as driver, tempfile.TemporaryDirectory() as folder:
        (file := Path(folder, "explorer.html")).write_text(page(net, seen), "utf-8")
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        tab = browser.new_page(viewport=SIZE)
        tab.goto(f"{file.as_uri()}#{PLACE}")
        tab.wait_for_selector("body[data-ready]")
        tab.wait_for_timeout(500)
        tab.evaluate("document.querySelector('.scroller').scrollIntoView()")
        tab.wait_for_timeout(200)
        shot = Image.open(io.BytesIO(tab.screenshot())).convert("RGB")
        browser.close()
    shot.quantize(COLOURS, dither=Image.Dither.NONE).save(OUT, optimize=True)
    print(f"wrote {OUT}")


if __name__ == "__main__":
    main()
