"""The README's picture: Grace Hopper (the sample photo that Matplotlib ships),
explained by SqueezeNet.

    python -m lessons.figures.readme_panel [--weights FILE]
"""

import argparse
from pathlib import Path

from matplotlib import cbook

import weights
from gradcam import explain, image, show

OUT = Path(__file__).with_name("readme_panel.png")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--weights",
        metavar="FILE",
        help="SqueezeNet's weights (default: those that ship)",
    )
    net = weights.load("squeezenet", parser.parse_args().weights)
    photo = image.read(cbook.get_sample_data("grace_hopper.jpg", asfileobj=False))
    explanation = explain(net, image.prepare(photo, net.card.preprocessing))
    show.save(
        show.panel(explanation, image.crop_shown(photo, net.card.preprocessing)), OUT
    )
    print(f"wrote {OUT}")


if __name__ == "__main__":
    main()
